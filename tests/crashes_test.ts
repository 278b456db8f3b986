/** The process dies anywhere, the disk is full, the file can't be written: what was acknowledged stays, and all goes on. */
import assert from "node:assert/strict";
import { TIMES } from "../services/domain.ts";
import { chance, guests, hire, print, range, started, times } from "./crowd.ts";
import { type Data, freshData, rounds } from "./databases.ts";
import { testOnEachStore } from "./each_store.ts";
import { eventually, MovableClock, pause, test, testSite } from "./helpers.ts";
import { onSmallDisk, outlives, readOnly, withPagesCounted } from "./outage.ts";
import { type Server, startServer } from "./process.ts";
import { assertStored, Talker } from "./talker.ts";

// ---- 7: kill -9 ---------------------------------------------------------------------------------

const SEED = 7_200_727;
const ROUNDS = 10;
const AGENTS = 10;
const CAPACITY = 3;
/** 30 of them get an agent, the others talk to the assistant; each agent answers one. */
const CUSTOMERS = 40;
/** Unacknowledged messages that each socket keeps on the way. */
const AHEAD = 4;
/** A process lives this long under load, in milliseconds, at random: on MongoDB everything takes longer here. */
const LIVES = { least: [200, 900], most: [900, 3_000] } as const;

/** Looks at the database with eyes of its own. */
const check = async (data: Data, talkers: readonly Talker[], what: string): Promise<number> =>
  assertStored(await data.messages(), talkers, what);

async function hireTalkers(url: string, data: Data): Promise<Talker[]> {
  await using store = await data.open();
  const staff = await times(
    AGENTS,
    (i) => hire(store, `Agent ${i}`, { capacity: CAPACITY, lease: TIMES.presence }),
  );
  const customers = await guests([url], CUSTOMERS);
  const sessions = await Promise.all(customers.map((who) => started(who, url)));
  const talkers = customers.map((who, i) => new Talker(who, sessions[i].sessionId, who.name));
  for (const agent of staff) {
    const theirs = sessions.find(({ assignedAgent }) => assignedAgent === agent.id);
    assert.ok(theirs);
    talkers.push(new Talker(agent, theirs.sessionId, agent.name));
  }
  for (const talker of talkers) {
    talker.onAck = () => talker.say();
    for (const _ of range(1, AHEAD)) talker.say();
  }
  return talkers;
}

testOnEachStore(
  "killed ten times under the load of 50 sockets, it loses and repeats nothing that it acknowledged",
  async () => {
    await using data = freshData();
    const { env } = data;
    const { between } = chance(SEED);
    let server: Server = await startServer({ env });
    const talkers = await hireTalkers(server.url, data).finally(() => server.kill());
    let acknowledged = 0;
    for (const round of range(1, ROUNDS)) {
      const what = `seed ${SEED}, round ${round}`;
      server = await startServer({ env });
      await using _ = server;
      await check(data, talkers, what);
      const gone = talkers.map((talker) => talker.connect(server.url));
      await pause(between(rounds(...LIVES.least), rounds(...LIVES.most)));
      await server.kill();
      await Promise.all(gone);
      acknowledged = talkers.reduce((sum, { acked }) => sum + acked.size, 0);
    }

    for (const talker of talkers) talker.onAck = () => {};
    server = await startServer({ env });
    await using _ = server;
    const gone = talkers.map((talker) => talker.connect(server.url));
    await eventually(() => talkers.every(({ unacked }) => unacked === 0), { within: 20_000 });
    await assistantIsDone(data);
    for (const talker of talkers) {
      const last = async () => (await talker.who.log(server.url, talker.sessionId)).length;
      await eventually(async () => talker.contiguous >= await last());
      talker.hangUp();
    }
    await Promise.all(gone);
    for (const talker of talkers) {
      talker.checkAgainst(await talker.who.log(server.url, talker.sessionId));
      assert.ok(talker.connections > ROUNDS / 2);
    }
    await server.kill();
    const total = await check(data, talkers, "in the end");
    const resent = talkers.reduce((sum, talker) => sum + talker.resent, 0);
    assert.ok(acknowledged > 10 * talkers.length, `${acknowledged} is no load`);
    print(
      `kill -9: ${ROUNDS} rounds, ${talkers.length} sockets, ${acknowledged} acknowledged before, ` +
        `${total} in the end (${resent} sent again), 0 lost, 0 twice`,
    );
    await placesAreGivenBack(data);
  },
);

/** Says no more: nothing is left that it would answer. */
async function assistantIsDone(data: Data): Promise<void> {
  await using store = await data.open();
  const late = new Date(Date.now() + TIMES.idle);
  const isDone = async () => (await store.sessions.unanswered(late, 1)).length === 0;
  await eventually(isDone, { within: 30_000, what: "the last answer" });
}

/** A second site with a clock of its own takes over the database of the dead one. */
async function placesAreGivenBack(data: Data): Promise<void> {
  await using store = await data.open();
  const clock = new MovableClock();
  await using site = await testSite({ store, clock });
  const grace = await hire(store, "Grace", { capacity: 12 });
  const dead = (await store.agents.all()).filter(({ id }) => id !== grace.id);
  const now = () => Promise.all(dead.map(async ({ id }) => await store.agents.find(id)));
  const carried = async () => (await now()).reduce((sum, agent) => sum + (agent?.carrying ?? 0), 0);
  const statuses = async () => [...new Set((await now()).map((agent) => agent?.status))];
  await site.site.sweeps.sweep();
  assert.equal(await carried(), AGENTS * CAPACITY, "held while they may come back");

  await clock.move(TIMES.presence + 1_000);
  await eventually(async () => !(await statuses()).some((status) => status !== "offline"));
  await site.site.sweeps.sweep();
  assert.equal(await carried(), AGENTS * CAPACITY, "held for a minute more");

  await clock.move(TIMES.releaseAfter + 1_000);
  await eventually(async () => await carried() === 0, { what: "giving the places back" });
  assert.equal((await store.agents.find(grace.id))?.carrying, 12);
  const { waiting } = await store.sessions.counts(grace.id);
  assert.ok(waiting >= AGENTS * CAPACITY - 12, `${waiting} wait`);
  print(`${AGENTS * CAPACITY} places of ${AGENTS} dead agents: given back within the grace`);
}

// ---- 8: nowhere to write ------------------------------------------------------------------------

test("on a full disk a send is refused, nothing acknowledged is lost, and it recovers by itself", async () => {
  await using broken = await onSmallDisk() ?? await withPagesCounted();
  await outlives(broken);
});

test("with no page more to be had a send is refused, nothing is lost, and it recovers by itself", async () => {
  await using broken = await withPagesCounted();
  await outlives(broken);
});

test("with a file that can't be written a send is refused, nothing is lost, and it recovers by itself", async () => {
  await using broken = await readOnly();
  await outlives(broken);
});
