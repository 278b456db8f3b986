/** The one client: connected when it is first needed, again when it can be, and every failure a fault the app knows. */
import { type Db, MongoClient, type MongoClientOptions } from "mongodb";
import { setTimeout } from "node:timers/promises";
import { deadline, within } from "./bounded.ts";
import { faultOf, isAway, isLost, safely, unavailable, WrongAddress } from "./faults.ts";
import { type Collections, collectionsOf, makeIndexes } from "./schema.ts";

const DEFAULT_NAME = "handoff";
const RETRY_AFTER = 100;
/** Longer than the driver needs to give up by itself, where it does. */
const GIVE_UP_AFTER = 6_000;
/** At the start indexes may have to be made. */
const OPEN_WITHIN = 10_000;
const CLOSED_WITHIN = 2_000;

/** Short, so that who asks is answered soon; the caller's address can't weaken what makes a write safe. */
const SETTINGS = {
  appName: "handoff",
  serverSelectionTimeoutMS: 2_000,
  connectTimeoutMS: 5_000,
  socketTimeoutMS: 4_000,
  waitQueueTimeoutMS: 5_000,
  heartbeatFrequencyMS: 2_000,
  maxPoolSize: 20,
  readPreference: "primary",
  readConcern: { level: "majority" },
  writeConcern: { w: "majority", journal: true, wtimeoutMS: 3_000 },
  retryWrites: true,
  retryReads: true,
  ignoreUndefined: true,
} as const satisfies MongoClientOptions;

export interface DatabaseOptions {
  readonly uri: string;
  /** Instead of the one that the address names. */
  readonly name?: string | undefined;
  /** Called once each time the database goes away or comes back; the reason has no secrets. */
  readonly notice?: ((away: Error | undefined) => void) | undefined;
  /** For tests. */
  readonly driver?: MongoClientOptions | undefined;
}

type Connected = (db: Db, signal: AbortSignal) => Promise<void>;

export class Database implements AsyncDisposable {
  readonly #options: DatabaseOptions;
  readonly #connected: Connected;
  #client: MongoClient | undefined;
  #opening: Promise<Db> | undefined;
  #isAway = false;
  #isClosed = false;

  /** `connected` is awaited before the first question is asked. */
  constructor(options: DatabaseOptions, connected: Connected) {
    this.#options = options;
    this.#connected = connected;
  }

  get isOpen(): boolean {
    return !this.#isClosed;
  }

  /** Resolves when the database is connected. */
  async connect(): Promise<void> {
    await this.run(() => Promise.resolve());
  }

  /**
   * Does `work`, and once more where its answer was lost, unless the database is known to be away: so it has to come to the same
   * when it is done twice.
   * `again` tells it to look first whether it stands.
   */
  async run<T>(
    work: (collections: Collections, attempt: { again: boolean }) => Promise<T>,
  ): Promise<T> {
    if (this.#isClosed) throw unavailable(new Error("The store is closed"));
    try {
      const result = await this.#attempt(work, { again: false })
        .catch((error) => this.#retried(error, () => this.#attempt(work, { again: true })));
      this.#told(undefined);
      return result;
    } catch (error) {
      if (isAway(error)) this.#told(error);
      throw faultOf(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#opening?.catch(() => {});
    if (this.#client) await within(CLOSED_WITHIN, this.#client.close()).catch(() => {});
  }

  async #attempt<T>(
    work: (collections: Collections, attempt: { again: boolean }) => Promise<T>,
    attempt: { again: boolean },
  ): Promise<T> {
    const db = await this.#open();
    using limit = deadline(GIVE_UP_AFTER);
    return await work(collectionsOf(db, limit.signal), attempt);
  }

  async #retried<T>(error: unknown, work: () => Promise<T>): Promise<T> {
    if (!isLost(error) || this.#isAway || this.#isClosed) throw error;
    await setTimeout(RETRY_AFTER);
    return await work();
  }

  #open(): Promise<Db> {
    return this.#opening ??= this.#begin().catch((error) => {
      this.#opening = undefined; // the next question tries again
      throw error;
    });
  }

  async #begin(): Promise<Db> {
    const { uri, name, driver } = this.#options;
    this.#client ??= clientOf(uri, { ...SETTINGS, ...driver });
    await within(OPEN_WITHIN, this.#client.connect());
    const db = this.#client.db(name ?? (nameIn(uri) || DEFAULT_NAME));
    using limit = deadline(OPEN_WITHIN);
    await makeIndexes(db, limit.signal);
    await this.#connected(db, limit.signal);
    return db;
  }

  #told(error: unknown): void {
    const isAway = error !== undefined;
    if (isAway === this.#isAway || this.#isClosed) return;
    this.#isAway = isAway;
    this.#options.notice?.(isAway ? safely(error) : undefined);
  }
}

function clientOf(uri: string, options: MongoClientOptions): MongoClient {
  try {
    return new MongoClient(uri, options);
  } catch (error) {
    throw new WrongAddress(error instanceof Error ? error.message : String(error));
  }
}

/** The path of a connection string. */
const nameIn = (uri: string): string =>
  decodeURIComponent(uri.replace(/^[^/]*\/\/[^/]*/, "").replace(/^\/|\?.*$/g, ""));
