/** The one client: connected when it is first needed, again when it can be, and every failure a fault the app knows. */
import { type Db, MongoClient, type MongoClientOptions } from "mongodb";
import { setTimeout } from "node:timers/promises";
import { faultOf, isAway, isLost, safely, unavailable, WrongAddress } from "./faults.ts";
import { type Collections, collectionsOf, makeIndexes } from "./schema.ts";

const DEFAULT_NAME = "handoff";
const RETRY_AFTER = 100;

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

export class Database implements AsyncDisposable {
  readonly #options: DatabaseOptions;
  readonly #connected: (db: Db) => Promise<void>;
  #client: MongoClient | undefined;
  #opening: Promise<Collections> | undefined;
  #isAway = false;
  #isClosed = false;

  /** `connected` is awaited before the first question is asked. */
  constructor(options: DatabaseOptions, connected: (db: Db) => Promise<void>) {
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
   * Does `work`, and once more where its answer was lost: so it has to come to the same when it is done twice.
   * `again` tells it to look first whether it stands.
   */
  async run<T>(
    work: (collections: Collections, attempt: { again: boolean }) => Promise<T>,
  ): Promise<T> {
    if (this.#isClosed) throw unavailable(new Error("The store is closed"));
    try {
      const collections = await this.#open();
      const result = await work(collections, { again: false })
        .catch((error) => this.#retried(error, () => work(collections, { again: true })));
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
    await this.#client?.close();
  }

  async #retried<T>(error: unknown, work: () => Promise<T>): Promise<T> {
    if (!isLost(error) || this.#isClosed) throw error;
    await setTimeout(RETRY_AFTER);
    return await work();
  }

  #open(): Promise<Collections> {
    return this.#opening ??= this.#begin().catch((error) => {
      this.#opening = undefined; // the next question tries again
      throw error;
    });
  }

  async #begin(): Promise<Collections> {
    const { uri, name, driver } = this.#options;
    this.#client ??= clientOf(uri, { ...SETTINGS, ...driver });
    await this.#client.connect();
    const db = this.#client.db(name ?? (nameIn(uri) || DEFAULT_NAME));
    await makeIndexes(db);
    await this.#connected(db);
    return collectionsOf(db);
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
