/** A store that is closed before it has opened. */
import type { Db } from "mongodb";
import { openMongo } from "../../services/mongo/open.ts";
import type { Store } from "../../services/store.ts";
import type { Test } from "./home.ts";

export function closing(test: Test): void {
  test("a store that is closed while it asks for its change stream leaves nothing running", async (home) => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const tune = ({ client }: Db) => {
      client.on("commandStarted", ({ commandName }) => {
        if (commandName === "aggregate") resolve(store[Symbol.asyncDispose]());
      });
    };
    const driver = { monitorCommands: true };
    const store: Store = openMongo(home.uri, { database: home.database, tune, driver });
    await store.ping().catch(() => {});
    await closed;
  });
}
