/** Which database a test's sites, stores and processes are on: `each_store.ts` says, the test itself never does. */
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { DatabaseSync } from "node:sqlite";
import { type Db, MongoClient } from "mongodb";
import { openMongo } from "../services/mongo/open.ts";
import { openSqlite } from "../services/sqlite/open.ts";
import type { Store } from "../services/store.ts";
import { freshName, type Server } from "./mongod.ts";
import { freshFile } from "./process.ts";

/** A database of a test's own, gone when it is disposed; its stores have to be closed before. */
export interface Data extends AsyncDisposable {
  /** Of a process that is to use it. */
  readonly env: Readonly<Record<string, string>>;
  /** Connected, as a process of its own would be. */
  open(): Promise<Store>;
  /** All messages as they stand there, looked at past the store; fails where the database itself is damaged. */
  messages(): Promise<readonly Stored[]>;
}

export interface Stored {
  readonly id: string;
  readonly sessionId: string;
  readonly seq: number;
  readonly sender: string;
  readonly text: string;
}

const current = new AsyncLocalStorage<Server>();

/** Within `work` fresh databases are on that server. */
export const onServer = (server: Server, work: () => Promise<void> | void) =>
  current.run(server, work);

/** The server of the test that is running, where it is not on SQLite. */
export const serverNow = (): Server | undefined => current.getStore();

/** How often to do something: the server that stands for a MongoDB here bears less. */
export const rounds = (onSqlite: number, onMongo: number): number =>
  serverNow() ? onMongo : onSqlite;

export function freshData(): Data {
  const server = serverNow();
  return server ? mongoData(server) : sqliteData();
}

/** A store on a fresh database that goes with it. */
export async function freshStore(): Promise<Store> {
  if (!serverNow()) return await openSqlite({ file: ":memory:" });
  const data = freshData();
  const store = await data.open();
  const dispose = async () => {
    await store[Symbol.asyncDispose]();
    await data[Symbol.asyncDispose]();
  };
  return { ...store, [Symbol.asyncDispose]: dispose };
}

// ---- answers under way --------------------------------------------------------------------------

/** Not awaited by anybody: the change stream's question, and the driver's own. */
const UNAWAITED = new Set(["getMore", "hello", "endSessions"]);
const MOST_TURNS = 300;
let underWay = 0;

/** Resolves when what was just begun has had its turn: on MongoDB, when no answer is awaited any more. */
export async function quiet(): Promise<void> {
  await turn();
  if (!serverNow()) return;
  for (let still = 0, turns = 0; still < 3 && turns < MOST_TURNS; turns++) {
    await turn();
    still = underWay === 0 ? still + 1 : 0;
  }
}

const turn = (): Promise<void> => new Promise((done) => setTimeout(done, 0));

function countCommands({ client }: Db): void {
  const count = (by: number) => ({ commandName }: { commandName: string }) => {
    if (!UNAWAITED.has(commandName)) underWay += by;
  };
  client.on("commandStarted", count(1));
  client.on("commandSucceeded", count(-1));
  client.on("commandFailed", count(-1));
}

// ---- the kinds ----------------------------------------------------------------------------------

function sqliteData(): Data {
  const { file, ...fresh } = freshFile();
  return {
    ...fresh,
    env: { DATA_FILE: file },
    open: () => openSqlite({ file }),
    messages() {
      using db = new DatabaseSync(file, { readOnly: true });
      const whole = { ...db.prepare("PRAGMA integrity_check").get() };
      assert.deepEqual(whole, { integrity_check: "ok" });
      const rows = db.prepare(`
        SELECT m.id, s.id AS sessionId, seq, sender, text
        FROM messages m JOIN sessions s ON s.number = m.session`).all();
      return Promise.resolve(rows as unknown as Stored[]);
    },
  };
}

function mongoData({ uri: server }: Server): Data {
  const uri = named(server, freshName());
  return {
    env: { MONGO_URI: uri },
    async open() {
      const store = openMongo(uri, { driver: { monitorCommands: true }, tune: countCommands });
      await store.ping();
      return store;
    },
    messages: () => messagesIn(uri),
    async [Symbol.asyncDispose]() {
      await raw(uri, (db) => db.dropDatabase());
    },
  };
}

async function raw<T>(uri: string, work: (db: Db) => Promise<T>): Promise<T> {
  await using client = new MongoClient(uri);
  return await work(client.db());
}

/** See `Data.messages`. */
export async function messagesIn(uri: string): Promise<readonly Stored[]> {
  const rows = await raw(uri, (db) => db.collection("messages").find().sort({ _id: 1 }).toArray());
  return rows.map(({ _id, sessionId, seq, sender, text }) => {
    return { id: String(_id), sessionId: String(sessionId), seq, sender, text };
  });
}

/** The same server's address with a database's name; who signs in does so where they did before. */
export function named(uri: string, name: string): string {
  const [, start = uri, before = "", query = ""] =
    /^(mongodb(?:\+srv)?:\/\/[^/?]*)\/?([^?]*)\??(.*)$/.exec(uri) ?? [];
  const source = start.includes("@") && !query.includes("authSource=")
    ? `authSource=${before || "admin"}`
    : "";
  const options = [query, source].filter(Boolean).join("&");
  return `${start}/${name}${options && `?${options}`}`;
}
