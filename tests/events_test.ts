/** Everything is explained: each event of rule 2.12 with its reason, as the desk shows it. */
import assert from "node:assert/strict";
import { eventually, type Person, test, testSite } from "./helpers.ts";
import {
  act,
  ARTICLES,
  grounded,
  isFrom,
  logOf,
  ok,
  say,
  type Script,
  ScriptedLlm,
  setStatus,
  start,
  untilInfo,
  untilSaid,
} from "./talk.ts";

const text = (html: string): string =>
  html.replace(/<[^>]*>/g, "").replaceAll("&#39;", "'").replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&").trim();

/** “What happened and why”, an entry a line, without its time. */
async function happened(agent: Person, sessionId: string): Promise<string[]> {
  const page = await agent.page(`/agent/sessions/${sessionId}`);
  const [, list] = /What happened and why<\/h2><ol[^>]*>(.*?)<\/ol>/s.exec(page) ?? [];
  assert.ok(list, "the desk shows what happened");
  return [...list.matchAll(/<li>(.*?)<\/li>/gs)].map(([, item = ""]) => {
    assert.match(item, /<time[^>]* datetime="\d{4}-\d\d-\d\dT/);
    return text(item.replace(/<time.*?<\/time>/s, ""));
  });
}

/** The lines between the messages are the same to both, on the page and over JSON. */
async function linesOf(agent: Person, customer: Person, sessionId: string): Promise<string[]> {
  const lines = (await logOf(customer, sessionId)).filter(isFrom("system"));
  assert.deepEqual((await logOf(agent, sessionId)).filter(isFrom("system")), lines);
  const pages = [`/chat/${sessionId}`, `/agent/sessions/${sessionId}`] as const;
  for (const page of [await customer.page(pages[0]), await agent.page(pages[1])]) {
    const drawn = [...page.matchAll(/<li[^>]*data-author="system"[^>]*>.*?<b>(.*?)<\/b>/gs)];
    assert.deepEqual(drawn.map(([, line = ""]) => text(line)), lines.map((line) => line.text));
  }
  return lines.map((line) => line.text);
}

test("a start with somebody free tells who got it and why, and the end who ended it", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  ok(await act(linus, "end", sessionId));
  ok(await act(linus, "rate", sessionId, { rating: 4, comment: "Nice" }));
  const [started, assigned, closed, rated] = await happened(ada, sessionId);
  assert.match(started!, /^Started: .*agent.*free/);
  assert.match(assigned!, /^Assigned to Ada: .*fewest.*idle longest/);
  assert.match(closed!, /^Closed by the customer: Linus$/);
  assert.match(rated!, /4 of 5: “Nice”/);
  assert.deepEqual(await linesOf(ada, linus, sessionId), ["Ada joined", "Linus ended the chat"]);
});

test("a start with nobody free, a wait, and the one who takes it from the line", async () => {
  await using site = await testSite();
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  ok(await act(linus, "handoff", sessionId));
  ok(await act(linus, "handoff", sessionId, { cancel: true }));
  ok(await act(linus, "handoff", sessionId));
  const ada = await site.agent("Ada");
  await untilInfo(linus, sessionId, ({ mode }) => mode === "human");
  ok(await act(ada, "end", sessionId));
  const events = await happened(ada, sessionId);
  assert.match(events[0]!, /^Started: .*[Nn]o agent/);
  assert.match(events[1]!, /^Linus asked for a person: .*button/);
  assert.match(events[2]!, /^Linus left the line/);
  assert.match(events[3]!, /^Linus asked for a person: .*button/);
  assert.match(events[4]!, /^Assigned to Ada: the customer waited longest$/);
  assert.match(events[5]!, /^Closed by an agent: Ada$/);
  assert.equal(events.length, 6);
  assert.deepEqual(await linesOf(ada, linus, sessionId), [
    "Linus asked for a person",
    "Linus left the line",
    "Linus asked for a person",
    "Ada joined",
    "Ada ended the chat",
  ]);
});

test("take-overs and transfers tell who did it to whom, with the note", async () => {
  await using site = await testSite();
  const [ada, grace] = [await site.agent("Ada"), await site.agent("Grace")];
  for (const agent of [ada, grace]) await setStatus(agent, { status: "busy" });
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  ok(await act(ada, "claim", sessionId));
  ok(await act(ada, "transfer", sessionId, { agentId: grace.id, note: "Knows lamps" }));
  ok(await act(grace, "transfer", sessionId, { agentId: "ai", note: "Simple one" }));
  ok(await act(linus, "handoff", sessionId));
  ok(await act(grace, "claim", sessionId));
  const events = await happened(ada, sessionId);
  assert.match(events[1]!, /^Ada took over: from the assistant/);
  assert.match(events[2]!, /^Ada handed over to Grace: “Knows lamps”/);
  assert.match(events[3]!, /^Grace handed over to the assistant: “Simple one”/);
  assert.match(events[5]!, /^Grace took over: from the line/);
  const lines = await linesOf(ada, linus, sessionId);
  assert.deepEqual(lines, [
    "Ada joined",
    "Grace joined",
    "Grace handed over to the assistant",
    "Linus asked for a person",
    "Grace joined",
  ]);
});

test("answers tell their articles or that there were none, and a handover its rule", async () => {
  const fails = () => {
    throw new Error("down");
  };
  const answers: [Script, told: RegExp, waits?: true][] = [
    [() => "I found nothing about that.", /assistant found nothing: no matching article$/],
    [() => "I found nothing about that.", /assistant found nothing: no matching article$/, true],
    [fails, /assistant failed/],
    [fails, /assistant failed/, true],
    [() => "I'm sorry, I can't help with that.", /assistant said it cannot help/, true],
    [() => grounded("Within 30 days."), /Answered from 1 article: Returns$/],
  ];
  const llm = new ScriptedLlm(() => "");
  await using site = await testSite({ llm, articles: ARTICLES });
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  for (const [script, , waits] of answers) {
    llm.script = script;
    const { seq } = await say(linus, sessionId, "May I return my lamp?");
    await untilSaid(linus, sessionId, (m) => m.sender === "ai" && m.seq > seq);
    if (!waits) continue;
    await untilInfo(linus, sessionId, ({ waiting }) => waiting);
    ok(await act(linus, "handoff", sessionId, { cancel: true }));
  }
  const ada = await site.agent("Ada");
  const events = await happened(ada, sessionId);
  const told = events.filter((event) => /assistant (found|failed|said)|Answered/.test(event));
  const about = told.filter((event) => !event.includes("asked for a person"));
  assert.equal(about.length, answers.length, events.join(" | "));
  for (const [index, [, rule]] of answers.entries()) assert.match(about[index]!, rule);
  const asked = events.filter((event) => / asked for a person: /.test(event));
  assert.match(asked[0]!, /two answers without an article/);
  assert.match(asked[1]!, /failed twice/);
  assert.match(asked[2]!, /cannot help/);
  const lines = await linesOf(ada, linus, sessionId);
  assert.equal(lines.filter((line) => line === "The assistant asked for a person").length, 3);
});

test("asking in words is told as that", async () => {
  await using site = await testSite();
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  await say(linus, sessionId, "I want to talk to a human");
  await untilInfo(linus, sessionId, ({ waiting }) => waiting);
  const ada = await site.agent("Ada");
  assert.match((await happened(ada, sessionId))[1]!, /^Linus asked for a person: in words/);
});

test("who goes away, and what nobody ended, is told with the reason", async () => {
  await using site = await testSite();
  const [ada, grace] = [await site.agent("Ada"), await site.agent("Grace")];
  await using _desk = await grace.socket("");
  await setStatus(grace, { status: "busy" });
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  await site.clock.move(170_000);
  await untilInfo(linus, sessionId, ({ waiting }) => waiting);
  await site.clock.move(600_000);
  await untilInfo(linus, sessionId, ({ status }) => status === "closed");
  const events = await happened(grace, sessionId);
  assert.match(events.at(-2)!, /^Ada left: .*gone/);
  assert.match(events.at(-1)!, /^Closed: .*nothing was written/);
  assert.deepEqual(await linesOf(grace, linus, sessionId), [
    "Ada joined",
    "Ada left",
    "The chat was closed",
  ]);
  ok(await ada.get("/api/me"));
});

test("events and notes take no seq", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  await say(linus, sessionId, "Hello");
  ok(await act(ada, "transfer", sessionId, { agentId: "ai", note: "Hm" }));
  ok(await act(ada, "claim", sessionId));
  const log = await logOf(linus, sessionId);
  assert.deepEqual(log.map(({ seq }) => seq), log.map((_, i) => i + 1));
  assert.ok((await happened(ada, sessionId)).length > log.filter(isFrom("system")).length);
});

test("the briefing tells who, since when, what was asked and answered, and from which articles", async () => {
  const llm = new ScriptedLlm(() => grounded("You have 30 days."));
  await using site = await testSite({ llm, articles: ARTICLES });
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  await say(linus, sessionId, "My lamp flickers. May I return it?");
  await untilSaid(linus, sessionId, isFrom("ai"));
  const ada = await site.agent("Ada");
  ok(await act(ada, "claim", sessionId));
  const page = await eventually(() => ada.page(`/agent/sessions/${sessionId}`));
  const [, briefing = ""] = /<details id="briefing"[^>]*>(.*?)<\/details>/s.exec(page) ?? [];
  assert.match(briefing, /<summary[^>]*>May I return it\?<\/summary>/);
  assert.match(briefing, /Linus.*since.*<time/s);
  assert.match(briefing, /My lamp flickers\. May I return it\?.*You have 30 days\./s);
  assert.match(briefing, /href="\/help\/returns"[^>]*>Returns</);
  assert.match(briefing, /Ada took over/);
  assert.ok(page.indexOf('id="briefing"') < page.indexOf('role="log"'));
});

test("the briefing shows the last answer that says something, not small talk after it", async () => {
  const llm = new ScriptedLlm(({ question }) =>
    /lamp/.test(question) ? grounded("You have 30 days.") : "I found nothing about that."
  );
  await using site = await testSite({ llm, articles: ARTICLES });
  const ada = await site.agent("Ada");
  await setStatus(ada, { status: "busy" });
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  const saidThen = async (text: string) => {
    const { seq } = await say(linus, sessionId, text);
    await untilSaid(linus, sessionId, (m) => m.sender === "ai" && m.seq > seq);
    const page = await ada.page(`/agent/sessions/${sessionId}`);
    return /<dt>AI said<\/dt><dd[^>]*>(.*?)<\/dd>/s.exec(page)?.[1];
  };
  assert.equal(await saidThen("Get me a human"), undefined);
  assert.equal(await saidThen("Who is the king of Peru?"), "I found nothing about that.");
  assert.equal(await saidThen("May I return my lamp?"), "You have 30 days.");
  assert.equal(await saidThen("Thanks!"), "You have 30 days.");
  assert.equal(await saidThen("I want to talk to a person"), "You have 30 days.");
});
