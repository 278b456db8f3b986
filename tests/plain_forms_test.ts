/** Everything by plain forms and links, JavaScript off, agent included. */
import assert from "node:assert/strict";
import { eventually, PASSWORD, test, testSite } from "./helpers.ts";
import { PlainBrowser, textOf } from "./plain_browser.ts";
import { act, ARTICLES, ok, setStatus, start } from "./talk.ts";

const within = (browser: PlainBrowser, ...names: string[]) =>
  assert.deepEqual(names.filter((name) => !browser.controls.has(name)), [], browser.path);

/** Looks again until the page shows it, as somebody does who presses "Refresh". */
const shows = (browser: PlainBrowser, what: RegExp) =>
  eventually(async () => what.test(textOf((await browser.goto(browser.path)).html)), {
    what: `${what} at ${browser.path}`,
  });

test("a customer and an agent talk from the first to the last page without any JavaScript", async () => {
  await using site = await testSite({ articles: ARTICLES });
  const [linus, ada] = [new PlainBrowser(site), new PlainBrowser(site)];

  // The customer comes as anyone, asks, and is answered from the articles.
  await linus.goto("/");
  await linus.click("Start chat");
  assert.match(linus.path, /^\/login\?next=%2Fchat$/);
  await linus.click("Create account");
  await linus.press("Create account", {
    Name: "Linus",
    Email: "linus@example.com",
    Password: PASSWORD,
  });
  assert.equal(linus.path, "/chat");
  within(linus, "log Conversation", "textbox Message", "button Send", "button Talk to a person");
  await linus.press("Send", { Message: "Within how many days can I return a lamp?" });
  assert.match(linus.path, /^\/chat\/[0-9a-f]{24}$/);
  await shows(linus, /Assistant · AI.*30 days/);
  within(linus, "button End chat", "button Talk to a person");
  await linus.press("Talk to a person");
  assert.match(textOf(linus.html), /You are 1st in line/);
  await linus.press("Leave the line");
  assert.ok(!/in line/.test(textOf(/id="banner".*?<\/div>/s.exec(linus.html)?.[0] ?? "")));
  await linus.press("Talk to a person");

  // The agent joins the team; the customer who waits comes to her.
  await ada.goto("/agent");
  assert.match(ada.path, /^\/agent\/login\?next=%2Fagent$/);
  await ada.click("Create account");
  await ada.press("Create account", { Name: "Ada", Email: "ada@example.com", Password: PASSWORD });
  assert.equal(ada.path, "/agent");
  within(ada, "button Available", "button Busy", "button Offline", "textbox Search");
  await shows(ada, /Linus/);
  const link = /href="(\/agent\/sessions\/[0-9a-f]{24}[^"]*)"/.exec(ada.html)?.[1] ?? "";
  await ada.goto(link);
  within(
    ada,
    "log Conversation",
    "textbox Message",
    "button Send",
    "button Transfer",
    "button Close",
  );
  assert.match(textOf(ada.html), /Who Linus, since/);
  assert.match(textOf(ada.html), /Asked Within how many days can I return a lamp\?/);
  await ada.press("Send", { Message: "Hello Linus,\nthirty days it is." });
  await linus.goto(linus.path);
  assert.equal(linus.log.at(-1), "Ada: Hello Linus, thirty days it is.");
  await linus.press("Send", { Message: "Thank you <b>Ada</b>" });
  await ada.goto(ada.path);
  assert.equal(ada.log.at(-1), "Linus: Thank you <b>Ada</b>");

  // A blind reply is held, shown what came, and sent by another word.
  await linus.press("Send", { Message: "One more thing" });
  await ada.press("Send", { Message: "Bye then" });
  assert.equal(ada.status, 409);
  assert.equal(ada.log.at(-1), "Linus: One more thing");
  assert.match(ada.html, /<textarea[^>]*>\s*Bye then<\/textarea>/);
  await ada.press("Send anyway");
  assert.equal(ada.log.at(-1), "Ada: Bye then");

  // From a form that was refused "Refresh" leads back to the conversation.
  for (const person of [ada, linus]) {
    const { path } = person;
    await person.press("Send", { Message: " " });
    assert.equal(person.status, 422);
    await person.click("Refresh to see new messages");
    assert.deepEqual([person.status, person.path.split("?")[0]], [200, path.split("?")[0]]);
  }

  // To the assistant and back, and the end.
  await ada.press("Hand over", { To: "The assistant", "Note for colleagues": "Easy one" });
  within(ada, "button Take over");
  assert.match(textOf(ada.html), /Easy one/);
  await linus.goto(linus.path);
  assert.ok(!linus.html.includes("Easy one"));
  await ada.press("Take over");
  within(ada, "textbox Message", "button Send");
  await linus.goto(linus.path);
  await linus.press("End chat");
  within(linus, "group Rate this chat", "link Transcript (text)", "link Transcript (JSON)");
  assert.ok(!linus.controls.has("button Send"));
  await linus.press("Rate this chat", { rating: "4", Comment: "Quick" });
  assert.match(textOf(linus.html), /Thank you, it is saved/);
  await linus.click("Start a new chat");
  await linus.click("My chats");
  assert.match(textOf(linus.html), /Ended · rated 4 of 5/);
  await ada.goto(ada.path);
  assert.match(textOf(ada.html), /rated 4 of 5.*It can only be read/s);
  assert.ok(!ada.controls.has("button Send"));
  const [path] = ada.path.split("?");
  await ada.press("Offline");
  assert.match(ada.html, /value="offline" aria-pressed="true"/);
  assert.equal(ada.path.split("?")[0], path); // the conversation that was open
  ada.html = ada.html.replaceAll(/(name="next" value=")[^"]*/g, "$1https://elsewhere.example/");
  await ada.press("Offline");
  assert.equal(ada.path, "/agent");
  await ada.press("Sign out");
  assert.equal(ada.path, "/agent/login");
  await linus.press("Sign out");
  assert.equal((await linus.goto("/history")).path, "/login?next=%2Fhistory");
});

test("a colleague's conversation is transferred to oneself; who takes over too late is told who was faster", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  const grace = await site.agent("Grace");
  for (const agent of [ada, grace]) await setStatus(agent, { status: "busy" });
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  const desk = new PlainBrowser(site);
  await desk.goto(`/agent/login?next=/agent/sessions/${sessionId}`);
  await desk.press("Sign in", { Email: "grace@agents.example", Password: PASSWORD });
  ok(await act(ada, "claim", sessionId));
  await desk.press("Take over");
  assert.equal(desk.status, 409);
  assert.match(textOf(desk.html), /Ada has this chat already/);
  assert.ok(!desk.controls.has("button Take over"));
  await desk.press("Hand over", { To: "Grace (you) · 0 of 1 open" });
  within(desk, "textbox Message", "button Send");
});

test("looking at /chat, and ending that, takes nobody's place; the first message does", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  const linus = new PlainBrowser(site);
  await linus.goto("/login");
  await linus.press("Continue as guest", { Name: "Linus" });
  for (let i = 0; i < 3; i++) await linus.goto("/chat");
  const mine = async () => (await ada.get(`/api/session/agent/${ada.id}`)).body.sessions.length;
  await linus.press("End chat");
  assert.equal(linus.path.split("?")[0], "/");
  await linus.goto("/history");
  assert.match(textOf(linus.html), /You have no chats yet/);
  assert.equal(await mine(), 0);
  await linus.goto("/chat");
  await linus.press("Send", { Message: "Hello" });
  assert.equal(await mine(), 1);
  assert.deepEqual(linus.log, ["Ada joined", "Linus: Hello"]);
});

test("a text that is refused stays in the box, with the reason", async () => {
  await using site = await testSite();
  const linus = new PlainBrowser(site);
  await linus.goto("/login");
  await linus.press("Continue as guest", { Name: "Linus" });
  for (const place of ["the new chat", "the open one"]) {
    for (const length of [4_001, 50_000]) {
      await linus.press("Send", { Message: "ü".repeat(length) });
      assert.equal(linus.status, 422, place);
      assert.match(linus.html, /role="alert">.*4,000 characters/s);
      assert.match(linus.html, new RegExp(`<textarea[^>]*>\\s*(ü{1000}){${length / 1000 | 0}}`));
    }
    await linus.press("Send", { Message: "Hello" });
    assert.equal(linus.status, 200);
  }
});

test("a text that came too late is shown as it was written", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  const grace = await site.agent("Grace");
  await setStatus(grace, { status: "busy" });
  const [chat, desk] = [new PlainBrowser(site), new PlainBrowser(site)];
  await chat.goto("/login");
  await chat.press("Continue as guest", { Name: "Linus" });
  await chat.press("Send", { Message: "Hello" });
  const id = chat.path.split("/")[2] ?? "";
  await desk.goto(`/agent/login?next=/agent/sessions/${id}`);
  await desk.press("Sign in", { Email: "ada@agents.example", Password: PASSWORD });
  const TEXT = "Two lines,\n  and <b>no</b> end";
  const told = (page: PlainBrowser) => textOf(/role="alert".*?<\/div>/s.exec(page.html)?.[0] ?? "");
  const written = (page: PlainBrowser) => page.html.includes("Two lines,\n  and &lt;b&gt;no");

  const before = { path: desk.path, html: desk.html };
  ok(await act(ada, "transfer", id, { agentId: grace.id }));
  await desk.press("Send", { Message: TEXT });
  assert.match(told(desk), /another agent's Two lines/);
  assert.ok(written(desk) && !desk.controls.has("button Send"));
  ok(await act(grace, "end", id));
  await Object.assign(desk, before).press("Send", { Message: TEXT });
  await chat.press("Send", { Message: TEXT });
  for (const page of [desk, chat]) {
    assert.match(told(page), /This chat has ended Two lines/);
    assert.ok(written(page) && !page.controls.has("button Send"));
  }
});

test("pressing Send twice on one page sends once", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  const linus = new PlainBrowser(site);
  await linus.goto("/login");
  await linus.press("Continue as guest", { Name: "Linus" });
  await linus.press("Send", { Message: "Hello" });
  const before = { path: linus.path, html: linus.html };
  await linus.press("Send", { Message: "Once" });
  Object.assign(linus, before);
  await linus.press("Send", { Message: "Once" });
  assert.deepEqual(linus.log, ["Ada joined", "Linus: Hello", "Linus: Once"]);
  assert.ok(ada);
});
