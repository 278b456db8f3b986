/** A process whose database isn't there: it starts, says so once, serves what it can, and is well when the database is. */
import assert from "node:assert/strict";
import { MongoClient } from "mongodb";
import { untilStatus } from "../crowd.ts";
import { freshName, kindsOfServer, startServer } from "../mongod.ts";
import { openMongo } from "../../services/mongo/open.ts";
import { test } from "../helpers.ts";
import { Running } from "../running.ts";
import { converse } from "./journey.ts";
import { assertSilent, PASSWORD } from "./locked.ts";
import { assertOneLine, visited } from "./visitors.ts";

const USER = `desk:${encodeURIComponent(PASSWORD)}`;

/** No rule about two at once would hold without these. */
const WITHOUT_WHICH = [
  "messages sessionId,seq true",
  "messages sessionId,clientId true",
  "sessions openKey true",
  "agents email true",
];

/** Addresses without a database, and how the one line tells of each. */
const NOWHERE: Readonly<Record<string, readonly [uri: string, line: RegExp]>> = {
  "a port that refuses": [
    `mongodb://${USER}@127.0.0.1:1/desk`,
    /connect ECONNREFUSED 127\.0\.0\.1:1/,
  ],
  "a host that nobody knows": [
    `mongodb://${USER}@no.such.host.invalid/desk`,
    /getaddrinfo \w+ no\.such\.host\.invalid/,
  ],
  "a cluster that nobody knows": [
    `mongodb+srv://${USER}@no.such.host.invalid/desk`,
    /querySrv \w+ _mongodb\._tcp\.no\.such\.host\.invalid/,
  ],
  "a certificate that isn't there": [
    `mongodb://${USER}@127.0.0.1:1/desk?tls=true&tlsCAFile=data/none.pem`,
    /data\/none\.pem/,
  ],
};

for (const [what, [uri, line]] of Object.entries(NOWHERE)) {
  test(`with ${what} it starts, is told of in one line, and answers 503`, async () => {
    await using running = new Running("start", { MONGO_URI: uri, LOG_LEVEL: "debug" });
    const url = await running.listening();
    const answers = await visited(url);
    assertSilent("an answer", answers);
    assertOneLine(running, line);
    assertSilent("the log", running.printed);
  });
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`${signal} ends it within 5 s, with requests that wait for a database which says nothing`, async () => {
    using silence = new Silence();
    const env = { MONGO_URI: `mongodb://${USER}@127.0.0.1:${silence.port}/desk` };
    await using running = new Running("start", env);
    const url = await running.listening();
    const waiting = ["/readyz", "/readyz"].map((path) =>
      fetch(url + path).then((response) => response.text(), () => "cut")
    );
    await silence.isAsked;
    running.process.kill(signal);
    const { code, ms } = await running.ended();
    assert.equal(code, 0, running.printed);
    assert.ok(ms < 5_000, `${ms} ms`);
    assert.match(running.printed, /"event":"stopped"/);
    assertSilent("the log", running.printed);
    await Promise.all(waiting);
  });
}

for (const kind of await kindsOfServer()) {
  if (kind === "given") continue;
  test(`it starts before its database, and all is well within 5 s of that one's start (${kind})`, async () => {
    const port = freePort();
    const name = freshName();
    const MONGO_URI = `mongodb://127.0.0.1:${port}/${name}`;
    await using running = new Running("start", { MONGO_URI });
    const url = await running.listening();
    await visited(url);
    await using server = await startServer(kind, { port });
    await untilStatus(`${url}/readyz`, 200, 5_000);
    await converse(url);
    const indexes = await indexesIn(server.uri, name);
    assert.deepEqual(indexes, await indexesOfAFreshOne(server.uri));
    for (const index of WITHOUT_WHICH) assert.ok(indexes.includes(index), indexes.join("\n"));
    const events = running.printed.match(/"event":"store_\w+"/g);
    assert.deepEqual(events, ['"event":"store_away"', '"event":"store_back"']);
  });
}

/** Takes connections, and never answers. */
class Silence implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #taken: Deno.Conn[] = [];
  readonly isAsked = this.#take();

  get port(): number {
    return this.#listener.addr.port;
  }

  async #take(): Promise<void> {
    this.#taken.push(await this.#listener.accept());
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const connection of this.#taken) connection.close();
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Each with its collection, its keys, and whether it is unique. */
async function indexesIn(uri: string, name: string): Promise<readonly string[]> {
  await using client = new MongoClient(uri);
  const db = client.db(name);
  const collections = await db.listCollections({}, { nameOnly: true }).toArray();
  const all = await Promise.all(collections.map(async ({ name }) => {
    const indexes = await db.collection(name).indexes();
    return indexes.map(({ key, unique }) => `${name} ${Object.keys(key)} ${unique ?? false}`);
  }));
  return all.flat().filter((index) => !index.includes(" _id ")).sort();
}

async function indexesOfAFreshOne(uri: string): Promise<readonly string[]> {
  const database = freshName();
  await using store = openMongo(uri, { database });
  await store.ping();
  return await indexesIn(uri, database);
}
