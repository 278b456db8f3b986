/** Who gets a session: the choice of an agent, places that fill and free, and the line (SPEC rules 2.1, 2.3). */
import assert from "node:assert/strict";
import { freshData, freshStore } from "./databases.ts";
import { testOnEachStore as test } from "./each_store.ts";
import { eventually, MovableClock, type Person, type TestSite, testSite } from "./helpers.ts";
import {
  act,
  info,
  isFrom,
  logOf,
  ok,
  refused,
  say,
  setStatus,
  start,
  statusOf,
  untilInfo,
  untilSaid,
} from "./talk.ts";

const times = <T>(n: number, work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: n }, (_, index) => work(index)));

/** Customers in line, the first waiting longest. */
async function line(site: TestSite, ...names: string[]) {
  const waiting = [];
  for (const name of names) {
    const who = await site.customer(name);
    const { sessionId } = await start(who);
    const asked = ok(await act(who, "handoff", sessionId));
    assert.deepEqual([asked.waiting, asked.queuePosition], [true, waiting.length + 1]);
    waiting.push({ who, sessionId });
    await site.clock.move(10);
  }
  return waiting as [typeof waiting[number], ...typeof waiting];
}

/** Asserts that of `waiting` the first has gone to `agent` within a second, and the rest have not. */
async function firstGoesTo(agent: Person, waiting: Awaited<ReturnType<typeof line>>) {
  const [{ who, sessionId }, ...rest] = waiting;
  const now = await untilInfo(who, sessionId, ({ mode }) => mode === "human", 1_000);
  assert.deepEqual([now.assignedAgent, now.agentName, now.waiting], [agent.id, agent.name, false]);
  for (const [index, other] of rest.entries()) {
    const still = await untilInfo(other.who, other.sessionId, (s) => s.queuePosition === index + 1);
    assert.deepEqual([still.mode, still.waiting], ["ai", true]);
  }
}

// ---- whom -----------------------------------------------------------------------------------------

test("the agent with the fewest open sessions is chosen, then the one idle longest", async () => {
  await using site = await testSite({ env: { AGENT_CAPACITY: "3" } });
  const agents: Person[] = [];
  for (const name of ["Ada", "Grace", "Mary"]) {
    agents.push(await site.agent(name));
    await site.clock.move(1_000);
  }
  const chosen: string[] = [];
  const sessions: { who: Person; sessionId: string }[] = [];
  const next = async (name: string) => {
    const who = await site.customer(name);
    const { sessionId, agentName } = await start(who);
    sessions.push({ who, sessionId });
    chosen.push(agentName);
    await site.clock.move(1_000);
  };
  for (const name of ["A", "B", "C"]) await next(name); // each has none: who has sat there longest
  assert.deepEqual(chosen, ["Ada", "Grace", "Mary"]);
  ok(await act(sessions[1]!.who, "end", sessions[1]!.sessionId));
  await next("D"); // Grace has none, the others one
  assert.equal(chosen.at(-1), "Grace");
  await next("E"); // all have one; Ada has been given nothing for the longest time
  assert.equal(chosen.at(-1), "Ada");
});

test("an agent whose sessions reach their capacity becomes busy, and available again when one ends", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  assert.deepEqual(await setStatus(ada, { capacity: 2 }), {
    agentId: ada.id,
    status: "available",
    capacity: 2,
  });
  const first = await start(await site.customer("A"));
  assert.equal(await statusOf(ada), "available");
  await start(await site.customer("B"));
  assert.equal(await statusOf(ada), "busy");
  assert.equal((await setStatus(ada, { status: "available" })).status, "busy");
  assert.equal((await start(await site.customer("C"))).mode, "ai");
  ok(await act(ada, "end", first.sessionId));
  assert.equal(await statusOf(ada), "available");
});

test("busy and offline set by hand give nobody away, and stay", async () => {
  await using site = await testSite({ env: { AGENT_CAPACITY: "2" } });
  const ada = await site.agent("Ada");
  const first = await start(await site.customer("A"));
  for (const status of ["busy", "offline"]) {
    assert.equal((await setStatus(ada, { status })).status, status);
    assert.equal((await start(await site.customer(status))).mode, "ai");
    assert.equal((await info(ada, first.sessionId)).assignedAgent, ada.id);
    assert.equal(await statusOf(ada), status);
  }
  await setStatus(ada, { status: "busy" });
  ok(await act(ada, "end", first.sessionId));
  assert.equal(await statusOf(ada), "busy"); // a place that frees doesn't overrule the hand
  refused(await ada.post("/api/agent/status", { status: "sleeping" }), 422, "invalid");
  for (const capacity of [0, -1, 1.5, "2", 101]) {
    refused(await ada.post("/api/agent/status", { capacity }), 422, "invalid");
  }
  const grace = await site.agent("Grace");
  refused(await grace.post("/api/agent/status", { agentId: ada.id, status: "busy" }), 403);
});

test("however many start at once, no place is given twice", async () => {
  await using data = freshData();
  await using one = await data.open();
  await using two = await data.open();
  await using site = await testSite({ store: one, env: { AGENT_CAPACITY: "2" } });
  await using other = await testSite({ store: two, env: { AGENT_CAPACITY: "2" } });
  const agents = [await site.agent("Ada"), await site.agent("Grace"), await site.agent("Mary")];
  const customers = await times(14, (i) => site.customer(`Guest ${i}`));
  const started = await Promise.all(
    customers.map((who, i) => start(i % 2 ? who : other.known(who))),
  );
  const had = started.map(({ assignedAgent }) => assignedAgent);
  assert.equal(had.filter((id) => id === null).length, 14 - 6);
  for (const { id } of agents) assert.equal(had.filter((agent) => agent === id).length, 2);
});

test("starting again, even in parallel, continues the open session", async () => {
  await using site = await testSite();
  const linus = await site.customer("Linus");
  const answers = await times(8, () => linus.post("/api/session/start", {}));
  assert.equal(new Set(answers.map(({ body }) => body.sessionId)).size, 1);
  assert.deepEqual(answers.map(({ status }) => status).sort(), [...Array(7).fill(200), 201]);
  const [{ body: first }] = answers as [typeof answers[0]];
  for (const userId of [linus.id, linus.email, "LINUS@Example.com"]) {
    const again = await linus.post("/api/session/start", { userId, agentId: "ignored" });
    assert.deepEqual([again.status, again.body.sessionId], [200, first.sessionId]);
  }
  const barbara = await site.customer("Barbara");
  for (const userId of [barbara.id, barbara.email, "nobody@example.com"]) {
    refused(await linus.post("/api/session/start", { userId }), 403, "forbidden");
  }
  const ada = await site.agent("Ada");
  refused(await ada.post("/api/session/start", {}), 403, "forbidden");
  ok(await act(linus, "end", first.sessionId));
  const next = await linus.post("/api/session/start", {});
  assert.equal(next.status, 201);
  assert.notEqual(next.body.sessionId, first.sessionId);
});

// ---- places that free -------------------------------------------------------------------------------

test("a place that frees goes to the longest waiting: by signing in", async () => {
  await using site = await testSite();
  const waiting = await line(site, "A", "B", "C");
  await firstGoesTo(await site.agent("Ada"), waiting);
});

test("a place that frees goes to the longest waiting: by setting oneself available", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  await setStatus(ada, { status: "busy" });
  const waiting = await line(site, "A", "B", "C");
  await setStatus(ada, { status: "available" });
  await firstGoesTo(ada, waiting);
});

test("a place that frees goes to the longest waiting: by an end, whoever ends it", async () => {
  for (const ender of ["agent", "customer"]) {
    await using site = await testSite();
    const ada = await site.agent("Ada");
    const linus = await site.customer("Linus");
    const { sessionId } = await start(linus);
    const waiting = await line(site, "A", "B", "C");
    ok(await act(ender === "agent" ? ada : linus, "end", sessionId));
    await firstGoesTo(ada, waiting);
  }
});

test("places that free go to the longest waiting: by a raised capacity", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  await start(await site.customer("Linus"));
  const waiting = await line(site, "A", "B", "C", "D");
  await setStatus(ada, { capacity: 3 });
  const [first, ...rest] = waiting;
  await untilInfo(first.who, first.sessionId, ({ mode }) => mode === "human", 1_000);
  await firstGoesTo(ada, rest as unknown as typeof waiting);
});

test("a place that frees goes to the longest waiting: by a transfer to a colleague or to the AI", async () => {
  for (const to of ["Grace", "ai"]) {
    await using site = await testSite();
    const ada = await site.agent("Ada");
    const { sessionId } = await start(await site.customer("Linus"));
    const grace = await site.agent("Grace");
    await setStatus(grace, { status: "busy" });
    const waiting = await line(site, "A", "B", "C");
    ok(await act(ada, "transfer", sessionId, { agentId: to === "ai" ? "ai" : grace.id }));
    await firstGoesTo(ada, waiting);
  }
});

test("a place that frees on one instance goes to who waits on another", async () => {
  await using data = freshData();
  await using one = await data.open();
  await using two = await data.open();
  await using site = await testSite({ store: one });
  await using other = await testSite({ store: two });
  const waiting = await line(site, "A", "B");
  const ada = await other.agent("Ada");
  await firstGoesTo(ada, waiting);
});

test("who starts at the moment a place frees never gets ahead of who waits", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  for (let round = 0; round < 12; round++) {
    await setStatus(ada, { status: "busy" });
    const waiting = await site.customer(`Waiting ${round}`);
    const { sessionId } = await start(waiting);
    ok(await act(waiting, "handoff", sessionId));
    const late = await times(4, (i) => site.customer(`Late ${round} ${i}`));
    const [, ...started] = await Promise.all([
      setStatus(ada, { status: "available" }),
      ...late.map(start),
    ]);
    await untilInfo(waiting, sessionId, ({ mode }) => mode === "human", 1_000);
    assert.deepEqual(started.map(({ mode }) => mode), ["ai", "ai", "ai", "ai"], `round ${round}`);
    ok(await act(ada, "end", sessionId));
  }
});

// ---- sessions that nobody ends ------------------------------------------------------------------------

test("a session in which nothing was written for ten minutes is closed, and its place freed", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  await using _desk = await ada.socket("");
  const [silent, talks] = [await site.customer("Silent"), await site.customer("Talks")];
  const first = await start(silent);
  const second = await start(talks);
  await say(talks, second.sessionId, "Hello");
  await site.clock.move(9 * 60_000 + 50_000);
  assert.equal((await info(silent, first.sessionId)).status, "open");
  await site.clock.move(20_000);
  const closed = await untilInfo(silent, first.sessionId, ({ status }) => status === "closed");
  assert.ok(closed.closedAt);
  assert.equal((await info(talks, second.sessionId)).status, "open");
  assert.equal((await logOf(silent, first.sessionId)).at(-1).sender, "system");
  await eventually(async () => await statusOf(ada) === "available");
});

test("a session idle for a day is closed", async () => {
  await using store = await freshStore();
  const sessions: { who: Person; sessionId: string }[] = [];
  for (const hoursAgo of [25, 23]) {
    await using past = await testSite({ store, clock: new MovableClock(-hoursAgo * 3_600_000) });
    const who = await past.customer(`${hoursAgo} hours`);
    const { sessionId } = await start(who);
    await say(who, sessionId, "Hello");
    await untilSaid(who, sessionId, isFrom("ai")); // else the next site's answer would be activity
    sessions.push({ who, sessionId });
  }
  await using site = await testSite({ store });
  const [old, young] = sessions.map(({ who, sessionId }) => ({ who: site.known(who), sessionId }));
  await untilInfo(old!.who, old!.sessionId, ({ status }) => status === "closed");
  assert.equal((await info(young!.who, young!.sessionId)).status, "open");
});
