/** The composer under fast fingers, slow networks and lost answers: each text goes out once, or stays in the box. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { eventually, pause, testSite } from "../helpers.ts";
import { browserTest, type Stage } from "./browser.ts";
import { post, talkOn } from "./home.ts";
import { box, button, connected, gone, link, log, reads, say, shows, texts } from "./pages.ts";

const UNANSWERED = /ERR_(FAILED|INTERNET_DISCONNECTED)|Failed to fetch/;
const HELD = /status of 409/;

const isFocused = (page: Page) =>
  eventually(() => box(page).evaluate((element) => element.matches(":focus")), { what: "focus" });
const holds = (page: Page, text: string) =>
  eventually(async () => await box(page).inputValue() === text, { what: `“${text}” in the box` });
const problem = (page: Page) => page.getByRole("alert");
const notSent = (page: Page) => problem(page).getByText(/^Not sent/).waitFor();

/** Linus in a chat with Ada. */
async function chatting(stage: Stage) {
  const site = stage.own(await testSite());
  const talk = await talkOn(site);
  const chat = await stage.page({ url: site.url, as: [talk.linus] });
  await chat.goto("/chat");
  await connected(chat);
  return { ...talk, site, chat };
}

const slowly = (page: Page, ms: number) =>
  page.route("**/messages", async (route) => {
    await pause(ms);
    await route.continue();
  });

browserTest(
  "what is sent while something is on its way goes out after it, apart",
  async (stage) => {
    const { chat } = await chatting(stage);
    await slowly(chat, 500);
    await box(chat).focus();
    for (const text of ["ok", "thanks", "bye"]) {
      await chat.keyboard.type(text);
      await chat.keyboard.press("Enter");
    }
    await chat.keyboard.type("and");
    await reads(chat, "bye");
    assert.deepEqual((await texts(chat)).slice(-3), ["ok", "thanks", "bye"]);
    await holds(chat, "and");
  },
);

browserTest("the same pressed twice is one message, whatever the network", async (stage) => {
  const { chat } = await chatting(stage);
  await slowly(chat, 300);
  await box(chat).fill("Once");
  await box(chat).press("Enter");
  await box(chat).press("Enter");
  await holds(chat, "");
  await pause(700); // for another one to go out
  assert.equal((await texts(chat)).filter((text) => text === "Once").length, 1);
});

browserTest("where the first of two can't be sent both stay in the box", async (stage) => {
  const { chat } = await chatting(stage);
  stage.allow(UNANSWERED);
  await chat.route("**/messages", async (route) => {
    await pause(300);
    await route.abort();
  });
  await box(chat).focus();
  for (const text of ["one ", "two"]) {
    await chat.keyboard.type(text);
    await chat.keyboard.press("Enter");
  }
  await notSent(chat);
  await holds(chat, "one \ntwo");
});

browserTest(
  "who goes on writing as the chat begins finds it in the box of that chat",
  async (stage) => {
    const site = stage.own(await testSite());
    const chat = await stage.page({ url: site.url, as: [await site.customer("Linus")] });
    await chat.goto("/chat");
    await slowly(chat, 500);
    await box(chat).focus();
    await chat.keyboard.type("Hello");
    await chat.keyboard.press("Enter");
    await chat.keyboard.type("my lamp");
    await chat.waitForURL(/chat\/[0-9a-f]{24}$/);
    await holds(chat, "my lamp");
    await isFocused(chat);
    await connected(chat);
    await chat.keyboard.type(" is broken");
    await chat.keyboard.press("Enter");
    await reads(chat, "my lamp is broken");
    await button(chat, "End chat").click();
    await link(chat, "Start a new chat").click();
    await holds(chat, "");
  },
);

browserTest(
  "a send whose answer is lost is found in the log, and leaves the box",
  async (stage) => {
    const { chat, linus, id } = await chatting(stage);
    stage.allow(UNANSWERED);
    await chat.route("**/messages", async (route) => {
      await route.fetch(); // stored…
      await route.abort();
    }, { times: 1 });
    await say(chat, "Once only");
    await reads(chat, "Once only");
    await holds(chat, "");
    await gone(problem(chat).getByText(/^Not sent/));
    await connected(chat);
    await say(chat, "And another");
    await reads(chat, "And another");
    const { messages } = (await linus.get(`/api/session/messages?sessionId=${id}`)).body;
    const said = messages.map(({ text }: { text: string }) => text);
    assert.deepEqual(said.slice(-2), ["Once only", "And another"]);
  },
);

browserTest(
  "nothing that is typed goes out without another word, whatever is on its way",
  async (stage) => {
    const { chat } = await chatting(stage);
    await slowly(chat, 400);
    await box(chat).focus();
    for (const text of ["first", " ", "third"]) {
      await chat.keyboard.type(text);
      await chat.keyboard.press("Enter");
      if (text === " ") await chat.keyboard.press("Backspace");
    }
    await chat.keyboard.type("half of a");
    for (let i = 0; i < 3; i++) await chat.keyboard.press("ArrowLeft");
    await reads(chat, "third");
    await pause(300); // for one more
    await chat.keyboard.type("X");
    assert.deepEqual((await texts(chat)).slice(-2), ["first", "third"]);
    assert.equal(await box(chat).inputValue(), "half oXf a");
  },
);

browserTest(
  "what is refused after the box has gone is shown, and kept for the next chat",
  async (stage) => {
    const { chat, ada, id } = await chatting(stage);
    stage.allow(HELD);
    await slowly(chat, 700);
    await say(chat, "Wait");
    await ada.post("/api/session/end", { sessionId: id });
    await shows(chat, "“Wait”");
    await link(chat, "Start a new chat").click();
    await holds(chat, "Wait");
  },
);

browserTest("a reload while a text is on its way neither loses nor repeats it", async (stage) => {
  const { chat, linus, id } = await chatting(stage);
  stage.allow(UNANSWERED);
  await chat.route("**/messages", async (route) => {
    await route.fetch(); // stored…
    await pause(3_000);
    await route.abort().catch(() => {});
  }, { times: 1 });
  await say(chat, "On its way");
  await box(chat).fill("and more");
  await reads(chat, "On its way");
  await chat.reload();
  await connected(chat);
  await holds(chat, "and more");
  await button(chat, "Send").click();
  await reads(chat, "and more");
  const { messages } = (await linus.get(`/api/session/messages?sessionId=${id}`)).body;
  const said = messages.map(({ text }: { text: string }) => text);
  assert.deepEqual(said.slice(-2), ["On its way", "and more"]);
});

browserTest("another text after a send without an answer is another message", async (stage) => {
  const { chat } = await chatting(stage);
  stage.allow(UNANSWERED);
  const names: (string | null)[] = [];
  let isCut = true;
  await chat.route("**/messages", (route) => {
    names.push(new URLSearchParams(route.request().postData() ?? "").get("clientId"));
    return isCut ? route.abort() : route.continue();
  });
  for (const text of ["One", "One", "Two"]) {
    await say(chat, text);
    await eventually(() => names.length > 0);
    await notSent(chat);
    await pause(50);
  }
  isCut = false;
  await say(chat, "Two");
  await reads(chat, "Two");
  const [first, again, other, last] = names;
  assert.equal(first, again);
  assert.notEqual(first, other);
  assert.equal(other, last);
});

browserTest("a lost network is shown at once, and its return too", async (stage) => {
  const { chat } = await chatting(stage);
  stage.allow(UNANSWERED);
  await chat.context().setOffline(true);
  const told = chat.getByRole("status").getByText("Connection lost.");
  await told.waitFor({ timeout: 2_000 });
  await chat.context().setOffline(false);
  await connected(chat);
  await gone(told);
});

browserTest("a send that meets no network tells so, and looks for it again", async (stage) => {
  const { chat } = await chatting(stage);
  stage.allow(UNANSWERED);
  await chat.evaluate(`
    states = [];
    new MutationObserver(() => states.push(document.getElementById("connection").dataset.state))
      .observe(document.getElementById("connection"), { attributes: true })`);
  await chat.route("**/messages", (route) => route.abort());
  await say(chat, "Hello?");
  await notSent(chat);
  await connected(chat);
  const states = await chat.evaluate<string[]>("states");
  assert.ok(states.includes("lost"), `${states}`);
});

browserTest("who signs out of a chat or the desk gets to where that leads", async (stage) => {
  const { chat, ada, id, site } = await chatting(stage);
  await button(chat, "Menu").click();
  await button(chat, "Sign out").click();
  await chat.waitForURL(`${site.url}/`);
  const desk = await stage.page({ url: site.url, as: [ada] });
  await desk.goto(`/agent/sessions/${id}`);
  await connected(desk);
  await button(desk, "Sign out").click();
  await desk.waitForURL(`${site.url}/agent/login`);
  await pause(500); // for a second way
  assert.equal(desk.url(), `${site.url}/agent/login`);
});

browserTest(
  "what arrived out of an agent's sight holds the reply, and is shown then",
  async (stage) => {
    const { site, ada, linus, id } = await chatting(stage);
    stage.allow(HELD);
    for (let n = 1; n <= 40; n++) await post(n % 2 ? linus : ada, id, `Line ${n}`);
    const desk = await stage.page({ url: site.url, as: [ada] });
    await desk.goto(`/agent/sessions/${id}`);
    await connected(desk);
    await log(desk).hover();
    await desk.mouse.wheel(0, -700);
    await pause(200); // for the wheel to come to rest
    await post(linus, id, "I have found it!");
    await button(desk, "New messages ↓").waitFor();
    await say(desk, "Have you looked again?");
    await button(desk, "Send anyway").waitFor();
    await gone(button(desk, "New messages ↓"));
    assert.ok(!(await texts(desk)).includes("Have you looked again?"));
    await box(desk).press("End");
    await desk.keyboard.type(" Good.");
    await button(desk, "Send").click();
    await reads(desk, "Have you looked again? Good.");
  },
);

browserTest("a chat that another tab starts is the one in this tab too", async (stage) => {
  const site = stage.own(await testSite());
  const first = await stage.page({ url: site.url, as: [await site.customer("Linus")] });
  const second = await first.context().newPage();
  for (const page of [first, second]) await page.goto("/chat");
  await box(second).fill("Half a");
  await say(first, "Hello");
  await second.waitForURL(/chat/);
  await reads(second, "Hello");
  await holds(second, "Half a");
});

browserTest("the focus stays where one can go on, when its control has gone", async (stage) => {
  const site = stage.own(await testSite());
  const { linus } = await talkOn(site, { status: "offline" });
  const chat = await stage.page({ url: site.url, as: [linus] });
  await chat.goto("/chat");
  await connected(chat);
  await button(chat, "Talk to a person").focus();
  await chat.keyboard.press("Enter");
  await shows(chat, "You are 1st in line");
  await isFocused(chat);
  await button(chat, "Leave the line").focus();
  await chat.keyboard.press("Enter");
  await button(chat, "Talk to a person").waitFor();
  await isFocused(chat);
  await button(chat, "Send").focus(); // as a tap does
  await box(chat).fill("Hello");
  await button(chat, "Send").click();
  await isFocused(chat);
  await button(chat, "End chat").focus();
  await chat.keyboard.press("Enter");
  await button(chat, "Rate this chat").waitFor();
  await eventually(() => chat.evaluate(`document.activeElement.id === "main"`));
  assert.equal(await chat.getByRole("link", { name: "Skip to the message box" }).count(), 0);
});
