/** No blind replies: what arrived while an agent wrote is read before the reply goes out. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { pause, testSite } from "../helpers.ts";
import { browserTest, type Stage } from "./browser.ts";
import { post, type Talk, talkOn } from "./home.ts";
import { box, button, connected, gone, reads, say, texts } from "./pages.ts";

const REPLY = "You can send it back for 30 days.";
const NEWS = "Wait, I found the receipt!";
const AGAIN = "And it fits after all.";
const anyway = (page: Page) => button(page, "Send anyway");

/** Ada at her desk and Linus in his chat, both reading the same session. */
async function bothSides(stage: Stage, javaScriptEnabled = true) {
  const site = stage.own(await testSite());
  const talk = await talkOn(site);
  await post(talk.linus, talk.id, "May I return a lamp?");
  const look = { url: site.url, javaScriptEnabled };
  const desk = await stage.page({ ...look, as: [talk.ada] });
  const chat = await stage.page({ ...look, as: [talk.linus] });
  await desk.goto(`/agent/sessions/${talk.id}`);
  await chat.goto("/chat");
  if (javaScriptEnabled) { for (const page of [desk, chat]) await connected(page); }
  return { ...talk, desk, chat };
}

const count = async (page: Page, text: string) =>
  (await texts(page)).filter((one) => one === text).length;

async function stored({ linus, id }: Talk): Promise<string[]> {
  const { body } = await linus.get(`/api/session/messages?sessionId=${id}`);
  return body.messages.map(({ text }: { text: string }) => text);
}

browserTest(
  "a reply to what has been overtaken is held, and goes out once by “Send anyway”",
  async (stage) => {
    const { desk, chat, ...talk } = await bothSides(stage);
    stage.allow(/status of 409/);
    await box(desk).fill(REPLY);
    await say(chat, NEWS);
    await reads(desk, NEWS); // pushed, and perhaps not noticed
    await button(desk, "Send").click();
    await anyway(desk).waitFor();
    await desk.getByRole("alert").getByText(/\w+/).first().waitFor(); // and why, in words
    assert.equal(await box(desk).inputValue(), REPLY);
    assert.equal(await count(desk, NEWS), 1);
    assert.equal(await count(desk, REPLY), 0);
    assert.ok(!(await stored(talk)).includes(REPLY));

    await anyway(desk).dblclick({ noWaitAfter: true });
    await reads(chat, REPLY);
    await reads(desk, REPLY);
    await gone(anyway(desk));
    assert.equal(await box(desk).inputValue(), "");
    await pause(300); // for a second one to arrive
    for (const page of [desk, chat]) assert.equal(await count(page, REPLY), 1);
    assert.deepEqual((await stored(talk)).slice(-2), [NEWS, REPLY]);

    await say(desk, "Anything else?"); // all is as before
    await reads(chat, "Anything else?");
  },
);

browserTest("pressing Enter twice sends no held reply", async (stage) => {
  const { desk, chat, ...talk } = await bothSides(stage);
  stage.allow(/status of 409/);
  await box(desk).fill(REPLY);
  await say(chat, NEWS);
  await reads(desk, NEWS);
  await box(desk).press("Enter");
  await anyway(desk).waitFor();
  await box(desk).press("Enter");
  await pause(500);
  assert.ok(!(await stored(talk)).includes(REPLY));
  assert.equal(await box(desk).inputValue(), REPLY);
  await anyway(desk).click();
  await reads(chat, REPLY);
});

browserTest("a reply is held again when more arrives", async (stage) => {
  const { desk, chat, ...talk } = await bothSides(stage);
  stage.allow(/status of 409/);
  await box(desk).fill(REPLY);
  await say(chat, NEWS);
  await reads(desk, NEWS);
  await button(desk, "Send").click();
  await anyway(desk).waitFor();
  await say(chat, AGAIN);
  await reads(desk, AGAIN);
  await button(desk, "Send").click();
  await pause(500);
  assert.ok(!(await stored(talk)).includes(REPLY));
  await anyway(desk).click();
  await reads(chat, REPLY);
});

browserTest(
  "who types on with the news before their eyes sends without another word",
  async (stage) => {
    const { desk, chat } = await bothSides(stage);
    await box(desk).fill(REPLY);
    await say(chat, NEWS);
    await reads(desk, NEWS);
    await box(desk).press("End");
    await box(desk).pressSequentially(" Good that you found it.");
    await button(desk, "Send").click();
    await reads(chat, `${REPLY} Good that you found it.`);
    assert.equal(await anyway(desk).isVisible(), false);
    assert.equal(await box(desk).inputValue(), "");
  },
);

browserTest("one's own messages and lines of the system hold nothing", async (stage) => {
  const { desk, chat, ada, id } = await bothSides(stage);
  await box(desk).fill(REPLY);
  await post(ada, id, "From my phone");
  await ada.post("/api/session/transfer", { sessionId: id, agentId: ada.id }); // "Ada joined"
  await reads(desk, "From my phone");
  await button(desk, "Send").click();
  await reads(chat, REPLY);
  assert.equal(await anyway(desk).isVisible(), false);
});

browserTest("a reply is held with JavaScript off too", async (stage) => {
  const { desk, chat, linus, ...talk } = await bothSides(stage, false);
  await box(desk).fill(REPLY);
  await post(linus, talk.id, NEWS);
  stage.allow(/status of 409/);
  await button(desk, "Send").click();
  await anyway(desk).waitFor();
  await reads(desk, NEWS);
  assert.equal(await box(desk).inputValue(), REPLY);
  assert.ok(!(await stored({ linus, ...talk })).includes(REPLY));
  await anyway(desk).click();
  await reads(desk, REPLY);
  assert.equal(await box(desk).inputValue(), "");
  assert.equal(await anyway(desk).isVisible(), false);
  await chat.reload();
  assert.deepEqual((await texts(chat)).slice(-2), [NEWS, REPLY]);
});
