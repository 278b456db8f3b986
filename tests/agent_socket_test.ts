/** The JSON socket of an agent without a session: every session assigned to them, and the line. */
import assert from "node:assert/strict";
import {
  eventually,
  type Frame,
  type Listener,
  type Person,
  test,
  type TestSite,
  testSite,
} from "./helpers.ts";
import { act, info, logOf, ok, say, start, textsOf } from "./talk.ts";

/** What has come of one session, by type. */
const of = (socket: Listener, sessionId: string, type: string) =>
  socket.frames.filter((frame) => frame.type === type && frame.sessionId === sessionId);

/** Waits for a frame that `is`, in whatever order frames come. */
const some = (socket: Listener, is: (frame: Frame) => boolean): Promise<Frame> =>
  eventually(() => socket.frames.find(is), { what: "a frame like that" });

async function guests(site: TestSite, n: number): Promise<Person[]> {
  return await Promise.all(Array.from({ length: n }, (_, i) => site.customer(`Guest ${i}`)));
}

test("an agent's socket hears of each session that comes to them, and every word in it", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const socket = await ada.socket(`agentId=${ada.id}`);
  const { sessionId } = await start(linus);
  const session = await socket.next((f) => f.type === "session" && f.sessionId === sessionId);
  assert.deepEqual([session.mode, session.assignedAgent], ["human", ada.id]);
  await say(linus, sessionId, "Hello");
  const { sender, message } = await socket.next(({ message }) => message === "Hello");
  assert.deepEqual([sender, message], ["user", "Hello"]);

  const other = await ada.socket(`agentId=${ada.id}`);
  await other.next((f) => f.type === "session" && f.sessionId === sessionId);
  socket.send({ sessionId, sender: "agent", message: "Hi Linus", clientId: "a1" });
  assert.equal((await socket.type("ack")).clientId, "a1");
  await other.next(({ message }) => message === "Hi Linus");
  assert.ok(!textsOf(socket).includes("Hi Linus"));
  const linusTypes = await linus.socket(`sessionId=${sessionId}`);
  linusTypes.send({ type: "typing" });
  assert.equal((await socket.type("typing")).sessionId, sessionId);
});

test("of a session that goes away and comes back an agent hears each message once", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  const grace = await site.agent("Grace");
  await ok(await grace.post("/api/agent/status", { status: "busy" }));
  const linus = await site.customer("Linus");
  const socket = await ada.socket("");
  const { sessionId } = await start(linus);
  await say(linus, sessionId, "One");
  await socket.next(({ message }) => message === "One");
  for (const { id: agentId } of [grace, ada]) {
    ok(await ada.post("/api/session/transfer", { sessionId, agentId }));
    await eventually(async () => (await info(ada, sessionId)).assignedAgent === agentId);
  }
  await say(linus, sessionId, "Two");
  await socket.next(({ message }) => message === "Two");
  const seqs = of(socket, sessionId, "message").map(({ seq }) => seq);
  assert.deepEqual(seqs, seqs.map((_, index) => index + 1));
});

test("sessions that the agent has already are told on connecting, without what was said before", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  await say(linus, sessionId, "Before");
  await site.clock.move(2_000);
  const socket = await ada.socket("");
  await socket.next((f) => f.type === "session" && f.sessionId === sessionId);
  await say(linus, sessionId, "After");
  await socket.next(({ message }) => message === "After");
  assert.deepEqual(textsOf(socket).filter((text) => /Before|After/.test(text)), ["After"]);
});

test("what is said right after an assignment is heard, once and in order, in each of many sessions", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  ok(await ada.post("/api/agent/status", { capacity: 30 }));
  const customers = await guests(site, 20);
  const socket = await ada.socket(`agentId=${ada.id}`);
  const sessions = await Promise.all(customers.map(async (who) => {
    const { sessionId } = await start(who);
    for (const text of ["one", "two", "three"]) await say(who, sessionId, text);
    return { who, sessionId };
  }));
  for (const { sessionId } of sessions) {
    await some(socket, (f) => f.sessionId === sessionId && f.message === "three");
  }
  for (const { sessionId, who } of sessions) {
    const heard = of(socket, sessionId, "message").filter(({ sender }) => sender === "user");
    assert.deepEqual(heard.map(({ message }) => message), ["one", "two", "three"], who.name);
    const log = await logOf(ada, sessionId);
    const seqs = of(socket, sessionId, "message").map(({ seq }) => seq);
    assert.deepEqual(seqs, [...new Set(seqs)].sort((a, b) => a - b));
    assert.equal(seqs.at(-1), log.at(-1).seq);
  }
});

test("a session that goes to a colleague is heard no more, after word of its going", async () => {
  await using site = await testSite();
  const [ada, grace] = [await site.agent("Ada"), await site.agent("Grace")];
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  const isAdas = (await info(linus, sessionId)).assignedAgent === ada.id;
  const [has, gets] = isAdas ? [ada, grace] : [grace, ada];
  const from = await has.socket("");
  const to = await gets.socket("");
  await from.next((f) => f.type === "session" && f.sessionId === sessionId);
  await say(linus, sessionId, "To the first");
  await from.next(({ message }) => message === "To the first"); // so silence means something
  ok(await act(has, "transfer", sessionId, { agentId: gets.id }));
  await from.next((f) => f.type === "session" && f.assignedAgent === gets.id);
  await to.next((f) => f.type === "session" && f.assignedAgent === gets.id);
  await say(linus, sessionId, "To the second");
  await to.next(({ message }) => message === "To the second");
  assert.ok(await from.silence((f) => f.message === "To the second"));
  assert.ok(!textsOf(from).includes("To the second"));

  ok(await act(gets, "transfer", sessionId, { agentId: has.id }));
  await from.next((f) => f.type === "session" && f.assignedAgent === has.id);
  await say(linus, sessionId, "To the first again");
  await from.next(({ message }) => message === "To the first again");
});

test("an agent hears nothing of a colleague's session", async () => {
  await using site = await testSite();
  const [ada, grace] = [await site.agent("Ada"), await site.agent("Grace")];
  const [linus, barbara] = [await site.customer("Linus"), await site.customer("Barbara")];
  const sockets = [await ada.socket(""), await grace.socket("")];
  for (const who of [linus, barbara]) {
    const { sessionId, assignedAgent } = await start(who);
    await say(who, sessionId, `By ${who.name}`);
    const [mine, others] = assignedAgent === ada.id ? sockets : sockets.toReversed();
    await mine?.next(({ message }) => message === `By ${who.name}`);
    assert.ok(await others?.silence((f) => f.message === `By ${who.name}`, 100));
    assert.ok(others && !textsOf(others).includes(`By ${who.name}`));
  }
});

test("the line's changes are told: who comes, who moves up, who leaves, who is taken", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  ok(await ada.post("/api/agent/status", { status: "busy" }));
  const waiting = await site.customer("Early");
  const early = (await start(waiting)).sessionId;
  ok(await act(waiting, "handoff", early));
  const socket = await ada.socket(`agentId=${ada.id}`);
  const place = async (sessionId: string, queuePosition: number | null) => {
    const frame = await socket.next((f) =>
      f.type === "session" && f.sessionId === sessionId && f.queuePosition === queuePosition
    );
    assert.equal(frame.waiting, queuePosition !== null);
  };
  await place(early, 1); // who waits already is told on connecting
  const [linus, barbara] = [await site.customer("Linus"), await site.customer("Barbara")];
  const [first, second] = [(await start(linus)).sessionId, (await start(barbara)).sessionId];
  ok(await act(linus, "handoff", first));
  await place(first, 2);
  ok(await act(barbara, "handoff", second));
  await place(second, 3);
  ok(await act(linus, "handoff", first, { cancel: true }));
  await some(socket, (f) => f.sessionId === second && f.queuePosition === 2);
  await some(socket, (f) => f.sessionId === first && !f.waiting && f.queuePosition === null);
  ok(await ada.post("/api/agent/status", { status: "available" }));
  await socket.next((f) => f.sessionId === early && f.assignedAgent === ada.id);
});
