/** A store in a MongoDB that several instances may share. Nothing is connected before it is needed. */
import type { Db, MongoClientOptions } from "mongodb";
import type { Store } from "../store.ts";
import { MongoAgents } from "./agents.ts";
import { Feed } from "./changes.ts";
import { type Hooks, SessionCommit } from "./commit.ts";
import { MongoCustomers } from "./customers.ts";
import { Database } from "./database.ts";
import { MongoMessages } from "./messages.ts";
import { Places } from "./places.ts";
import { MongoSessions } from "./sessions.ts";
import { MongoSignIns, MongoTries, MongoVouchers } from "./sign_ins.ts";

/** What is left this long in a session's outbox, or undecided, was left by a process that died. In milliseconds. */
const LEFT = 2_000;
const AT_ONCE = 50;

export interface MongoOptions extends Hooks {
  /** Instead of the database that the address names, or else `handoff`. */
  readonly database?: string;
  /** See `DatabaseOptions.notice`. */
  readonly notice?: (away: Error | undefined) => void;
  /** For tests: settings of the driver, and the raw database once it is connected. */
  readonly driver?: MongoClientOptions;
  readonly tune?: (db: Db) => void;
}

/**
 * Returns at once; `unavailable` is thrown by what is asked of it while there is no database. Throws `WrongAddress` where
 * nothing can ever be asked.
 */
export function openMongo(uri: string, options: MongoOptions = {}): Store {
  const { database: name, notice, driver, tune } = options;
  const hooks: Hooks = { reach: options.reach };
  const feed = new Feed();
  const db = new Database({ uri, name, notice, driver }, async (connected, signal) => {
    tune?.(connected);
    await feed.open(connected, signal);
  });
  const parts = { db, feed, hooks };
  const commit = new SessionCommit(parts);
  const places = new Places(parts);
  const vouchers = new MongoVouchers(db, feed);
  const sessions = new MongoSessions({ ...parts, commit, places });
  const mend = async (now: Date) => {
    const begun = await commit.settle(new Date(now.getTime() - LEFT), AT_ONCE);
    for (const { _id } of begun) await sessions.complete(_id.toHexString(), now);
    await places.mend(now);
  };
  return {
    customers: new MongoCustomers(db),
    agents: new MongoAgents({ db, feed, places, vouchers, mend }),
    signIns: new MongoSignIns(db, feed),
    vouchers,
    tries: new MongoTries(db),
    sessions,
    messages: new MongoMessages({ db, feed, commit }),
    changes: (signal, isWatched) => feed.changes(signal, isWatched),
    ping: async () => {
      await db.run(({ marks }) =>
        marks.updateOne({ _id: "ping" }, { $inc: { value: 1 } }, { upsert: true })
      );
    },
    [Symbol.asyncDispose]: async () => {
      await commit[Symbol.asyncDispose]();
      // the stream's question is still with the server, until its connection goes
      await Promise.all([feed[Symbol.asyncDispose](), db[Symbol.asyncDispose]()]);
    },
  };
}
