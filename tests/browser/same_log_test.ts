/** A page left open over everything that can happen shows what a page shows that is opened just now. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { eventually, pause, type Person, testSite } from "../helpers.ts";
import { browserTest, type Stage } from "./browser.ts";
import { fillLog, post, talkOn } from "./home.ts";
import { ARTICLES, box, connected, gone, log, reads, say, texts } from "./pages.ts";
import { SlowModel, SOURCE } from "./slow_model.ts";

/** What both sides' pages show of a conversation, as it stands in the document. */
const REGIONS = [
  ...["chat-head", "banner", "growing", "seen", "typing"],
  ...["desk-head", "briefing", "details", "desk-lists", "status", "me"],
];
/** Attributes in the order of their names: morphing appends those that come anew. */
const SHOWN = `(() => {
  const sorted = (element) => {
    for (const { name, value } of [...element.attributes].sort((a, b) => a.name < b.name ? -1 : 1)) {
      element.removeAttribute(name);
      element.setAttribute(name, value);
    }
    for (const child of element.children) sorted(child);
    return element;
  };
  const html = (element) => element && sorted(element.cloneNode(true)).outerHTML;
  return {
    messages: [...document.querySelectorAll("#messages > li")].map(html),
    regions: ${JSON.stringify(REGIONS)}.map((id) => html(document.getElementById(id))),
    title: document.title,
  };
})()`;

interface Shown {
  readonly messages: string[];
  readonly regions: (string | null | undefined)[];
  readonly title: string;
}

const shown = (page: Page): Promise<Shown> => page.evaluate<Shown>(SHOWN);

/** Whatever is on its way arrives first. */
async function assertSame(left: Page, fresh: Page): Promise<void> {
  await fresh.goto(left.url());
  const agree = async () =>
    JSON.stringify(await shown(left)) === JSON.stringify(await shown(fresh));
  await eventually(agree, { what: "the same page" }).catch(() => undefined);
  assert.deepEqual(await shown(left), await shown(fresh));
}

/** Linus's chat and Ada's desk, left open; Ada is offline by hand, so that the assistant answers. */
async function leftOpen(stage: Stage) {
  const model = new SlowModel();
  const site = stage.own(await testSite({ articles: ARTICLES, llm: model }));
  const [ada, linus, barbara] = [
    await site.agent("Ada"),
    await site.customer("Linus"),
    await site.customer("Barbara"),
  ];
  await ada.post("/api/agent/status", { status: "offline" });
  const at = (as: Person) => stage.page({ url: site.url, as: [as] });
  const chat = await at(linus);
  await chat.goto("/chat");
  await say(chat, "First question");
  await chat.waitForURL("**/chat/*");
  const id = new URL(chat.url()).pathname.split("/")[2] ?? "";
  const desk = await at(ada);
  await desk.goto(`/agent/sessions/${id}?list=ai`);
  for (const page of [chat, desk]) await connected(page);
  const both = [[chat, await at(linus)], [desk, await at(ada)]] as const;
  const claim = () => ada.post("/api/session/claim", { sessionId: id });
  const transfer = () => ada.post("/api/session/transfer", { sessionId: id, agentId: "ai" });
  const same = async () => {
    for (const [left, fresh] of both) await assertSame(left, fresh);
  };
  return { model, ada, linus, barbara, id, chat, desk, claim, transfer, same };
}

const growing = (page: Page) => page.locator("#growing").getByText(/Looking up/);

browserTest(
  "answers that grow, are dropped, and come back leave the log of a fresh page",
  async (stage) => {
    const { model, linus, id, chat, desk, claim, transfer, same } = await leftOpen(stage);
    for (const page of [chat, desk]) await growing(page).waitFor();
    await same(); // while it grows, too
    await box(chat).pressSequentially("I am ty"); // another kind of news is no end of it
    await reads(desk, "Linus is typing…");
    for (const page of [chat, desk]) assert.equal(await growing(page).isVisible(), true);
    model.goOn();
    for (const page of [chat, desk]) {
      await log(page).getByRole("link", { name: SOURCE }).waitFor();
      await gone(growing(page));
    }
    await same();

    await post(linus, id, "Second question"); // taken over in the middle of its answer
    await growing(desk).waitFor();
    await claim();
    for (const page of [chat, desk]) {
      await reads(page, "Ada joined");
      await gone(growing(page));
    }
    await same();

    await transfer();
    for (const page of [chat, desk]) await growing(page).waitFor();
    model.goOn();
    for (const page of [chat, desk]) await reads(page, "Looking up “Second question”: found it.");
    await post(linus, id, "Third question");
    await growing(chat).waitFor();
    model.goOn();
    await reads(chat, "Looking up “Third question”: found it.");
    await claim();
    await same();
    assert.deepEqual((await texts(chat)).slice(1), [
      "Looking up “First question”: found it.",
      "Second question",
      "Ada joined",
      "Ada handed over to the assistant",
      "Looking up “Second question”: found it.",
      "Third question",
      "Looking up “Third question”: found it.",
      "Ada joined",
    ]);
  },
);

browserTest(
  "the line, its places, and both ways out of it leave the page of a fresh one",
  async (stage) => {
    const { model, ada, linus, barbara, id, chat, same } = await leftOpen(stage);
    model.goOn();
    const { body } = await barbara.post("/api/session/start");
    await barbara.post("/api/session/handoff", { sessionId: body.sessionId });
    await linus.post("/api/session/handoff", { sessionId: id });
    await chat.getByText("You are 2nd in line").waitFor();
    await same();
    await barbara.post("/api/session/handoff", { sessionId: body.sessionId, cancel: true });
    await chat.getByText("You are 1st in line").waitFor();
    await same();
    await linus.post("/api/session/handoff", { sessionId: id, cancel: true });
    await gone(chat.getByText("You are 1st in line"));
    await same();
    await linus.post("/api/session/handoff", { sessionId: id });
    await ada.post("/api/agent/status", { status: "available" });
    await reads(chat, "Ada joined");
    await same();
  },
);

browserTest(
  "typing, seen, lines of one author, and the end leave the page of a fresh one",
  async (stage) => {
    const { ada, linus, id, chat, desk, claim, same } = await leftOpen(stage);
    await claim();
    await box(desk).fill("Hello");
    await reads(chat, "Ada is typing…");
    await same();
    for (const text of ["Hello", "you", "there"]) await post(ada, id, text);
    await log(desk).getByText(/^Seen/).waitFor();
    await same();
    await post(linus, id, "<b>Hi</b> & see https://example.com/a?b=1&c=2\n\n  twice");
    await post(linus, id, "😀");
    await same();
    await gone(log(chat).getByText("Ada is typing…"));
    await linus.post("/api/session/end", { sessionId: id });
    for (const page of [chat, desk]) await reads(page, "Linus ended the chat");
    await same();
    assert.equal(await box(chat).isVisible(), false);
    assert.equal(await box(desk).isVisible(), false);
  },
);

/** Linus's page and, before it is filled, a chat with Ada. */
async function openChat(stage: Stage) {
  const site = stage.own(await testSite());
  const talk = await talkOn(site);
  const page = () => stage.page({ url: site.url, as: [talk.linus] });
  const chat = await page();
  await chat.goto(`/chat/${talk.id}`);
  await connected(chat);
  return { ...talk, chat, page, fill: (lines: number) => fillLog(site, talk, lines) };
}

browserTest("a page left open over many messages has all that fresh pages have", async (stage) => {
  const { chat, page, fill } = await openChat(stage);
  await fill(70);
  await reads(chat, "Line 70");
  const left = (await shown(chat)).messages;
  const fresh = await page();
  await fresh.goto(chat.url());
  const { messages: latest } = await shown(fresh);
  assert.equal(latest.length, 50);
  await fresh.getByRole("link", { name: "Earlier messages" }).click();
  await fresh.getByRole("link", { name: "Latest messages" }).waitFor();
  const { messages: earlier } = await shown(fresh);
  const [first = "", ...rest] = latest; // a page begins with its day, wherever in that it begins
  assert.deepEqual(left, [...earlier, first.replace(/ data-day="[^"]*"/, ""), ...rest]);
});

browserTest("a page of earlier messages stays what it is, however long the chat", async (stage) => {
  const { ada, id, chat, page, fill } = await openChat(stage);
  await chat.goto("about:blank");
  await fill(260);
  await chat.goto(`/chat/${id}`);
  await connected(chat);
  const earlier = await page();
  let loads = 0;
  earlier.on("framenavigated", () => loads++);
  await earlier.goto(`/chat/${id}?before=51`);
  await post(ada, id, "Something new");
  await reads(chat, "Something new"); // so that there is something to miss
  await pause(1_000);
  assert.equal(loads, 1);
  assert.equal((await texts(earlier)).length, 50);
  assert.equal(await earlier.getByText("Something new", { exact: true }).count(), 0);
  await earlier.getByRole("link", { name: "Latest messages" }).click();
  await reads(earlier, "Something new");
});
