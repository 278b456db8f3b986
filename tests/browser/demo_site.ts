/** The demo's company and the addresses of all its pages, for those who look at every one of them. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { DEMO, seedDemo } from "../../services/demo.ts";
import { Library } from "../../services/library.ts";
import { openLog } from "../../services/log.ts";
import { Passwords } from "../../services/passwords.ts";
import { openSqlite } from "../../services/sqlite/open.ts";
import { MovableClock, type TestSite, testSite } from "../helpers.ts";
import { ARTICLES, button, fill } from "./pages.ts";

export interface Sight {
  readonly name: string;
  readonly path: string;
  /** Whose cookie it takes. */
  readonly as?: { readonly cookie: string };
  /** What to do there before looking. */
  readonly act?: (page: Page) => Promise<unknown>;
}

export async function demoSite(): Promise<TestSite> {
  const clock = new MovableClock();
  const store = await openSqlite({ file: ":memory:" });
  const passwords = await Passwords.open(openLog("error", () => {}), 4);
  const staff = await seedDemo({ store, clock, passwords, library: new Library(ARTICLES) });
  const site = await testSite({ demo: true, articles: ARTICLES, store, clock });
  const { presence } = site.site.parts;
  for (const { id } of staff) {
    presence.hold(id);
    await presence.signIn(id);
  }
  return {
    ...site,
    async [Symbol.asyncDispose]() {
      await site[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** Every page there is, in each of its states worth a look. */
export async function sights(site: TestSite): Promise<Sight[]> {
  const [ada, grace] = DEMO.agents;
  const [linus, barbara] = DEMO.customers;
  return [
    ...publicSights(await inviteBy(site, await signIn(site, "agent", ada.email))),
    ...await customerSights(site, await signIn(site, "user", linus.email)),
    { name: "another chat", path: "/chat", as: await signIn(site, "user", barbara.email) },
    ...newcomerSights(await signIn(site, "user", undefined)),
    ...await deskSights(site, await signIn(site, "agent", ada.email)),
    { name: "team refused", path: "/agent/team", as: await signIn(site, "agent", grace.email) },
    { name: "demo", path: "/demo" },
  ];
}

type Cookie = { readonly cookie: string };

function publicSights(invitation: string): Sight[] {
  const WRONG = { Email: "linus@example.com", Password: "not my password" };
  const refused = async (page: Page) => {
    await fill(page, WRONG);
    await button(page, "Sign in").click();
    await page.getByRole("alert").waitFor();
  };
  return [
    { name: "welcome", path: "/" },
    { name: "login", path: "/login" },
    { name: "login refused", path: "/login", act: refused },
    { name: "register", path: "/register" },
    { name: "help", path: "/help" },
    { name: "help search", path: "/help?q=delivery" },
    { name: "help nothing", path: "/help?q=zeppelin" },
    ...ARTICLES.slice(0, 1).map(({ slug }) => ({ name: `help ${slug}`, path: `/help/${slug}` })),
    { name: "agent login", path: "/agent/login" },
    { name: "agent register", path: invitation },
    { name: "agent register closed", path: "/agent/register" },
    { name: "not found", path: "/no/such/page" },
    { name: "reset spent", path: "/reset/nothing" },
  ];
}

async function customerSights(site: TestSite, as: Cookie): Promise<Sight[]> {
  const chats = await linksIn(site, as, "/history", /\/chat\/[0-9a-f]{24}/g);
  assert.ok(chats.length > 0);
  return [
    { name: "chat", path: "/chat", as },
    ...chats.slice(0, 2).map((path, i) => ({ name: `chat ${i + 1}`, path, as })),
    { name: "history", path: "/history", as },
    { name: "account", path: "/account", as },
  ];
}

function newcomerSights(as: Cookie): Sight[] {
  const menu = (page: Page) => button(page, "Menu").click();
  return [
    { name: "first chat", path: "/chat", as },
    { name: "first chat menu", path: "/chat", as, act: menu },
    { name: "no history", path: "/history", as },
    { name: "guest account", path: "/account", as },
    { name: "not found signed in", path: "/chat/000000000000000000000000", as },
  ];
}

async function deskSights(site: TestSite, as: Cookie): Promise<Sight[]> {
  const all: Sight[] = [];
  for (const list of ["mine", "waiting", "ai", "others", "closed"]) {
    const path = `/agent?list=${list}`;
    all.push({ name: `desk ${list}`, path, as });
    const [first] = await linksIn(site, as, path, /\/agent\/sessions\/[0-9a-f]{24}\?list=\w+/g);
    if (first) all.push({ name: `session ${list}`, path: first, as });
  }
  const [mine] = all.filter(({ name }) => name === "session mine");
  assert.ok(mine, "Ada has nobody");
  const transfer = (page: Page) => button(page, "Transfer").click();
  const advised = (name: string) => async (page: Page) => {
    await button(page, name).click();
    await page.locator("#advice > *").waitFor();
  };
  return [
    ...all,
    { ...mine, name: "transfer", act: transfer },
    { ...mine, name: "suggestion", act: advised("Suggest a reply") },
    { ...mine, name: "summary", act: advised("Summarise") },
    { name: "desk search", path: "/agent?q=lamp", as },
    { name: "desk nothing found", path: "/agent?q=zeppelin", as },
    { name: "team", path: "/agent/team", as },
    { name: "agent account", path: "/agent/account", as },
    { name: "desk not found", path: "/agent/sessions/000000000000000000000000", as },
  ];
}

async function linksIn(site: TestSite, { cookie }: Cookie, path: string, links: RegExp) {
  const html = await (await site.fetch(path, { headers: { cookie } })).text();
  return [...new Set(html.match(links))];
}

async function inviteBy(site: TestSite, { cookie }: Cookie): Promise<string> {
  const headers = { cookie, origin: site.url, "content-type": "application/json" };
  const answer = await site.fetch("/api/agent/invite", { method: "POST", headers, body: "{}" });
  const { pathname, search } = new URL((await answer.json()).url);
  return pathname + search;
}

/** By password, or as a guest where there is no address. */
async function signIn(site: TestSite, side: "user" | "agent", email?: string): Promise<Cookie> {
  const path = email ? `/api/${side}/login` : "/api/user/guest";
  const body = email ? { email, password: DEMO.password } : { name: "Robin" };
  const answer = await site.fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, text);
  return { cookie: answer.headers.getSetCookie().map((one) => one.split(";")[0]).join("; ") };
}
