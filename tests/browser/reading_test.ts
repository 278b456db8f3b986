/** Reading along: the log follows its end, holds still for who reads higher up, and counts what is unread. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { eventually, pause, testSite } from "../helpers.ts";
import { browserTest } from "./browser.ts";
import { fillLog, post, talkOn } from "./home.ts";
import { box, button, connected, gone, link, log, reads, say, shows } from "./pages.ts";

const NEWER = "New messages ↓";

const titled = (page: Page, is: RegExp) =>
  eventually(async () => is.test(await page.title()), { what: `a title like ${is}` });

/** Where an element's top is on the screen. */
const top = async (page: Page, text: string) =>
  (await log(page).getByText(text, { exact: true }).boundingBox())?.y ?? NaN;

for (const side of ["chat", "desk"] as const) {
  browserTest(
    `the ${side}'s log holds still for who reads higher up, and offers what is new`,
    async (stage) => {
      const site = stage.own(await testSite());
      const talk = await talkOn(site);
      const { ada, linus, id } = talk;
      await fillLog(site, talk, 40);
      const [reader, writer] = side === "chat" ? [linus, ada] : [ada, linus];
      const page = await stage.page({ url: site.url, as: [reader] });
      await page.goto(side === "chat" ? "/chat" : `/agent/sessions/${id}`);
      await connected(page);
      assert.ok(await isInView(page, "Line 40")); // it opens at its end
      await post(writer, id, "Line 41");
      await reads(page, "Line 41");
      assert.ok(await isInView(page, "Line 41")); // and follows it
      assert.equal(await button(page, NEWER).isVisible(), false);

      await log(page).hover();
      await page.mouse.wheel(0, -700);
      await eventually(async () => !await isInView(page, "Line 41"));
      await pause(200); // for the wheel to come to rest
      const held = await firstInView(page);
      const before = await top(page, held);
      for (let n = 42; n <= 45; n++) await post(writer, id, `Line ${n}`);
      await reads(page, "Line 45");
      await button(page, NEWER).waitFor();
      assert.equal(await top(page, held), before);

      await button(page, NEWER).click();
      await eventually(() => isInView(page, "Line 45"));
      await gone(button(page, NEWER));

      await page.mouse.wheel(0, -700);
      await eventually(async () => !await isInView(page, "Line 45"));
      await say(page, "My own word"); // takes the log back to its end
      await eventually(() => isInView(page, "My own word"));
    },
  );
}

async function isInView(page: Page, text: string): Promise<boolean> {
  const line = await log(page).getByText(text, { exact: true }).boundingBox();
  const room = await log(page).boundingBox();
  return !!line && !!room && line.y >= room.y && line.y + line.height <= room.y + room.height + 1;
}

async function firstInView(page: Page): Promise<string> {
  for (let n = 1; n <= 41; n++) if (await isInView(page, `Line ${n}`)) return `Line ${n}`;
  return assert.fail("No line is in view");
}

browserTest("the desk's title counts what its agent has not read", async (stage) => {
  const site = stage.own(await testSite());
  const { ada, linus, id } = await talkOn(site);
  const desk = await stage.page({ url: site.url, as: [ada] });
  await desk.goto("/agent");
  await titled(desk, /^[^(]/);
  await post(linus, id, "One");
  await titled(desk, /^\(1\) /);
  await post(linus, id, "Two");
  await titled(desk, /^\(2\) /);
  assert.equal(await desk.getByText(/^2\s*unread$/).count(), 1); // and the row says so
  await link(desk, "Linus").click();
  await reads(desk, "Two");
  await titled(desk, /^Linus/); // read
  await post(linus, id, "Three");
  await reads(desk, "Three");
  await titled(desk, /^Linus/); // before one's eyes
  assert.equal(await box(desk).inputValue(), "");
});

browserTest(
  "what is pushed takes neither the focus nor the caret, and half-filled forms stay",
  async (stage) => {
    const site = stage.own(await testSite());
    const { ada, linus, id } = await talkOn(site);
    const desk = await stage.page({ url: site.url, as: [ada] });
    await desk.goto(`/agent/sessions/${id}`);
    await connected(desk);
    await button(desk, "Transfer").click();
    await desk.getByLabel("Note for colleagues").fill("Knows us for years");
    await ada.post("/api/agent/status", { status: "offline" });
    await post(linus, id, "Are you there?");
    await reads(desk, "Are you there?");
    await desk.getByRole("button", { name: "Offline", pressed: true }).waitFor();
    assert.equal(await desk.getByLabel("Note for colleagues").inputValue(), "Knows us for years");
    assert.ok(await desk.getByLabel("Note for colleagues").isVisible());
    await desk.keyboard.press("Escape");
    await box(desk).fill("Yes, here");
    for (let i = 0; i < 4; i++) await box(desk).press("ArrowLeft");
    await post(linus, id, "Hello?");
    await reads(desk, "Hello?");
    await desk.keyboard.type("I am ");
    assert.equal(await box(desk).inputValue(), "Yes, I am here");
  },
);

browserTest("a briefing that was folded stays folded, whatever happens", async (stage) => {
  const site = stage.own(await testSite());
  const { ada, linus, id } = await talkOn(site);
  await post(linus, id, "May I return a lamp?");
  const desk = await stage.page({ url: site.url, as: [ada] });
  await desk.goto(`/agent/sessions/${id}`);
  await connected(desk);
  const who = desk.locator("#briefing dl");
  await desk.locator("#briefing summary").click();
  await gone(who);
  await button(desk, "Close").click();
  await reads(desk, "Ada ended the chat");
  await shows(desk, "It can only be read"); // so the head was pushed, and the briefing with it
  assert.equal(await who.isVisible(), false);
});

browserTest("a colleague who has come since can be given a conversation", async (stage) => {
  const site = stage.own(await testSite());
  const { ada, id } = await talkOn(site);
  const desk = await stage.page({ url: site.url, as: [ada] });
  await desk.goto(`/agent/sessions/${id}`);
  await connected(desk);
  const grace = await site.agent("Grace");
  await grace.post("/api/agent/status", { status: "available" });
  await button(desk, "Transfer").click();
  await desk.getByRole("option", { name: /^Grace/ }).waitFor({ state: "attached" });
  assert.equal(await desk.getByLabel("To", { exact: true }).inputValue(), "ai"); // as it was
  await desk.getByLabel("To", { exact: true }).selectOption(grace.id);
  await button(desk, "Hand over").click();
  await shows(desk, "Grace has it.");
});

browserTest(
  "“Seen” stands under one's own last message, whatever line comes after it",
  async (stage) => {
    const site = stage.own(await testSite());
    const { ada, linus, id } = await talkOn(site);
    const grace = await site.agent("Grace");
    const chat = await stage.page({ url: site.url, as: [linus] });
    const desk = await stage.page({ url: site.url, as: [ada] });
    await chat.goto("/chat");
    await desk.goto(`/agent/sessions/${id}`);
    for (const page of [chat, desk]) await connected(page);
    await say(chat, "Is anybody there?");
    await reads(chat, /^Seen \d\d:\d\d$/);
    await desk.goto("about:blank"); // what comes now she doesn't see
    await ada.post("/api/session/transfer", { sessionId: id, agentId: grace.id });
    await reads(chat, "Grace joined");
    const tops = async () => [
      await top(chat, "Is anybody there?"),
      (await log(chat).getByText(/^Seen \d\d:\d\d$/).boundingBox())?.y ?? NaN,
      await top(chat, "Grace joined"),
    ];
    const inOrder = (ys: number[]) => ys.every((y, i) => i === 0 || y > (ys[i - 1] ?? NaN));
    assert.ok(inOrder(await tops()), String(await tops()));
    await chat.reload();
    assert.ok(inOrder(await tops()), String(await tops()));
    await say(chat, "Good");
    await reads(chat, "Good");
    await gone(log(chat).getByText(/^Seen/));
  },
);
