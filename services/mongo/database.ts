/** The one client: connected when it is first needed, again when it can be, and every failure a fault the app knows. */
import { type Db, type MongoClient, type MongoClientOptions, ReadConcern } from "mongodb";
import { setTimeout } from "node:timers/promises";
import { clientOf, nameIn } from "./address.ts";
import { deadline, within } from "./bounded.ts";
import { isAway, isLost, isRefused, NotOpened, safely, unavailable } from "./faults.ts";
import { type Collections, collectionsOf, makeIndexes } from "./schema.ts";

const RETRY_AFTER = 100;
/** For both attempts. Longer than the driver needs to give up one by itself, where it does. */
const GIVE_UP_AFTER = 6_000;
/** At the start indexes may have to be made. */
const OPEN_WITHIN = 10_000;
const CLOSED_WITHIN = 2_000;

/** What makes a write safe, for the client and again for the database: an address's options outweigh the client's. */
const SAFE = {
  readPreference: "primary",
  readConcern: new ReadConcern("majority"),
  writeConcern: { w: "majority", journal: true, wtimeoutMS: 3_000 },
} as const satisfies MongoClientOptions;

/** Short, so that who asks is answered soon. */
const SETTINGS = {
  ...SAFE,
  appName: "handoff",
  serverSelectionTimeoutMS: 2_000,
  connectTimeoutMS: 3_000,
  socketTimeoutMS: 4_000,
  waitQueueTimeoutMS: 5_000,
  heartbeatFrequencyMS: 2_000,
  maxPoolSize: 20,
  retryWrites: true,
  retryReads: true,
  ignoreUndefined: true,
} as const satisfies MongoClientOptions;

export interface DatabaseOptions {
  readonly uri: string;
  /** Instead of the one that the address names. */
  readonly name?: string | undefined;
  /**
   * Called once each time the database goes away or comes back, and where one that can't be reached begins to refuse, or
   * the other way round. The reason has no secrets.
   */
  readonly notice?: ((away: Error | undefined) => void) | undefined;
  /** For tests. */
  readonly driver?: MongoClientOptions | undefined;
}

type Connected = (db: Db, signal: AbortSignal) => Promise<void>;

export class Database implements AsyncDisposable {
  readonly #options: DatabaseOptions;
  readonly #connected: Connected;
  readonly #client: MongoClient;
  readonly #name: string;
  #opening: Promise<Db> | undefined;
  #away: "unreached" | "refused" | undefined;
  #isClosed = false;

  /** `connected` is awaited before the first question is asked. Throws `WrongAddress`. */
  constructor(options: DatabaseOptions, connected: Connected) {
    const { uri, name, driver } = options;
    this.#options = options;
    this.#connected = connected;
    this.#client = clientOf(uri, { ...SETTINGS, ...driver });
    this.#name = name ?? nameIn(uri);
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
      const result = await this.#answer(work);
      this.#told(undefined);
      return result;
    } catch (error) {
      if (!isAway(error)) throw error;
      this.#told(error);
      throw unavailable(error, { isTold: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#opening?.catch(() => {});
    await within(CLOSED_WITHIN, this.#client.close()).catch(() => {});
  }

  async #answer<T>(
    work: (collections: Collections, attempt: { again: boolean }) => Promise<T>,
  ): Promise<T> {
    const db = await this.#open();
    using limit = deadline(GIVE_UP_AFTER);
    const collections = collectionsOf(db, limit.signal);
    try {
      return await work(collections, { again: false });
    } catch (error) {
      if (!isLost(error) || this.#away || this.#isClosed || limit.signal.aborted) throw error;
      await setTimeout(RETRY_AFTER);
      return await work(collections, { again: true });
    }
  }

  #open(): Promise<Db> {
    return this.#opening ??= this.#begin().catch((error) => {
      this.#opening = undefined; // the next question tries again
      throw isAway(error) ? error : new NotOpened(error);
    });
  }

  async #begin(): Promise<Db> {
    await within(OPEN_WITHIN, this.#client.connect());
    const db = this.#client.db(this.#name, SAFE);
    using limit = deadline(OPEN_WITHIN);
    await makeIndexes(db, limit.signal);
    await this.#connected(db, limit.signal);
    return db;
  }

  #told(error: unknown): void {
    const away = error === undefined ? undefined : isRefused(error) ? "refused" : "unreached";
    if (away === this.#away || this.#isClosed) return;
    this.#away = away;
    this.#options.notice?.(away && safely(error));
  }
}
