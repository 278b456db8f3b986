/** A store in one SQLite file. Several processes may have the same file open. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import type { Store } from "../store.ts";
import { SqliteAgents } from "./agents.ts";
import { Feed } from "./changes.ts";
import { SqliteCustomers } from "./customers.ts";
import { Database } from "./database.ts";
import { faultOf, isLocked, unavailable } from "./faults.ts";
import { SessionLog } from "./log.ts";
import { SqliteMessages } from "./messages.ts";
import { Places } from "./places.ts";
import { migrate } from "./schema.ts";
import { SqliteSessions } from "./sessions.ts";
import { SqliteSignIns, SqliteTries, SqliteVouchers } from "./sign_ins.ts";

const IN_MEMORY = ":memory:";
/** How long a write waits for another process's, in milliseconds. */
const BUSY_TIMEOUT = 2_000;
const OPENING_TRIES = 50;
const OPENING_PAUSE = 40;
/** Bytes that a ping takes and gives back: as many pages as a message may need, or a full disk would not show. */
const ROOM = 32 * 1024;
/** Bytes that the write-ahead log keeps on disk once it was larger. */
const WAL_LIMIT = 64 * 1024 * 1024;
/** Pages in the write-ahead log before it is written back: each time costs a sync of the file itself. */
const CHECKPOINT = 8_000;
/** KiB of pages kept in memory. */
const CACHE = 32 * 1024;

export interface SqliteOptions {
  /** A path, whose folder is made if it is missing, or ":memory:". */
  readonly file: string;
  /** For tests: the raw connection, for instance to set `query_only` or `max_page_count` later. */
  readonly tune?: (db: DatabaseSync) => void;
}

export interface SqliteStore extends Store {
  /** The text of each statement that it runs. */
  readonly statements: readonly string[];
}

/** Opens the file, making or upgrading it as needed; throws `unavailable` where that can't be done. */
export async function openSqlite({ file, tune }: SqliteOptions): Promise<SqliteStore> {
  if (file !== IN_MEMORY) makeFolder(file);
  const connection = await connect(file);
  tune?.(connection);
  return assemble(new Database(connection), { shared: file !== IN_MEMORY });
}

function makeFolder(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
  } catch (error) {
    throw unavailable(error);
  }
}

/** Tries again while another process makes the same file: the switch to WAL doesn't heed the busy timeout. */
async function connect(file: string, tries = OPENING_TRIES): Promise<DatabaseSync> {
  try {
    return prepared(new DatabaseSync(file, { timeout: BUSY_TIMEOUT }));
  } catch (error) {
    if (!isLocked(error) || tries <= 1) throw faultOf(error);
    await setTimeout(OPENING_PAUSE);
    return connect(file, tries - 1);
  }
}

function prepared(db: DatabaseSync): DatabaseSync {
  try {
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
    db.exec(`PRAGMA journal_size_limit = ${WAL_LIMIT}; PRAGMA wal_autocheckpoint = ${CHECKPOINT}`);
    db.exec(`PRAGMA cache_size = -${CACHE}`);
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function assemble(db: Database, feedOptions: { shared: boolean }): SqliteStore {
  const log = new SessionLog(db);
  const places = new Places(db);
  const vouchers = new SqliteVouchers(db);
  const feed = new Feed(db, log, feedOptions);
  const { take, give } = db.prepare({
    take: `INSERT INTO room VALUES (zeroblob(${ROOM}))`,
    give: "DELETE FROM room WHERE rowid = last_insert_rowid()",
  });
  return {
    customers: new SqliteCustomers(db),
    agents: new SqliteAgents(db, places, vouchers),
    signIns: new SqliteSignIns(db),
    vouchers,
    tries: new SqliteTries(db),
    sessions: new SqliteSessions(db, log, places),
    messages: new SqliteMessages(db, log),
    changes: (signal) => feed.changes(signal),
    ping: async () => void await db.write(() => take.run() && give.run()),
    statements: db.texts,
    [Symbol.asyncDispose]: () => Promise.try(() => db[Symbol.dispose]()),
  };
}
