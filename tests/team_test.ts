/** How agents join: the first one, invitations, the setup code, and links for forgotten passwords. */
import assert from "node:assert/strict";
import { openSqlite } from "../services/sqlite/open.ts";
import { PASSWORD, type Person, test, type TestSite, testSite } from "./helpers.ts";
import { ask, ok, refused } from "./talk.ts";

const DAY = 24 * 60 * 60 * 1_000;

let count = 0;
const join = (site: TestSite, more: object = {}) =>
  ask(site, "/api/agent/register", {
    json: { name: "Somebody", email: `a${count++}@agents.example`, password: PASSWORD, ...more },
  });

const invite = async (admin: Person, more: object = {}) =>
  ok(await admin.post("/api/agent/invite", more)).invite;

test("of fifty who register first at once one is the admin, and the others are refused", async () => {
  await using store = await openSqlite({ file: ":memory:" });
  await using site = await testSite({ store });
  await using other = await testSite({ store });
  const tries = await Promise.all(
    Array.from({ length: 50 }, (_, i) => join(i % 2 ? site : other)),
  );
  const statuses = tries.map(({ status }) => status).sort();
  assert.deepEqual(statuses, [201, ...Array(49).fill(403)]);
  const { body } = tries.find(({ status }) => status === 201)!;
  assert.equal(body.role, "admin");
  assert.equal(body.agentId, body.id);
  assert.match(body.message, /\w/);
  assert.equal((await store.agents.all()).length, 1);
});

test("an agent's sign-in answers with role and status", async () => {
  await using site = await testSite();
  const joined = ok(await join(site, { name: "Ada", email: "ada@agents.example" }));
  const { body, cookies } = await ask(site, "/api/agent/login", {
    json: { email: "Ada@agents.example", password: PASSWORD },
  });
  const { token, message: _, ...rest } = body;
  assert.deepEqual(rest, {
    agentId: joined.agentId,
    name: "Ada",
    email: "ada@agents.example",
    role: "admin",
    status: "available",
  });
  assert.equal(cookies.length, 1);
  const me = ok(await ask(site, "/api/me", { bearer: token }));
  assert.deepEqual([me.kind, me.role, me.status], ["agent", "admin", "available"]);
});

test("an invitation is good once, for seven days, and gives the role written in it", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  refused(await join(site), 403, "forbidden");
  refused(await join(site, { invite: "nonsense" }), 403, "forbidden");

  const made = await ada.post("/api/agent/invite", {});
  assert.equal(made.status, 201);
  const { invite: one, url, expiresAt } = made.body;
  assert.ok(url.startsWith(`${site.url}/agent/register?`) && url.includes(one));
  const week = Date.parse(expiresAt) - site.clock.now().getTime();
  assert.ok(Math.abs(week - 7 * DAY) < 60_000);
  const racing = await Promise.all(Array.from({ length: 6 }, () => join(site, { invite: one })));
  assert.deepEqual(racing.map(({ status }) => status).sort(), [201, 403, 403, 403, 403, 403]);
  assert.equal(racing.find(({ status }) => status === 201)?.body.role, "agent");
  refused(await join(site, { invite: one }), 403, "forbidden");

  const asAdmin = await invite(ada, { role: "admin" });
  assert.equal(ok(await join(site, { invite: asAdmin })).role, "admin");
  refused(await ada.post("/api/agent/invite", { role: "owner" }), 422, "invalid");

  const late = await invite(ada);
  const inTime = await invite(ada);
  site.clock.skip(7 * DAY - 60_000);
  assert.equal((await join(site, { invite: inTime })).status, 201);
  site.clock.skip(120_000);
  refused(await join(site, { invite: late }), 403, "forbidden");
});

test("an invitation for an address is for that address", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  const mine = await invite(ada, { email: "Grace@Agents.example" });
  refused(await join(site, { invite: mine, email: "eve@agents.example" }), 403, "forbidden");
  assert.equal((await join(site, { invite: mine, email: "grace@agents.example" })).status, 201);
});

test("an invitation isn't spent by a registration that fails", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  const one = await invite(ada);
  refused(await join(site, { invite: one, email: ada.email }), 409);
  refused(await join(site, { invite: one, password: "short" }), 422);
  assert.equal((await join(site, { invite: one })).status, 201);
});

test("only admins invite, over JSON and on the team page", async () => {
  await using site = await testSite();
  const [ada, grace] = [await site.agent("Ada"), await site.agent("Grace")];
  refused(await grace.post("/api/agent/invite", {}), 403, "forbidden");
  refused(await (await site.customer("Linus")).post("/api/agent/invite", {}), 403, "forbidden");
  refused(await ask(site, "/api/agent/invite", { json: {} }), 401, "unauthorized");
  const at = (who: Person, path: string, form?: Record<string, string>) =>
    ask(site, path, { cookie: who.cookie, origin: site.url, ...(form && { form }) });
  assert.equal((await at(grace, "/agent/team")).status, 403);
  assert.equal((await at(grace, "/agent/team/invitations", {})).status, 403);
  assert.equal((await at(grace, `/agent/team/${ada.id}/reset`, {})).status, 403);

  const page = await at(ada, "/agent/team/invitations", { email: "", role: "agent" });
  assert.equal(page.status, 200);
  const [link] = /http[^"]*\/agent\/register\?invite=[\w-]+/.exec(page.body) ?? [];
  const { pathname, search } = new URL(link!);
  const form = await ask(site, pathname + search);
  assert.match(form.body, /You were invited.*<label for="name">Name<\/label>/s);
  const joined = await ask(site, "/agent/register", {
    form: {
      name: "Mary",
      email: "mary@agents.example",
      password: PASSWORD,
      invite: new URLSearchParams(search).get("invite")!,
    },
    origin: site.url,
  });
  assert.deepEqual([joined.status, joined.location, joined.cookies.length], [303, "/agent", 1]);
  const spent = await ask(site, pathname + search);
  assert.match(spent.body, /This link has been used or is too old.*join by invitation/);
  assert.ok(!spent.body.includes("<form"));
});

test("with a setup code the first to register has to know it, and nobody after", async () => {
  await using site = await testSite({ env: { SETUP_CODE: "open sesame" } });
  refused(await join(site), 403, "forbidden");
  refused(await join(site, { setupCode: "open" }), 403, "forbidden");
  assert.match((await ask(site, "/agent/register")).body, /<label for="code">Setup code<\/label>/);
  const wrong = await ask(site, "/agent/register", {
    form: { name: "Ada", email: "ada@agents.example", password: PASSWORD, code: "no" },
    origin: site.url,
  });
  assert.equal(wrong.status, 422);
  const first = await ask(site, "/agent/register", {
    form: { name: "Ada", email: "ada@agents.example", password: PASSWORD, code: "open sesame" },
    origin: site.url,
  });
  assert.equal(first.status, 303);
  const me = ok(await ask(site, "/api/me", { cookie: first.cookies[0]! }));
  assert.equal(me.role, "admin");
  refused(await join(site, { setupCode: "open sesame" }), 403, "forbidden"); // a code is no invitation
  assert.ok(!site.logged.join().includes("open sesame"));
});

// ---- forgotten passwords --------------------------------------------------------------------------

test("an admin's reset link sets a new password once, and ends every sign-in", async () => {
  await using site = await testSite();
  const [ada, grace] = [await site.agent("Ada"), await site.agent("Grace")];
  const made = await ask(site, `/agent/team/${grace.id}/reset`, {
    form: {},
    cookie: ada.cookie,
    origin: site.url,
  });
  assert.equal(made.status, 200);
  const [, path] = /value="http[^"]*?(\/reset\/[\w-]+)"/.exec(made.body) ?? [];
  assert.ok(path);
  const page = await ask(site, path);
  assert.equal(page.status, 200);
  assert.equal(page.headers.get("cache-control"), "no-store");
  assert.match(page.body, /<label for="password">New password<\/label>.*Save password/s);
  const set = (password: string) => ask(site, path, { form: { password }, origin: site.url });
  assert.equal((await set("short")).status, 422); // and the link is still good
  ok(await grace.get("/api/me"));
  const tries = await Promise.all([1, 2, 3].map((n) => set(`the new one ${n}`)));
  assert.deepEqual(tries.map(({ status }) => status).sort(), [303, 404, 404]);
  assert.equal(tries.find(({ status }) => status === 303)?.location, "/agent/login");
  assert.equal((await ask(site, path)).status, 404);
  refused(await grace.get("/api/me"), 401);
  const login = (password: string) =>
    ask(site, "/api/agent/login", { json: { email: grace.email, password } });
  refused(await login(PASSWORD), 401);
  const won = tries.findIndex(({ status }) => status === 303) + 1;
  assert.equal((await login(`the new one ${won}`)).status, 200);
  ok(await ada.get("/api/me")); // nobody else's
});

test("a reset link is good for an hour", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  const link = async () => `/reset/${await site.site.parts.signIns.reset("agent", ada.id)}`;
  const [early, late] = [await link(), await link()];
  const set = (path: string) =>
    ask(site, path, { form: { password: "a new one" }, origin: site.url });
  site.clock.skip(59 * 60_000);
  assert.equal((await set(early)).status, 303);
  site.clock.skip(2 * 60_000);
  assert.equal((await set(late)).status, 404);
});
