/** A database of the tests' own, and stores on it. */
import { type Db, MongoClient } from "mongodb";
import type { CrashPoint } from "../../services/mongo/commit.ts";
import { type MongoOptions, openMongo } from "../../services/mongo/open.ts";
import type { Store } from "../../services/store.ts";
import { Cast } from "../contract/cast.ts";
import { freshName, type Server } from "../mongod.ts";

export type Test = (sentence: string, body: (home: Home) => Promise<void>) => void;

export /** A database of its own, gone when it is disposed. */
class Home implements AsyncDisposable {
  readonly database = freshName();
  readonly uri: string;
  readonly #opened: Store[] = [];

  constructor({ uri }: Server) {
    this.uri = uri;
  }

  /** Connected, so that it hears the others from now on. */
  async open(options: MongoOptions = {}, uri = this.uri): Promise<Store> {
    const store = openMongo(uri, { database: this.database, ...options });
    this.#opened.push(store);
    await store.ping();
    return store;
  }

  async cast(options?: MongoOptions, uri?: string): Promise<Cast> {
    return new Cast(await this.open(options, uri));
  }

  /** A store whose process dies where it gets to `point`, once that is armed. */
  async mortal(): Promise<{ cast: Cast; dieAt: (point: CrashPoint) => void }> {
    let death: CrashPoint | undefined;
    const reach = (point: CrashPoint) => {
      if (point === death) throw new Error("died");
    };
    return { cast: await this.cast({ reach }), dieAt: (point) => death = point };
  }

  async raw<T>(work: (db: Db) => Promise<T>): Promise<T> {
    await using client = new MongoClient(this.uri);
    return await work(client.db(this.database));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.#opened) await store[Symbol.asyncDispose]();
    await this.raw((db) => db.dropDatabase());
  }
}

export async function load(cast: Cast, id: string) {
  const { carrying, status } = await cast.agentNow(id);
  return [carrying, status];
}
