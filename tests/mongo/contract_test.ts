/** The MongoDB store: the contract over it on each kind of server, and what it promises by itself. */
import type { Store } from "../../services/store.ts";
import { asking } from "./asking.ts";
import { closing } from "./closing.ts";
import { dying } from "./dying.ts";
import { failing, hasFailPoints, killing } from "./failing.ts";
import { Home, type Test } from "./home.ts";
import { lagging } from "./lagging.ts";
import { losing } from "./losing.ts";
import { explainsPoints } from "./plans.ts";
import { kindsOfServer, type Server, startServer } from "../mongod.ts";
import { storeContract } from "../store_contract.ts";

for (const kind of await kindsOfServer()) {
  const server = await startServer(kind, { switches: ["--enable-test-commands"] });
  Deno.test.afterAll(async () => await server[Symbol.asyncDispose]());
  await tellWhatIsMissing(server);
  storeContract(`mongo, ${kind}`, () => one(server), () => two(server));
  const register = (sentence: string, fn: () => Promise<void>) =>
    Deno.test({
      name: `mongo, ${kind}: ${sentence}`,
      fn,
      sanitizeOps: true,
      sanitizeResources: true,
    });
  const test: Test = (sentence, body) =>
    register(sentence, async () => {
      await using home = new Home(server);
      await body(home);
    });
  closing(test);
  dying(test);
  losing(test);
  lagging(test);
  asking(test);
  failing(test);
  if (kind !== "given") {
    register("a server that is killed and comes back is heard again", () => killing(kind));
  }
}

async function one(server: Server): Promise<Store> {
  const home = new Home(server);
  // the database goes with its first store
  return { ...await home.open(), [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() };
}

async function two(server: Server): Promise<readonly [Store, Store]> {
  const home = new Home(server);
  const first = await home.open();
  return [
    { ...first, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() },
    await home.open(),
  ];
}

async function tellWhatIsMissing(server: Server): Promise<void> {
  await using home = new Home(server);
  const hasStreams = await home.raw((db) => db.watch().tryNext().then(() => true, () => false));
  const isExplained = await home.raw((db) => explainsPoints(db));
  const fails = await home.raw(hasFailPoints);
  const missing = [
    ...hasStreams ? [] : ["no change streams: other processes' writes are polled"],
    ...isExplained ? [] : ["no index explained for an _id with more conditions: only _id is asked"],
    ...fails ? [] : ["no failCommand: what it would make fail is not tested"],
  ];
  const told = `mongo, ${server.kind}: the server has ${missing.join("; ") || "everything"}\n`;
  Deno.stdout.writeSync(new TextEncoder().encode(told));
}
