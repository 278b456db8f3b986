/** Tests of the app that run once on each kind of store: on SQLite, and on MongoDB where there is a server. */
import { onServer } from "./databases.ts";
import { test } from "./helpers.ts";
import { type Kind, kindsOfServer, type Server, startServer } from "./mongod.ts";

const kinds = await kindsOfServer();
const servers = new Map<Kind, Server>();

Deno.test.afterAll(async () => {
  for (const server of servers.values()) await server[Symbol.asyncDispose]();
});

/** `polled`: also where the server has no change streams. */
export function testOnEachStore(
  name: string,
  fn: () => Promise<void> | void,
  { polled = false } = {},
): void {
  test(name, fn);
  for (const kind of kinds) {
    if (kind === "standalone" && !polled) continue;
    needs(kind);
    test(`${name} (mongo, ${kind})`, () => onServer(servers.get(kind)!, fn));
  }
}

const needed = new Set<Kind>();

/** Started before the first of the file's tests, so that none of them leaves it behind. */
function needs(kind: Kind): void {
  if (needed.has(kind)) return;
  needed.add(kind);
  Deno.test.beforeAll(async () => void servers.set(kind, await startServer(kind)));
}
