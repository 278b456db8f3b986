/** The JSON socket of one session: what it is told, in which order, and what it takes. */
import assert from "node:assert/strict";
import { eventually, pause, test, testSite } from "./helpers.ts";
import {
  act,
  ARTICLES,
  closeCode,
  info,
  isFrom,
  logOf,
  ok,
  say,
  ScriptedLlm,
  send,
  seqsOf,
  start,
  textsOf,
} from "./talk.ts";

/** Ada has Linus's session. */
async function pair() {
  const site = await testSite();
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  return { site, ada, linus, sessionId, [Symbol.asyncDispose]: () => site[Symbol.asyncDispose]() };
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);

test("what is said as soon as a socket is open comes by it, however slow the store", async () => {
  await using all = await pair();
  const { site, linus, sessionId } = all;
  const { sessions, messages } = site.store;
  const find = sessions.find.bind(sessions);
  let reading = Promise.resolve();
  sessions.find = async (id) => {
    await (reading = pause(50));
    return await find(id);
  };
  const socket = await linus.socket(`sessionId=${sessionId}`);
  const actor = { side: "user", id: linus.id, name: "Linus" } as const;
  await messages.append(sessionId, actor, { text: "At once" }, site.clock.now());
  assert.equal((await socket.type("message")).message, "At once");
  sessions.find = find;
  await reading;
});

// ---- coming back --------------------------------------------------------------------------------

test("for every kind of `after` exactly what was missed comes, once and in order", async () => {
  await using all = await pair();
  const { linus, ada, sessionId } = all;
  for (let i = 0; i < 5; i++) await say(i % 2 ? ada : linus, sessionId, `Text ${i}`);
  const log = await logOf(linus, sessionId);
  const last = log.length;
  const known: [string, number[]][] = [
    ["0", range(1, last)],
    ["2", range(3, last)],
    [String(last - 1), [last]],
    [String(last), []],
  ];
  const unknown = [String(last + 1), "999999999", "9".repeat(20), "-1", "1.5", "1e0", "x", ""];
  const cases = [...known, ...unknown.map((after) => [after, range(1, last)] as const)];
  const open = await Promise.all(
    cases.flatMap(([after, missed]) =>
      [linus, ada].map(async (who) => ({
        after,
        missed,
        socket: await who.socket(`sessionId=${sessionId}&after=${encodeURIComponent(after)}`),
      }))
    ),
  );
  for (const { after, missed, socket } of open) {
    await socket.type("session");
    assert.deepEqual(seqsOf(socket), missed, `after=${after}`);
    const [first] = socket.frames;
    const isResync = first.type === "error" && first.code === "resync";
    assert.equal(isResync, unknown.includes(after), `after=${after}`);
    if (isResync) assert.match(first.error, /\w/);
    for (const frame of socket.frames.filter(({ type }) => type === "message")) {
      const { text, clientId: _, ...rest } = log[frame.seq - 1];
      for (const [name, value] of Object.entries(rest)) assert.deepEqual(frame[name], value);
      assert.equal(frame.message, text);
    }
  }
  const next = await say(linus, sessionId, "And now");
  for (const { after, missed, socket } of open) {
    await socket.next(({ seq, type }) => type === "message" && seq === next.seq);
    assert.deepEqual(seqsOf(socket), [...missed, next.seq], `after=${after}`);
  }
});

test("without `after` nothing earlier comes, only the session as it is and what follows", async () => {
  await using all = await pair();
  const { linus, ada, sessionId } = all;
  await say(linus, sessionId, "Before");
  await using socket = await ada.socket(`sessionId=${sessionId}`);
  const { type: _, ...session } = await socket.type("session");
  assert.deepEqual(session, await info(ada, sessionId));
  await say(linus, sessionId, "After");
  await socket.type("message");
  assert.deepEqual(textsOf(socket), ["After"]);
});

test("coming back in the middle of a flood loses nothing and repeats nothing", async () => {
  await using all = await pair();
  const { linus, ada, sessionId } = all;
  let isOver = false;
  const flood = (async () => {
    for (let i = 0; i < 150; i++) await say(i % 3 ? linus : ada, sessionId, `Text ${i}`);
  })().finally(() => isOver = true);
  const seen: number[] = [];
  for (let finished = false; !finished;) {
    const after = seen.at(-1) ?? 0;
    const socket = await ada.socket(`sessionId=${sessionId}&after=${after}`);
    await pause(Math.random() * 40);
    finished = isOver;
    if (finished) await eventually(() => (seqsOf(socket).at(-1) ?? after) >= 151);
    seen.push(...seqsOf(socket));
    await socket[Symbol.asyncDispose]();
  }
  await flood;
  assert.deepEqual(seen, range(1, (await logOf(linus, sessionId)).length));
});

test("a long absence is made good to the last of many hundred messages", async () => {
  await using all = await pair();
  const { linus, ada, sessionId } = all;
  await Promise.all(range(1, 450).map((i) => say(linus, sessionId, `Text ${i}`)));
  await using socket = await ada.socket(`sessionId=${sessionId}&after=0`);
  await socket.type("session");
  assert.deepEqual(seqsOf(socket), range(1, (await logOf(linus, sessionId)).length));
});

test("a long absence is made good where what was missed is long, too", async () => {
  await using all = await pair();
  const { linus, ada, sessionId } = all;
  const text = "x".repeat(4_000);
  await Promise.all(range(1, 120).map(() => say(linus, sessionId, text))); // 480 KB at once
  await using socket = await ada.socket(`sessionId=${sessionId}&after=0`);
  await socket.type("session");
  assert.deepEqual(seqsOf(socket), range(1, 121));
  assert.equal(await closeCode(socket, 100), undefined);
});

// ---- speaking -----------------------------------------------------------------------------------

test("the speaker gets the acknowledgement, and all other sockets the message", async () => {
  await using all = await pair();
  const { linus, ada, sessionId } = all;
  const tabs = await Promise.all([1, 2].map(() => linus.socket(`sessionId=${sessionId}`)));
  const atAda = await ada.socket(`sessionId=${sessionId}`);
  const [speaking, other] = tabs as [typeof atAda, typeof atAda];
  for (const socket of [...tabs, atAda]) await socket.type("session");

  speaking.send({ sessionId, sender: "agent", message: "Hello", clientId: "c1" });
  const ack = await speaking.type("ack");
  const stored = (await logOf(linus, sessionId)).at(-1);
  assert.deepEqual(
    [ack.clientId, ack.id, ack.seq, ack.timestamp],
    ["c1", stored.id, stored.seq, stored.timestamp],
  );
  assert.deepEqual([stored.sender, stored.text], ["user", "Hello"]); // what it claimed to be is ignored
  for (const socket of [other, atAda]) {
    const { sender, message, id, seq } = await socket.type("message");
    assert.deepEqual([sender, message, id, seq], ["user", "Hello", ack.id, ack.seq]);
  }
  atAda.send({ sessionId, sender: "agent", message: "Hi", clientId: "c1-a" });
  await atAda.type("ack");
  for (const tab of tabs) assert.equal((await tab.type("message")).message, "Hi");
  assert.deepEqual(textsOf(speaking), ["Hi"]); // the answer came, so its own would have
  assert.deepEqual(textsOf(atAda), ["Hello"]);
});

test("a text without clientId is acknowledged all the same, and never echoed", async () => {
  await using all = await pair();
  const { linus, ada, sessionId } = all;
  await using socket = await linus.socket(`sessionId=${sessionId}`);
  socket.send({ sessionId, sender: "user", message: "Hello" });
  const { seq } = await socket.type("ack");
  assert.equal((await logOf(linus, sessionId)).at(-1).seq, seq);
  await say(ada, sessionId, "Hi");
  await socket.type("message");
  assert.deepEqual(textsOf(socket), ["Hi"]);
});

test("a refused text is answered by an error with its code and clientId, and the socket stays", async () => {
  await using all = await pair();
  const { site, linus, sessionId } = all;
  const grace = await site.agent("Grace");
  await using atGrace = await grace.socket(`sessionId=${sessionId}`);
  atGrace.send({ sessionId, message: "Mine?", clientId: "g1" });
  const forbidden = await atGrace.type("error");
  assert.deepEqual([forbidden.code, forbidden.clientId], ["forbidden", "g1"]);
  assert.match(forbidden.error, /\w/);
  ok(await act(linus, "end", sessionId));
  await using socket = await linus.socket(`sessionId=${sessionId}`);
  socket.send({ sessionId, message: "Hello?", clientId: "c1" });
  const closed = await socket.type("error");
  assert.deepEqual([closed.code, closed.clientId], ["closed", "c1"]);
  socket.send({ sessionId, message: "Again?", clientId: "c2" });
  assert.equal((await socket.type("error")).clientId, "c2");
});

test("frames too large or not JSON are errors, and the third one is the last", async () => {
  await using all = await pair();
  const { linus, sessionId } = all;
  const large = (fill: string, n: number) =>
    JSON.stringify({ type: "typing", pad: fill.repeat(n) });
  const bad = ["{", "7", "[]", "null", "hello", large("x", 17_000)];
  for (const frame of bad) {
    await using socket = await linus.socket(`sessionId=${sessionId}`);
    await socket.type("session");
    for (let i = 0; i < 2; i++) {
      socket.send(frame);
      const { code, error } = await socket.type("error");
      assert.match(`${code} ${error}`, /^\w+ .*\w/, frame.slice(0, 20));
    }
    socket.send({ sessionId, message: "Still here", clientId: `ok ${frame.slice(0, 40)}` });
    await socket.type("ack");
    socket.send(frame);
    const code = await closeCode(socket);
    assert.ok(code === 1008 || code === 1009, `${frame.slice(0, 20)}: ${code}`);
    assert.equal(socket.frames.filter(({ type }) => type === "error").length, 3);
  }
  await using socket = await linus.socket(`sessionId=${sessionId}`);
  socket.send(large("x", 16_384 - large("", 0).length)); // 16 KiB to the byte
  socket.send({ sessionId, message: "x".repeat(4_000), clientId: "long" });
  await socket.type("ack");
  assert.deepEqual(socket.frames.filter(({ type }) => type === "error"), []);
});

test("a frame above 64 KiB is an error, too, and the last", async () => {
  await using all = await pair();
  const { linus, sessionId } = all;
  for (const size of [64 * 1024 + 1, 1024 * 1024]) {
    await using socket = await linus.socket(`sessionId=${sessionId}`);
    await socket.type("session");
    socket.send("x".repeat(size));
    const { code, reason } = await socket.closed;
    assert.deepEqual([code, reason], [1009, "A frame has at most 16 KiB"]);
    assert.deepEqual(socket.frames.at(-1), { type: "error", code: "too_large", error: reason });
  }
});

test("a frame's size is counted in bytes", async () => {
  await using all = await pair();
  const { linus, sessionId } = all;
  await using socket = await linus.socket(`sessionId=${sessionId}`);
  socket.send({ type: "typing", pad: "€".repeat(6_000) }); // 18,000 bytes in 6,000 characters
  assert.match((await socket.type("error")).error, /16 KiB/);
});

// ---- what else it tells -------------------------------------------------------------------------

test("typing and seen reach the other side, and not the one who types and reads", async () => {
  await using all = await pair();
  const { linus, ada, sessionId } = all;
  const atLinus = await linus.socket(`sessionId=${sessionId}`);
  const atAda = await ada.socket(`sessionId=${sessionId}`);
  for (const socket of [atLinus, atAda]) await socket.type("session");
  atLinus.send({ type: "typing" });
  const typing = await atAda.type("typing");
  assert.deepEqual([typing.sessionId, typing.sender, typing.senderName], [
    sessionId,
    "user",
    "Linus",
  ]);
  atAda.send({ type: "typing" });
  assert.equal((await atLinus.type("typing")).senderName, "Ada");

  const { seq } = await say(linus, sessionId, "Hello");
  atAda.send({ type: "seen", seq });
  const seen = await atLinus.type("seen");
  assert.deepEqual([seen.sessionId, seen.sender, seen.seq], [sessionId, "agent", seq]);
  const answer = await say(ada, sessionId, "Hi");
  atLinus.send({ type: "seen", seq: answer.seq });
  assert.deepEqual((await atAda.type("seen")).sender, "user");
  const own = (frames: typeof atAda.frames, sender: string) =>
    frames.filter((f) => (f.type === "typing" || f.type === "seen") && f.sender === sender);
  assert.deepEqual(own(atLinus.frames, "user"), []);
  assert.deepEqual(own(atAda.frames, "agent"), []);
});

test("who goes on typing is told of every three seconds, and at once after a message of theirs", async () => {
  await using all = await pair();
  const { site, linus, ada, sessionId } = all;
  const query = `sessionId=${sessionId}`;
  for (const [who, other] of [[linus, ada], [ada, linus]] as const) {
    await using typing = await who.socket(query);
    await using reading = await other.socket(query);
    for (const socket of [typing, reading]) await socket.type("session");
    const told = () => reading.frames.filter(({ type }) => type === "typing").length;
    const types = async () => {
      typing.send({ type: "typing" });
      typing.send({ type: "nonsense" }); // answered once the typing is stored
      await typing.type("error");
    };
    await types();
    await reading.type("typing");
    await types();
    await site.clock.move(2_000);
    await types();
    await say(other, sessionId, "By the other side");
    await types();
    await reading.silence();
    assert.equal(told(), 1);
    await say(who, sessionId, "And another thing");
    await types();
    await reading.type("typing");
    await site.clock.move(3_100);
    await types();
    await reading.type("typing");
    assert.equal(told(), 3);
  }
});

test("seen never goes back and never beyond the last message", async () => {
  await using all = await pair();
  const { linus, ada, sessionId } = all;
  const atLinus = await linus.socket(`sessionId=${sessionId}`);
  const atAda = await ada.socket(`sessionId=${sessionId}`);
  await atLinus.type("session");
  const { seq } = await say(linus, sessionId, "Hello");
  atAda.send({ type: "seen", seq: seq + 1_000 });
  assert.equal((await atLinus.type("seen")).seq, seq);
  atAda.send({ type: "seen", seq: 1 });
  const later = await say(linus, sessionId, "More");
  atAda.send({ type: "seen", seq: later.seq });
  assert.equal((await atLinus.type("seen")).seq, later.seq);
  atAda.send({ type: "seen", seq: -1 });
  assert.equal((await atAda.type("error")).code, "invalid");
});

test("an answer grows on the socket and ends as the message of the same id", async () => {
  const more = Promise.withResolvers<void>();
  const llm = new ScriptedLlm(async function* () {
    yield { text: "You can return " };
    await more.promise;
    yield { text: "a lamp within 30 days." };
    yield { quotes: [{ slug: "returns", quote: "You can return a lamp within 30 days." }] };
  });
  await using site = await testSite({ llm, articles: ARTICLES });
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  const socket = await linus.socket(`sessionId=${sessionId}`);
  await send(linus, sessionId, "May I return my lamp?");
  const delta = await socket.type("delta");
  assert.deepEqual([delta.sessionId, delta.text], [sessionId, "You can return "]);
  await using late = await linus.socket(`sessionId=${sessionId}`);
  assert.equal((await late.type("delta")).text, "You can return "); // who comes in the middle sees it too
  more.resolve();
  const { id, sender, message, sources } = await socket.next(isFrom("ai"));
  assert.deepEqual([id, sender, message], [
    delta.id,
    "ai",
    "You can return a lamp within 30 days.",
  ]);
  assert.deepEqual(sources.map((source: { slug: string }) => source.slug), ["returns"]);
  const deltas = socket.frames.filter(({ type }) => type === "delta");
  assert.ok(deltas.every((f) => f.id === id && message.startsWith(f.text) && !f.dropped));
});

test("the place in line and every change of who has the session arrive", async () => {
  await using site = await testSite();
  const [linus, barbara] = [await site.customer("Linus"), await site.customer("Barbara")];
  const [first, second] = [await start(linus), await start(barbara)];
  ok(await act(linus, "handoff", first.sessionId));
  const socket = await barbara.socket(`sessionId=${second.sessionId}`);
  assert.deepEqual([(await socket.type("session")).waiting, socket.frames[0].queuePosition], [
    false,
    null,
  ]);
  ok(await act(barbara, "handoff", second.sessionId));
  assert.equal((await socket.next((f) => f.type === "session" && f.waiting)).queuePosition, 2);
  ok(await act(linus, "handoff", first.sessionId, { cancel: true }));
  assert.equal((await socket.type("session")).queuePosition, 1);
  const ada = await site.agent("Ada");
  const human = await socket.next((f) => f.type === "session" && f.mode === "human");
  assert.deepEqual([human.agentName, human.waiting, human.queuePosition], ["Ada", false, null]);
  ok(await act(ada, "end", second.sessionId));
  assert.ok((await socket.next((f) => f.type === "session" && f.status === "closed")).closedAt);
  ok(await act(barbara, "rate", second.sessionId, { rating: 4 }));
  assert.equal((await socket.next((f) => f.type === "session" && f.rating)).rating, 4);
});
