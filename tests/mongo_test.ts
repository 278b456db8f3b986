/** The MongoDB store: the contract over it on each kind of server, and what it promises by itself. */
import assert from "node:assert/strict";
import { type CommandStartedEvent, type Db, type Document, MongoClient, ObjectId } from "mongodb";
import { newId } from "../services/domain.ts";
import { type CrashPoint } from "../services/mongo/commit.ts";
import { type MongoOptions, openMongo } from "../services/mongo/open.ts";
import type { Store } from "../services/store.ts";
import { anAnswer, asAgent, asCustomer, asked, at, Cast, ended, rejects } from "./contract/cast.ts";
import { Cable, freshName, type Kind, kindsOfServer, type Server, startServer } from "./mongod.ts";
import { storeContract } from "./store_contract.ts";

for (const kind of await kindsOfServer()) {
  const server = await startServer(kind);
  Deno.test.afterAll(async () => await server[Symbol.asyncDispose]());
  await tellWhatIsMissing(server);
  storeContract(
    `mongo, ${kind}`,
    async () => (await databaseOn(server)).first,
    async () => {
      const { first, open } = await databaseOn(server);
      return [first, await open()];
    },
  );
  const test = (sentence: string, fn: () => Promise<void>) =>
    Deno.test({
      name: `mongo, ${kind}: ${sentence}`,
      fn,
      sanitizeOps: true,
      sanitizeResources: true,
    });
  dying(test, server);
  losing(test, server);
  asking(test, server);
  failing(test, server);
}

type Test = (sentence: string, fn: () => Promise<void>) => void;

/** A fresh database: it is gone when its first store is. */
async function databaseOn({ uri }: Server, first: MongoOptions = {}) {
  const database = freshName();
  const open = async (options: MongoOptions = {}, address = uri) => {
    const store = openMongo(address, { database, ...options });
    await store.ping();
    return store;
  };
  const store = await open(first);
  const [Symbol.asyncDispose]: close } = store;
  return { open, first: store };
}

async function tellWhatIsMissing(server: Server): Promise<void> {
}
