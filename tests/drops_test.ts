/** Connections that break all the time: nothing is lost, nothing comes twice, everything in order. */
import assert from "node:assert/strict";
import { openSqlite } from "../services/sqlite/open.ts";
import { chance, guests, hire, print, range, type Someone, started, times } from "./crowd.ts";
import { eventually, pause, test } from "./helpers.ts";
import { freshFile, startServer } from "./process.ts";
import { Proxy } from "./proxy.ts";
import { Talker } from "./talker.ts";

const SEED = 9_200_727;
const PAIRS = 25;
const LASTS = 60_000;
const DROP_EVERY = 2_000;
/** Milliseconds between two messages of one client, at random. */
const SAYS_EVERY = [50, 250] as const;

test("with every connection dropped each 2 s for a minute, 50 clients get each message once and in order", async () => {
  await using fresh = freshFile();
  await using server = await startServer({ file: fresh.file });
  await using store = await openSqlite({ file: fresh.file });
  await using proxy = new Proxy(server.url, { seed: SEED, delay: 8 });
  const { between } = chance(SEED);
  // an agent for each customer, so that both write
  const staff = await times(PAIRS, (i) => hire(store, `Agent ${i}`));
  const customers = await guests([server.url], PAIRS);
  const talkers = (await Promise.all(customers.map(async (customer, i) => {
    const { sessionId, assignedAgent } = await started(customer, server.url);
    const agent = staff.find(({ id }) => id === assignedAgent);
    assert.ok(agent);
    return [
      new Talker(customer, sessionId, `customer ${i}`),
      new Talker(agent, sessionId, `agent ${i}`),
    ];
  }))).flat();

  let isOver = false;
  const staying = talkers.map(async (talker) => {
    while (!isOver) {
      await talker.connect(proxy.url);
      await pause(between(0, 100)); // as clients do, or all would knock at once
    }
  });
  const until = Date.now() + LASTS;
  const talking = talkers.map(async (talker) => {
    for (; Date.now() < until; await pause(between(...SAYS_EVERY))) talker.say();
  });
  const dropping = (async () => {
    for (let at = Date.now() + DROP_EVERY; at <= until; at += DROP_EVERY) {
      await pause(at - Date.now());
      proxy.drop();
    }
  })();
  await Promise.all([...talking, dropping]);

  const logs = new Map<string, Awaited<ReturnType<Someone["log"]>>>();
  await eventually(() => talkers.every(({ unacked }) => unacked === 0), { what: "the last ack" });
  for (const { who, sessionId } of talkers) {
    if (!logs.has(sessionId)) logs.set(sessionId, await who.log(server.url, sessionId));
  }
  const logOf = ({ sessionId }: Talker) => logs.get(sessionId) ?? [];
  await eventually(() => talkers.every((talker) => talker.contiguous >= logOf(talker).length), {
    what: "the last message",
  });
  isOver = true;
  for (const talker of talkers) talker.hangUp();
  await Promise.all(staying);

  for (const talker of talkers) {
    talker.checkAgainst(logOf(talker));
    assert.ok(talker.connections > LASTS / DROP_EVERY / 2, "it was dropped all the time");
  }
  for (const log of logs.values()) {
    assert.deepEqual(log.map(({ seq }) => seq), range(1, log.length));
  }
  const sum = (of: (talker: Talker) => number) => talkers.reduce((all, one) => all + of(one), 0);
  const resent = sum((talker) => talker.resent);
  assert.ok(resent > 0 && proxy.lost > 0); // else the connections broke at harmless moments only
  print(
    `${proxy.cut} connections cut, ${proxy.lost} bytes lost: ${sum(({ acked }) => acked.size)} ` +
      `messages (${resent} sent again), ${sum(({ heard }) => heard.length)} arrived, each once`,
  );
});
