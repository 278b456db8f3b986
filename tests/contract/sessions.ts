import assert from "node:assert/strict";
import { newId, type Session } from "../../services/domain.ts";
import {
  asAgent,
  asked,
  at,
  type Cast,
  ended,
  rejects,
  type Test,
  type TestOfTwo,
  times,
} from "./cast.ts";

export function sessionsContract(test: Test, testOfTwo: TestOfTwo): void {
  starting(test, testOfTwo);
  choosing(test);
  moving(test);
  racing(test, testOfTwo);
  ending(test);
  watching(test);
}

function starting(test: Test, testOfTwo: TestOfTwo): void {
  test("without a free agent a session starts with the assistant", async (cast) => {
    const customer = await cast.customer("Linus");
    const id = newId();
    const { session, created } = await cast.store.sessions.start({ id, customer }, at(5));
    assert.equal(created, true);
    assert.deepEqual(session, {
      id,
      userId: customer.id,
      userName: "Linus",
      mode: "ai",
      status: "open",
      createdAt: at(5),
      lastActivity: at(5),
      epoch: session.epoch,
      lastSeq: 0,
      askedSeq: 0,
      answeredSeq: 0,
      misses: 0,
      failures: 0,
      seen: {},
      typing: {},
    });
    assert.deepEqual(await cast.eventKinds(session), ["started"]);
    assert.deepEqual(await cast.told(session), []);
    assert.deepEqual(await cast.store.sessions.find(id), session);
    assert.deepEqual(await cast.store.sessions.openOf(customer.id), session);
  });

  test("with a free agent a session starts with that agent, and says so", async (cast) => {
    const ada = await cast.agent("Ada");
    const session = await cast.start();
    const { mode, assignedAgent, agentName, lastSeq } = session;
    assert.deepEqual([mode, assignedAgent, agentName, lastSeq], ["human", ada.id, "Ada", 1]);
    assert.deepEqual(await cast.told(session), ["system: Ada joined"]);
    const [started, assigned] = await cast.store.sessions.events(session.id);
    assert.equal(started?.kind, "started");
    assert.ok(assigned?.kind === "assigned" && assigned.reason);
    assert.deepEqual([assigned.agentId, assigned.agentName], [ada.id, "Ada"]);
    assert.deepEqual(assigned.at, at(0));
    assert.deepEqual((await cast.agentNow(ada.id)).carrying, 1);
  });

  test("a customer with an open session continues it, and begins anew after its end", async (cast) => {
    const customer = await cast.customer();
    const first = await cast.start(customer);
    const again = await cast.store.sessions.start({ id: newId(), customer }, at(9));
    assert.deepEqual(again, { session: first, created: false });
    await cast.move(first, "closed", [ended]);
    assert.equal(await cast.store.sessions.openOf(customer.id), undefined);
    const next = await cast.store.sessions.start({ id: newId(), customer }, at(10));
    assert.equal(next.created, true);
    assert.notEqual(next.session.id, first.id);
  });

  test("fifty starts of one customer at once begin one session, in one place", async (cast) => {
    const ada = await cast.agent("Ada", { capacity: 9 });
    const customer = await cast.customer();
    const starts = await times(
      50,
      () => cast.store.sessions.start({ id: newId(), customer }, at(0)),
    );
    assert.equal(starts.filter(({ created }) => created).length, 1);
    assert.equal(new Set(starts.map(({ session }) => session.id)).size, 1);
    assert.equal((await cast.agentNow(ada.id)).carrying, 1);
  });

  test("300 starts at once fill twenty agents' three places each, and no place twice", async (cast) => {
    await times(20, () => cast.agent("Ada", { capacity: 3 }));
    const customers = await times(300, () => cast.customer());
    const sessions = await times(300, (index) => cast.start(customers[index]));
    await assertFull(cast, sessions, 60, 3);
  });

  testOfTwo("100 starts at once on two instances give no place twice", async (one, other) => {
    await times(10, () => one.agent("Ada", { capacity: 3 }));
    const customers = await times(100, () => one.customer());
    const sessions = await times(
      100,
      (index) => (index % 2 ? one : other).start(customers[index]),
    );
    await assertFull(one, sessions, 30, 3);
  });

  testOfTwo("one customer's starts on two instances begin one session", async (one, other) => {
    const customer = await one.customer();
    const sessions = await times(20, (index) => (index % 2 ? one : other).start(customer));
    assert.equal(new Set(sessions.map(({ id }) => id)).size, 1);
  });
}

function choosing(test: Test): void {
  test("the agent with the fewest sessions is chosen, then the one idle longest", async (cast) => {
    const grace = await cast.agent("Grace", { capacity: 9, now: at(2) });
    const ada = await cast.agent("Ada", { capacity: 9, now: at(1) });
    const barbara = await cast.agent("Barbara", { capacity: 9, now: at(3) });
    const chosen = [];
    for (const second of [10, 11, 12, 13]) {
      chosen.push((await cast.start(undefined, at(second))).assignedAgent);
    }
    assert.deepEqual(chosen, [ada.id, grace.id, barbara.id, ada.id]);
    const edsger = await cast.agent("Edsger", { now: at(20) });
    assert.equal((await cast.start(undefined, at(21))).assignedAgent, edsger.id);
  });

  test("an agent is idle since the last session ended or since becoming available", async (cast) => {
    const { agents } = cast.store;
    const ada = await cast.agent("Ada", { capacity: 2, now: at(1) });
    const grace = await cast.agent("Grace", { capacity: 2, now: at(2) });
    const first = await cast.start(undefined, at(3));
    assert.equal(first.assignedAgent, ada.id);
    await cast.move(first, "closed", [ended], at(4));
    const second = await cast.start(undefined, at(5));
    assert.equal(second.assignedAgent, grace.id);
    await cast.move(second, "closed", [ended], at(6));
    await agents.set(ada.id, { chosen: "busy" }, at(7));
    await agents.set(ada.id, { chosen: "available" }, at(8));
    assert.equal((await cast.start(undefined, at(9))).assignedAgent, grace.id);
  });

  test("agents who are busy, offline, gone or full get nothing", async (cast) => {
    await cast.agent("Ada", { chosen: "busy" });
    await cast.agent("Grace", { chosen: "offline" });
    await cast.newcomer("Edsger");
    const barbara = await cast.agent("Barbara", { capacity: 1 });
    assert.equal((await cast.start()).assignedAgent, barbara.id);
    assert.equal((await cast.start()).mode, "ai");
    await cast.agent("Tony");
    assert.equal((await cast.start(undefined, at(100_001))).mode, "ai", "the lease has ended");
  });
}

function moving(test: Test): void {
  test("a session moves to the line, and keeps its place there", async (cast) => {
    const ada = await cast.agent("Ada");
    const session = await cast.start();
    const waiting = await cast.move(session, "waiting", [asked], at(5));
    assert.equal(waiting.epoch > session.epoch, true);
    assert.deepEqual([waiting.mode, waiting.waitingSince], ["ai", at(5)]);
    assert.equal("assignedAgent" in waiting || "agentName" in waiting, false);
    assert.equal((await cast.agentNow(ada.id)).carrying, 0);
    const still = await cast.move(session, "waiting", [], at(8));
    assert.deepEqual(still.waitingSince, at(5));
    const out = await cast.move(session, "ai", [{ kind: "left_line", by: "Linus" }], at(9));
    assert.equal("waitingSince" in out, false);
    assert.deepEqual(await cast.told(session), [
      "system: Ada joined",
      "system: Linus asked for a person",
      "system: Linus left the line",
    ]);
  });

  test("a session moves to the free agent, whose name is filled in", async (cast) => {
    const session = await cast.start();
    await cast.move(session, "waiting");
    const ada = await cast.agent("Ada");
    const moved = await cast.move(
      session,
      "free",
      [asked, { kind: "assigned", reason: "Free" }],
      at(7),
    );
    assert.deepEqual([moved.mode, moved.assignedAgent, moved.agentName], ["human", ada.id, "Ada"]);
    assert.equal("waitingSince" in moved, false);
    const last = (await cast.store.sessions.events(session.id)).at(-1);
    const filledIn = { kind: "assigned", agentId: ada.id, agentName: "Ada", reason: "Free" };
    assert.deepEqual(last, { ...filledIn, id: last?.id, at: at(7) });
    assert.equal((await cast.agentNow(ada.id)).status, "busy");
  });

  test("with nobody free nothing is done", async (cast) => {
    const session = await cast.start();
    const events = [asked, { kind: "assigned", reason: "Free" }] as const;
    assert.equal(await cast.store.sessions.move(session, "free", events, at(7)), "nobody");
    assert.deepEqual(await cast.sessionNow(session), session);
    assert.deepEqual(await cast.eventKinds(session), ["started"]);
    assert.deepEqual(await cast.told(session), []);
  });

  test("a session moves to a named agent, capacity or not, and both loads are counted", async (cast) => {
    const ada = await cast.agent("Ada", { now: at(1) });
    const grace = await cast.agent("Grace", { now: at(2) });
    const [first, second] = [await cast.start(), await cast.start()];
    assert.deepEqual([first.assignedAgent, second.assignedAgent], [ada.id, grace.id]);
    const transferred = { by: "Ada", agentId: grace.id, agentName: "Grace", note: "Please help" };
    const moved = await cast.move(first, { agentId: grace.id }, [
      { kind: "transferred", ...transferred },
    ]);
    assert.equal(moved.assignedAgent, grace.id);
    assert.equal(moved.agentName, "Grace");
    const loads = [await cast.agentNow(ada.id), await cast.agentNow(grace.id)];
    assert.deepEqual(loads.map(({ carrying }) => carrying), [0, 2]);
    assert.deepEqual(loads.map(({ status }) => status), ["available", "busy"]);
    assert.deepEqual(await cast.told(first), ["system: Ada joined", "system: Grace joined"]);
    await rejects(cast.move(first, { agentId: newId() }), "not_found");
  });

  test("each event is kept in order, and those with a line write it at the next seq", async (cast) => {
    const session = await cast.start();
    const events = [
      asked,
      { kind: "answered", outcome: "no_match", articles: ["returns"] },
      { kind: "handed_back", by: "Ada", note: "Only for colleagues" },
      ended,
    ] as const;
    await cast.asks(session, "Hello?");
    const moved = await cast.move(session, "ai", events, at(7));
    const kept = await cast.store.sessions.events(session.id);
    assert.deepEqual(kept.slice(1).map(({ id: _, at: __, ...event }) => event), events);
    assert.ok(kept.every(({ id }) => /^[0-9a-f]{24}$/.test(id)));
    const log = await cast.log(session);
    assert.deepEqual(log.map(({ seq }) => seq), [1, 2, 3, 4]);
    assert.deepEqual(log[1], {
      id: log[1]?.id,
      sessionId: session.id,
      seq: 2,
      sender: "system",
      senderName: "System",
      text: "Linus asked for a person",
      timestamp: at(7),
    });
    assert.deepEqual([moved.lastSeq, moved.askedSeq, moved.answeredSeq], [4, 1, 0]);
    assert.deepEqual(moved.lastActivity, at(7));
    assert.equal(moved.lastMessage?.text, "Hello?");
  });

  test("a move forgets misses and failures", async (cast) => {
    const session = await cast.start();
    await cast.asks(session, "One?");
    await cast.answers(session, "Nothing found", { misses: 1, failures: 1 });
    const before = await cast.sessionNow(session);
    assert.deepEqual([before.misses, before.failures], [1, 1]);
    const moved = await cast.move(session, "waiting", [asked]);
    assert.deepEqual([moved.misses, moved.failures], [0, 0]);
  });
}

function racing(test: Test, testOfTwo: TestOfTwo): void {
  test("a move from an old reading changes nothing", async (cast) => {
    const read = await cast.start();
    const moved = await cast.move(read, "waiting", [asked]);
    assert.equal(await cast.store.sessions.move(read, "ai", [ended], at(5)), "changed");
    assert.deepEqual(await cast.sessionNow(read), moved);
    assert.deepEqual(await cast.eventKinds(read), ["started", "asked"]);
  });

  test("a message does not make a reading old", async (cast) => {
    const read = await cast.start();
    await cast.asks(read, "Hello?");
    assert.equal(typeof await cast.store.sessions.move(read, "waiting", [], at(5)), "object");
  });

  test("of ten agents who take a session over at once one has it", async (cast) => {
    const agents = await times(10, (index) => cast.agent(`Agent ${index}`, { chosen: "busy" }));
    await assertOneTakes(agents.map(() => cast), cast, agents);
  });

  testOfTwo(
    "of ten agents on two instances who take a session over one has it",
    async (one, other) => {
      const agents = await times(10, (index) => one.agent(`Agent ${index}`, { chosen: "busy" }));
      await assertOneTakes(agents.map((_, index) => index % 2 ? one : other), one, agents);
    },
  );

  test("sessions in line that fall to one free place at once get it once", async (cast) => {
    const sessions = await times(10, () => cast.start());
    const waiting = await times(10, (index) => cast.move(sessions[index]!, "waiting"));
    const ada = await cast.agent("Ada", { capacity: 1 });
    const moves = await times(
      10,
      (index) => cast.store.sessions.move(waiting[index]!, "free", [], at(9)),
    );
    assert.equal(moves.filter((moved) => moved === "nobody").length, 9);
    assert.equal((await cast.agentNow(ada.id)).carrying, 1);
  });

  test("a free place is for those in line, while there is a line", async (cast) => {
    const talking = await cast.start();
    const first = await cast.move(await cast.start(), "waiting");
    const ada = await cast.agent("Ada", { capacity: 1 });
    const late = await cast.start();
    assert.deepEqual([late.mode, late.assignedAgent], ["ai", undefined]);
    assert.deepEqual(await cast.eventKinds(late), ["started"]);
    const ahead = await cast.store.sessions.move(talking, "free", [], at(9));
    assert.ok(ahead === "nobody" || ahead === "changed");
    assert.equal((await cast.store.sessions.find(talking.id))?.mode, "ai");
    assert.deepEqual(await cast.told(talking), []);
    assert.equal((await cast.agentNow(ada.id)).carrying, 0);
    assert.equal((await cast.move(first, "free")).assignedAgent, ada.id);
    assert.equal((await cast.agentNow(ada.id)).carrying, 1);
  });
}

function ending(test: Test): void {
  test("a closed session frees the place, keeps who had it, and is closed for good", async (cast) => {
    const ada = await cast.agent("Ada");
    const session = await cast.start();
    const closed = await cast.move(session, "closed", [ended], at(9));
    assert.deepEqual([closed.status, closed.closedAt], ["closed", at(9)]);
    assert.deepEqual([closed.assignedAgent, closed.agentName], [ada.id, "Ada"]);
    assert.deepEqual(await cast.told(session), [
      "system: Ada joined",
      "system: Linus ended the chat",
    ]);
    assert.equal((await cast.agentNow(ada.id)).status, "available");
    await rejects(cast.move(session, "ai"), "closed");
    await rejects(cast.move(session, { agentId: ada.id }), "closed");
    assert.deepEqual(await cast.sessionNow(session), closed);
  });

  test("a session that is closed while waiting leaves the line", async (cast) => {
    const session = await cast.start();
    await cast.move(session, "waiting");
    assert.equal("waitingSince" in await cast.move(session, "closed"), false);
    assert.equal(await cast.store.sessions.nextWaiting(), undefined);
  });

  test("a closed session is rated, again replaces, and an open one is not", async (cast) => {
    const { sessions } = cast.store;
    const session = await cast.start();
    await rejects(sessions.rate(session.id, 5, undefined, at(1)), "still_open");
    await rejects(sessions.rate(newId(), 5, undefined, at(1)), "not_found");
    const closed = await cast.move(session, "closed");
    const rated = await sessions.rate(session.id, 4, "Kind", at(2));
    assert.deepEqual(rated, { ...closed, rating: 4, ratingComment: "Kind" });
    const again = await sessions.rate(session.id, 2, undefined, at(3));
    assert.deepEqual(again, { ...closed, rating: 2 });
    assert.deepEqual(await cast.sessionNow(session), again);
    assert.deepEqual(await cast.eventKinds(session), ["started", "rated", "rated"]);
  });
}

function watching(test: Test): void {
  test("how far a side has seen never goes back, nor beyond the last message", async (cast) => {
    const { sessions } = cast.store;
    const session = await cast.start();
    for (const text of ["One", "Two", "Three"]) await cast.asks(session, text);
    const seen = async () => (await cast.sessionNow(session)).seen;
    await sessions.seen(session.id, "agent", 0, at(4));
    assert.deepEqual(await seen(), {});
    await sessions.seen(session.id, "agent", 2, at(5));
    assert.deepEqual(await seen(), { agent: { seq: 2, at: at(5) } });
    await sessions.seen(session.id, "agent", 1, at(6));
    assert.deepEqual(await seen(), { agent: { seq: 2, at: at(5) } });
    await sessions.seen(session.id, "agent", 99, at(7));
    await sessions.seen(session.id, "user", 1, at(8));
    assert.deepEqual(await seen(), { agent: { seq: 3, at: at(7) }, user: { seq: 1, at: at(8) } });
  });

  test("typing is kept for each side, and ends with that side's message", async (cast) => {
    const { sessions } = cast.store;
    const ada = await cast.agent("Ada");
    const session = await cast.start();
    await sessions.typing(session.id, "user", at(6));
    await sessions.typing(session.id, "agent", at(7));
    assert.deepEqual((await cast.sessionNow(session)).typing, { user: at(6), agent: at(7) });
    await cast.asks(session, "Hello?");
    assert.deepEqual((await cast.sessionNow(session)).typing, { agent: at(7) });
    await sessions.typing(session.id, "user", at(8));
    await cast.append(session, asAgent(ada), "Hello!");
    assert.deepEqual((await cast.sessionNow(session)).typing, { user: at(8) });
    await cast.asks(session, "Hello!");
    assert.deepEqual((await cast.sessionNow(session)).typing, {});
  });
}

async function assertFull(cast: Cast, sessions: readonly Session[], places: number, each: number) {
  assert.equal(sessions.filter(({ mode }) => mode === "human").length, places);
  const carried = Map.groupBy(sessions, ({ assignedAgent }) => assignedAgent);
  carried.delete(undefined);
  for (const mine of carried.values()) assert.equal(mine.length, each);
  for (const agent of await cast.store.agents.all()) {
    assert.deepEqual([agent.carrying, agent.status], [each, "busy"]);
  }
}

/** Each of `agents` takes over on one of the instances. */
async function assertOneTakes(
  instances: readonly Cast[],
  cast: Cast,
  agents: readonly { id: string; name: string }[],
): Promise<void> {
  const session = await cast.start();
  const moves = await times(agents.length, (index) => {
    const { id: agentId, name: agentName } = agents[index]!;
    const event = { kind: "taken_over", agentId, agentName, from: "ai" } as const;
    return instances[index]!.store.sessions.move(session, { agentId }, [event], at(3));
  });
  const won = moves.flatMap((moved, index) => typeof moved === "object" ? [index] : []);
  assert.equal(won.length, 1);
  const winner = agents[won[0]!]!;
  assert.equal((await cast.sessionNow(session)).assignedAgent, winner.id);
  assert.deepEqual(await cast.told(session), [`system: ${winner.name} joined`]);
  assert.equal(moves.filter((moved) => moved === "changed").length, agents.length - 1);
}
