/** The MongoDB store: the contract over it on each kind of server, and what it promises by itself. */
import { MongoClient } from "mongodb";
import { openMongo } from "../services/mongo/open.ts";
import type { Store } from "../services/store.ts";
import { freshName, kindsOfServer, startServer } from "./mongod.ts";
import { storeContract } from "./store_contract.ts";

const kinds = await kindsOfServer();

for (const kind of kinds) {
  const server = await startServer(kind);
  Deno.test.afterAll(async () => await server[Symbol.asyncDispose]());
  const opened = async (name: string): Promise<Store> => {
    const store = openMongo(server.uri, { database: name });
    await store.ping();
    return store;
  };
  const dropping = (store: Store, name: string): Store => ({
    ...store,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await using raw = new MongoClient(server.uri);
      await raw.db(name).dropDatabase();
    },
  });
  const open = async () => {
    const name = freshName();
    return dropping(await opened(name), name);
  };
  const openTwo = async (): Promise<readonly [Store, Store]> => {
    const name = freshName();
    return [dropping(await opened(name), name), await opened(name)];
  };
  storeContract(`mongo, ${kind}`, open, openTwo);
}
