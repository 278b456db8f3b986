/** A server that refuses, closes connections, isn't primary, can't keep what it wrote, or is killed and comes back. */
import assert from "node:assert/strict";
import type { Db, Document } from "mongodb";
import { openMongo } from "../../services/mongo/open.ts";
import { type Message, newId } from "../../services/domain.ts";
import { asCustomer, at, Cast, times } from "../contract/cast.ts";
import { type Kind, startServer } from "../mongod.ts";
import type { Test } from "./home.ts";

/** It soon looks again for one that said it isn't primary; one that really wasn't would tell when it is. */
export const LOOKS_SOON = { serverMonitoringMode: "poll", minHeartbeatFrequencyMS: 50 } as const;

const COMMANDS = ["findAndModify", "insert", "update", "find"];
const FAILURES: readonly Document[] = [
  { closeConnection: true },
  { errorCode: 10107 }, // not primary
  { errorCode: 11600 }, // interrupted at shutdown
  { writeConcernError: { code: 91, errmsg: "Replication is being shut down" } },
  { writeConcernError: { code: 64, errmsg: "waiting for replication timed out" } },
];

export function failing(test: Test): void {
  test("whatever fails, and however: what is acknowledged is stored, and once", async (home) => {
    if (!await home.raw(hasFailPoints)) return;
    const cast = await home.cast();
    const session = await cast.start();
    const acknowledged: Message[] = [];
    for (const failure of FAILURES) {
      for (const command of COMMANDS) {
        for (const times of [1, 3]) {
          await home.raw((db) => arm(db, { failCommands: [command], ...failure }, { times }));
          const draft = { text: `${command} ${JSON.stringify(failure)}`, clientId: newId() };
          acknowledged.push(await until(() => cast.asks(session, draft)));
        }
      }
    }
    await home.raw((db) => arm(db, {}, "off"));
    const again = await Promise.all(
      acknowledged.map(({ text, clientId = "" }) =>
        cast.append(session, asCustomer(session), { text, clientId })
      ),
    );
    assert.ok(again.every(({ repeated }) => repeated));
    const log = await cast.log(session);
    assert.deepEqual(log, acknowledged);
    assert.deepEqual(log.map(({ seq }) => seq), log.map((_, index) => index + 1));
  });
}

/** Of a server of its own, that is killed. */
export async function killing(kind: Kind): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "handoff-mongo-" });
  try {
    const first = await startServer(kind, { folder });
    const { uri } = first;
    const notices: boolean[] = [];
    await using store = openMongo(uri, { notice: (away) => notices.push(away !== undefined) });
    const cast = new Cast(store);
    const session = await cast.start();
    const sent = await times(20, (index) => cast.asks(session, `Message ${index}`));
    await using listener = cast.listen();
    const sending = times(
      20,
      (index) => cast.asks(session, `Late ${index}`).catch(() => undefined),
    );
    await first[Symbol.asyncDispose]();
    const late = (await sending).filter((message) => message !== undefined);
    const down = Date.now();
    await assert.rejects(store.ping(), { code: "unavailable" });
    assert.ok(Date.now() - down < 5_000);
    await using _ = await startServer(kind, { folder, port: Number(new URL(uri).port) });
    const back = Date.now();
    await until(() => store.ping());
    assert.ok(Date.now() - back < 5_000, `back after ${Date.now() - back} ms`);
    await listener.hears({ kind: "gap" }, 5_000);
    await store.agents.lapse(at(1_000));
    const log = await cast.log(session);
    for (const message of [...sent, ...late]) assert.deepEqual(log[message.seq - 1], message);
    assert.deepEqual(log.map(({ seq }) => seq), log.map((_, index) => index + 1));
    assert.deepEqual(notices, [true, false]);
    const marker = await cast.start();
    await cast.asks(marker, "Hello again");
    await listener.hears({ kind: "message", sessionId: marker.id });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

export const hasFailPoints = (db: Db): Promise<boolean> =>
  arm(db, {}, "off").then(() => true, () => false);

export const arm = (db: Db, data: Document, mode: Document | "off"): Promise<Document> =>
  db.admin().command({ configureFailPoint: "failCommand", mode, data });

async function until<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 0;; tries++) {
    try {
      return await work();
    } catch (error) {
      if ((error as { code?: string }).code !== "unavailable" || tries > 20) throw error;
    }
  }
}
