/** When the assistant answers, and when it is silent: the fence of rule 2.4, one answer at a time, none lost. */
import assert from "node:assert/strict";
import { BuiltInAssistant } from "../services/builtin.ts";
import { newId } from "../services/domain.ts";
import type { Piece } from "../services/llm.ts";
import { openSqlite } from "../services/sqlite/open.ts";
import { eventually, pause, type Person, test, type TestSite, testSite } from "./helpers.ts";
import {
  act,
  ARTICLES,
  grounded,
  info,
  isFrom,
  logOf,
  ok,
  say,
  ScriptedLlm,
  setStatus,
  start,
  untilSaid,
} from "./talk.ts";

const WORDS = 30;
const BETWEEN = 15;

/** Some half second of an answer, a word at a time; it doesn't listen to its signal. */
async function* slowly(): AsyncGenerator<Piece> {
  for (let i = 0; i < WORDS; i++) {
    await pause(BETWEEN);
    yield { text: `word${i} ` };
  }
  yield { quotes: [{ slug: "returns", quote: "You can return a lamp within 30 days." }] };
}

async function asking(site: TestSite, name: string) {
  const who = await site.customer(name);
  const { sessionId } = await start(who);
  const socket = await who.socket(`sessionId=${sessionId}`);
  await socket.type("session");
  await say(who, sessionId, "May I return my lamp?");
  return { who, sessionId, socket };
}

/** Until no answer is being made any more, and what is left of them had time to be stored. */
async function settled(llm: ScriptedLlm): Promise<void> {
  await eventually(() => llm.running === 0);
  await pause(100);
}

// ---- the fence ------------------------------------------------------------------------------------

type End = (ada: Person, who: Person, sessionId: string) => Promise<unknown>;
const ENDS: Readonly<Record<string, { end: End; line: string }>> = {
  "a takeover": {
    end: (ada, _, id) => act(ada, "claim", id),
    line: "Ada joined",
  },
  "a transfer": {
    end: (ada, _, id) => act(ada, "transfer", id, { agentId: ada.id }),
    line: "Ada joined",
  },
  "the end of the chat": {
    end: (_, who, id) => act(who, "end", id),
    line: "ended the chat",
  },
};

for (const [name, { end, line }] of Object.entries(ENDS)) {
  test(`${name} while an answer streams leaves nothing by the assistant after its line`, async () => {
    const llm = new ScriptedLlm(slowly);
    await using site = await testSite({ llm, articles: ARTICLES });
    const ada = await site.agent("Ada");
    await setStatus(ada, { status: "busy" });
    const rounds = Array.from({ length: 12 }, (_, i) => i);
    const chats = await Promise.all(rounds.map(async (i) => {
      const chat = await asking(site, `Guest ${i}`);
      // from before the first word until after the last
      await pause(Math.random() * WORDS * BETWEEN * 1.3);
      ok(await end(ada, chat.who, chat.sessionId) as never);
      return chat;
    }));
    await settled(llm);
    let thrownAway = 0;
    for (const { who, sessionId, socket } of chats) {
      const log = await logOf(who, sessionId);
      const fence = log.find(({ sender, text }) => sender === "system" && text.includes(line));
      assert.ok(fence, JSON.stringify(log));
      assert.deepEqual(log.filter(({ sender, seq }) => sender === "ai" && seq > fence.seq), []);
      await eventually(() => socket.frames.some(({ seq }) => seq === fence.seq));
      const answers = log.filter(isFrom("ai"));
      const deltas = socket.frames.filter(({ type }) => type === "delta");
      if (answers.length > 0 || deltas.length === 0) continue;
      thrownAway++;
      const last = await eventually(() =>
        socket.frames.findLast((f) => f.type === "delta" && f.dropped)
      );
      assert.deepEqual([last.id, last.text, last.sessionId], [deltas[0].id, "", sessionId]);
      assert.equal(socket.frames.findLast(({ type }) => type === "delta"), last);
      for (
        const page of [who.page(`/chat/${sessionId}`), ada.page(`/agent/sessions/${sessionId}`)]
      ) {
        assert.match(await page, /id="growing"[^>]*><\/div>/);
      }
    }
    assert.ok(thrownAway > 2, `${thrownAway} of 12 were under way`); // so the rest means something
  });
}

test("while a person has the session the model isn't asked, and afterwards it is again", async () => {
  const llm = new ScriptedLlm(() => grounded("Within 30 days."));
  await using site = await testSite({ llm, articles: ARTICLES });
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  await say(linus, sessionId, "May I return my lamp?");
  await say(ada, sessionId, "You may");
  await pause(200);
  assert.equal(llm.prompts.length, 0);
  await setStatus(ada, { status: "busy" });
  ok(await act(ada, "transfer", sessionId, { agentId: "ai" }));
  await say(linus, sessionId, "And for how long?");
  await untilSaid(linus, sessionId, isFrom("ai"));
  assert.equal(llm.prompts.length, 1);
  assert.equal(llm.prompts[0]?.question, "And for how long?"); // the first one had its answer, from Ada
});

test("the handover line's epoch holds across instances", async () => {
  const llm = new ScriptedLlm(slowly);
  await using store = await openSqlite({ file: ":memory:" });
  await using site = await testSite({ llm, articles: ARTICLES, store });
  await using other = await testSite({ llm, articles: ARTICLES, store });
  const ada = await site.agent("Ada");
  await setStatus(ada, { status: "busy" });
  for (let round = 0; round < 4; round++) {
    const { who, sessionId } = await asking(site, `Guest ${round}`);
    await pause(Math.random() * WORDS * BETWEEN);
    ok(await act(other.known(ada), "claim", sessionId));
    await settled(llm);
    const log = await logOf(who, sessionId);
    const fence = log.find(({ text }) => text === "Ada joined");
    assert.deepEqual(log.filter(({ sender, seq }) => sender === "ai" && seq > fence.seq), []);
  }
});

// ---- in line ---------------------------------------------------------------------------------------

/** Says its first words, and the rest once it is told to. */
function held(rest: string) {
  const { promise, resolve: goOn } = Promise.withResolvers<void>();
  const llm = new ScriptedLlm(async function* () {
    yield { text: "Well, " };
    await promise;
    yield* grounded(rest);
  });
  return { llm, goOn };
}

test("who joins the line and leaves it gets the answer that is being made, and it grows all the while", async () => {
  const { llm, goOn } = held("within 30 days.");
  await using site = await testSite({ llm, articles: ARTICLES });
  const { who, sessionId, socket } = await asking(site, "Linus");
  const first = await socket.type("delta");
  for (const cancel of [false, true, false]) {
    ok(await act(who, "handoff", sessionId, { cancel }));
    assert.match(await who.page(`/chat/${sessionId}`), /id="growing"[^>]*>.*Well,/s);
  }
  goOn();
  const { id, seq } = await untilSaid(who, sessionId, isFrom("ai"));
  assert.deepEqual([id, seq], [first.id, 5]);
  assert.equal((await info(who, sessionId)).waiting, true);
  assert.ok(!socket.frames.some(({ type, dropped }) => type === "delta" && dropped));
  assert.equal(llm.prompts.length, 1);
});

test("in line an answer that is being made is still thrown away by the person who comes", async () => {
  const { llm, goOn } = held("within 30 days.");
  await using site = await testSite({ llm, articles: ARTICLES });
  const { who, sessionId, socket } = await asking(site, "Linus");
  await socket.type("delta");
  ok(await act(who, "handoff", sessionId));
  await site.agent("Ada");
  await socket.next((f) => f.type === "delta" && f.dropped);
  goOn();
  await settled(llm);
  assert.deepEqual((await logOf(who, sessionId)).map(({ text }) => text), [
    "May I return my lamp?",
    "Linus asked for a person",
    "Ada joined",
  ]);
});

test("who asks for a person in words joins the line at once, and is answered by the one who is at it", async () => {
  const { llm, goOn } = held("within 30 days.");
  await using site = await testSite({ llm, articles: ARTICLES });
  const { who, sessionId, socket } = await asking(site, "Linus");
  await socket.type("delta");
  const { seq } = await say(who, sessionId, "I want to talk to a person");
  await eventually(async () => (await info(who, sessionId)).waiting);
  goOn();
  await untilSaid(who, sessionId, (m) => m.seq > seq && /in line/.test(m.text), 2_000);
  assert.deepEqual((await logOf(who, sessionId)).filter(isFrom("ai")).map(({ text }) => text), [
    "Well, within 30 days.",
    "You are in line for a person. I can go on looking things up for you meanwhile.",
  ]);
});

test("who left the line isn't put back by an answer from before that", async () => {
  const { llm, goOn } = held("");
  const slow = llm.script;
  llm.script = () => "I found nothing.";
  await using site = await testSite({ llm, articles: ARTICLES });
  const { who, sessionId, socket } = await asking(site, "Linus");
  await untilSaid(who, sessionId, isFrom("ai"));
  llm.script = async function* (prompt, signal) {
    for await (const piece of slow(prompt, signal) as AsyncIterable<Piece>) {
      if ("text" in piece) yield piece;
    }
  };
  const { seq } = await say(who, sessionId, "And a desk?");
  await eventually(() => socket.frames.some(({ text }) => text === "Well, "));
  for (const cancel of [false, true]) ok(await act(who, "handoff", sessionId, { cancel }));
  goOn();
  await untilSaid(who, sessionId, (m) => m.sender === "ai" && m.seq > seq);
  await pause(100);
  assert.equal((await info(who, sessionId)).waiting, false);
  await say(who, sessionId, "And a chair?"); // the second in a row since then
  await eventually(async () => (await info(who, sessionId)).waiting);
});

// ---- one at a time --------------------------------------------------------------------------------

test("one answer at a time, to everything unanswered, also on two instances", async () => {
  const llm = new ScriptedLlm(slowly);
  await using store = await openSqlite({ file: ":memory:" });
  await using site = await testSite({ llm, articles: ARTICLES, store });
  await using other = await testSite({ llm, articles: ARTICLES, store });
  const linus = await site.customer("Linus");
  const there = other.known(linus);
  const { sessionId } = await start(linus);
  const texts = Array.from({ length: 8 }, (_, i) => `Question ${i} about returns`);
  for (const [i, text] of texts.entries()) {
    await say(i % 2 ? linus : there, sessionId, text);
    await pause(20);
  }
  await untilSaid(linus, sessionId, ({ seq, sender }) => sender === "ai" && seq > texts.length + 1);
  await settled(llm);
  assert.equal(llm.most, 1);
  const asked = llm.prompts.map(({ question }) => question).join("\n").split("\n");
  assert.deepEqual(asked, texts); // each once, in order
  const answers = (await logOf(linus, sessionId)).filter(isFrom("ai"));
  assert.equal(answers.length, llm.prompts.length);
  assert.ok(answers.length < texts.length);
});

test("the built-in assistant answers all that waited behind its answer", async () => {
  const { promise, resolve: goOn } = Promise.withResolvers<void>();
  const builtIn = new BuiltInAssistant({ pause: () => promise });
  await using site = await testSite({ llm: builtIn, articles: ARTICLES });
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  await say(linus, sessionId, "Hello there, I have two questions");
  const texts = ["May I return my lamp?", "How long does a parcel take?"];
  for (const text of texts) await say(linus, sessionId, text);
  goOn();
  const { text, sources } = await untilSaid(linus, sessionId, ({ seq }) => seq === 5);
  assert.match(text, /within 30 days.*3 working days/s);
  assert.deepEqual(sources.map(({ slug }: { slug: string }) => slug), ["returns", "delivery"]);
});

test("an answer to one of two questions is none without an article", async () => {
  await using site = await testSite({ articles: ARTICLES });
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  for (let i = 0; i < 2; i++) {
    const { seq } = await say(linus, sessionId, "May I return my lamp? Who is the king of Peru?");
    const { text } = await untilSaid(linus, sessionId, (m) => m.sender === "ai" && m.seq > seq);
    assert.match(text, /nothing about “Who is the king of Peru\?”/);
  }
  await pause(50);
  assert.equal((await info(linus, sessionId)).waiting, false);
});

test("the model is given the conversation so far and no other's", async () => {
  const llm = new ScriptedLlm(() => grounded("Within 30 days."));
  await using site = await testSite({ llm, articles: ARTICLES });
  const [linus, barbara] = [await site.customer("Linus"), await site.customer("Barbara")];
  const [first, second] = [await start(linus), await start(barbara)];
  await say(barbara, second.sessionId, "My secret is 4711, may I return it?");
  await untilSaid(barbara, second.sessionId, isFrom("ai"));
  for (const text of ["May I return my lamp?", "And within how many days?"]) {
    const { seq } = await say(linus, first.sessionId, text);
    await untilSaid(linus, first.sessionId, (m) => m.sender === "ai" && m.seq > seq);
  }
  const prompt = llm.prompts.at(-1);
  assert.equal(prompt?.question, "And within how many days?");
  assert.deepEqual(prompt.history.map(({ sender, text }) => `${sender}: ${text}`), [
    "user: May I return my lamp?",
    "ai: Within 30 days.",
  ]);
  assert.ok(!JSON.stringify(prompt).includes("4711"));
});

// ---- none lost ------------------------------------------------------------------------------------

test("an answer lost with its process is made again within thirty seconds", async () => {
  await using store = await openSqlite({ file: ":memory:" });
  const llm = new ScriptedLlm(() => grounded("Within 30 days."));
  let linus: Person, sessionId: string;
  {
    await using first = await testSite({ store, llm, articles: ARTICLES });
    linus = await first.customer("Linus");
    sessionId = (await start(linus)).sessionId;
  }
  // What a process leaves that is killed in the middle of an answer.
  const now = new Date();
  const actor = { side: "user", id: linus.id, name: "Linus" } as const;
  await store.messages.append(sessionId, actor, { text: "May I return my lamp?" }, now);
  const lost = newId();
  const until = new Date(now.getTime() + 12_000);
  assert.ok(await store.messages.beginAnswer(sessionId, lost, until, now));
  assert.ok(await store.messages.growAnswer(sessionId, lost, "Within 3", until));

  await using site = await testSite({ store, llm, articles: ARTICLES });
  const there = site.known(linus);
  await site.clock.move(5_000);
  assert.deepEqual((await logOf(there, sessionId)).filter(isFrom("ai")), []); // it may still be alive
  await site.clock.move(25_000);
  await untilSaid(there, sessionId, isFrom("ai"), 1_000);
  const answers = (await logOf(there, sessionId)).filter(isFrom("ai"));
  assert.deepEqual(answers.map(({ text }) => text), ["Within 30 days."]);
  assert.equal(llm.prompts.length, 1);
});

test("an answer that a stopping instance was making is made by the next one", async () => {
  await using store = await openSqlite({ file: ":memory:" });
  const never = new ScriptedLlm(async function* (_, signal) {
    yield { text: "Well, " };
    await new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason)));
  });
  let linus: Person, sessionId: string;
  {
    await using first = await testSite({ store, llm: never, articles: ARTICLES });
    ({ who: linus, sessionId } = await asking(first, "Linus"));
    await eventually(() => never.running === 1);
  }
  assert.equal(never.running, 0);
  const llm = new ScriptedLlm(() => grounded("Within 30 days."));
  await using site = await testSite({ store, llm, articles: ARTICLES });
  const there = site.known(linus);
  await site.clock.move(30_000);
  await untilSaid(there, sessionId, isFrom("ai"), 1_000);
  const answers = (await logOf(there, sessionId)).filter(isFrom("ai"));
  assert.deepEqual(answers.map(({ text }) => text), ["Within 30 days."]);
  assert.equal((await info(there, sessionId)).mode, "ai");
});

test("a model that says nothing for ten seconds, or doesn't finish within thirty, has failed", async () => {
  const llm = new ScriptedLlm(async function* (_, signal) {
    if (llm.prompts.length > 1) yield { text: "Let me see. " };
    await new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason)));
  });
  await using site = await testSite({ llm, articles: ARTICLES });
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  for (const [n, seconds] of [[1, 10], [2, 30]] as const) {
    const { seq } = await say(linus, sessionId, `Question ${n} about returns`);
    await eventually(() => llm.prompts.length === n && llm.running === 1);
    await pause(50);
    await site.clock.move((seconds - 1) * 1_000);
    assert.deepEqual(
      (await logOf(linus, sessionId)).filter((m) => m.seq > seq && m.sender === "ai"),
      [],
    );
    await site.clock.move(2_000);
    const { text } = await untilSaid(linus, sessionId, (m) => m.seq > seq && m.sender === "ai");
    assert.match(text, /^Sorry/);
  }
  assert.equal((await info(linus, sessionId)).waiting, true); // it failed twice
});
