/** Each command that the app sends fails, in each way that it can: nobody is told a lie, and all goes on. */
import assert from "node:assert/strict";
import { type Document, MongoClient } from "mongodb";
import { TIMES } from "../../services/domain.ts";
import { openMongo } from "../../services/mongo/open.ts";
import type { Store } from "../../services/store.ts";
import { print } from "../crowd.ts";
import { named } from "../databases.ts";
import { eventually, type Person, test, type TestSite, testSite } from "../helpers.ts";
import { freshName, type Kind, kindsOfServer, type Server, startServer } from "../mongod.ts";
import { ARTICLES, setStatus } from "../talk.ts";
import { Cable } from "./cable.ts";
import { Day, type Outcome, unlessAway } from "./day.ts";
import { arm, hasFailPoints, LOOKS_SOON } from "./failing.ts";

const WRITES = ["insert", "update", "findAndModify", "delete"];
const ALL = [...WRITES, "find", "aggregate"];
/** Of these other tests tell: of opening, and of the change stream. */
const BESIDE = ["createIndexes", "getMore", "hello"];
/** Nobody waits for what these answer, or the driver signs in by them. */
const UNHEEDED = ["killCursors", "endSessions", "saslStart", "saslContinue"];

/** The server's own failure, or none, where its answer is lost on the way. */
interface Failure {
  readonly data?: Document;
  readonly commands: readonly string[];
  readonly times: readonly number[];
}

const writeConcernError = (code: number) => ({ writeConcernError: { code, errmsg: "Not safe" } });
const CLOSED = { closeConnection: true };
const FAILURES: Readonly<Record<string, Failure>> = {
  "closed connections": { data: CLOSED, commands: ALL, times: [1, 3] },
  "not primary": { data: { errorCode: 10107 }, commands: ALL, times: [1, 3] },
  "interrupted at shutdown": { data: { errorCode: 11600 }, commands: ALL, times: [1, 3] },
  "written at shutdown": { data: writeConcernError(91), commands: WRITES, times: [1, 3] },
  "written, perhaps": { data: writeConcernError(64), commands: WRITES, times: [1, 3] },
  // of a read it is as if the connection was closed
  "lost answers": { commands: WRITES, times: [1, 9] },
};
/** Each on a server of its own, at once: the failures of one would be the others'. */
const AT_ONCE: Readonly<Record<Kind, readonly (readonly string[])[]>> = {
  "replica set": [
    ["closed connections", "written at shutdown"],
    ["not primary", "written, perhaps"],
    ["interrupted at shutdown", "lost answers"],
  ],
  // where the driver repeats no write by itself
  standalone: [["closed connections"], ["lost answers"]],
  given: [Object.keys(FAILURES)],
};
const OF_STREAMS = ["getMore"];

for (const kind of await kindsOfServer()) {
  test(`mongo, ${kind}: whatever fails, each step of a day goes well or is answered 503, and is done once`, async () => {
    const all = await Promise.all(AT_ONCE[kind].map((failures) => days(kind, failures)));
    if (!all.some(({ isTested }) => isTested)) return;
    const found = new Set(all.flatMap(({ sent }) => sent));
    for (const name of UNHEEDED) found.delete(name);
    const beside = BESIDE.filter((name) => kind !== "standalone" || !OF_STREAMS.includes(name));
    assert.deepEqual([...found].sort(), [...ALL, ...beside].sort());
  });

  test(`mongo, ${kind}: whatever fails while it is opened, it is open soon, with all indexes`, async () => {
    await using server = await startServer(kind, { switches: ["--enable-test-commands"] });
    await using raw = new MongoClient(server.uri);
    if (!await hasFailPoints(raw.db())) return print(`${kind}: no failCommand to open it with`);
    const indexes = await openedIn(raw, server);
    for (const [what, { data }] of Object.entries(FAILURES)) {
      if (!data) continue;
      for (const command of ["createIndexes", "hello", "aggregate"]) {
        for (const times of [1, 3]) {
          const failing = { failCommands: [command], appName: "handoff", ...data };
          await arm(raw.db(), failing, { times });
          const told = `${what}: ${command}, ${times} times`;
          assert.deepEqual(await openedIn(raw, server), indexes, told);
          await arm(raw.db(), {}, "off");
        }
      }
    }
  });
}

const [first] = await kindsOfServer();
if (first) {
  test("what the clock does fails: it is done again a second later, and a lease by the next request", async () => {
    await using server = await startServer(first, { switches: ["--enable-test-commands"] });
    await using desk = await Desk.open(server);
    if (await desk.canFail()) await desk.isPatient();
  });
}

/** Opens a store on a new database, and returns which indexes that has. */
async function openedIn(raw: MongoClient, { uri }: Server): Promise<readonly string[]> {
  const database = freshName();
  const db = raw.db(database);
  await using store = openMongo(uri, { database, driver: LOOKS_SOON });
  const isOpen = () => store.ping().then(() => true, unlessAway);
  await eventually(isOpen, { what: "opening it" });
  const collections = await db.listCollections({}, { nameOnly: true }).toArray();
  const indexes = await Promise.all(collections.map(async ({ name }) => {
    const all = await db.collection(name).indexes();
    return all.map(({ key }) => `${name} ${Object.keys(key)}`);
  }));
  await db.dropDatabase();
  return indexes.flat().sort();
}

/** A day with each of the failures, which comes to what an undisturbed one does; returns which commands were sent. */
async function days(kind: Kind, failures: readonly string[]) {
  await using server = await startServer(kind, { switches: ["--enable-test-commands"] });
  await using desk = await Desk.open(server);
  if (!await desk.canFail()) {
    print(`${kind}: no failCommand, so these are not tested: ${failures.join(", ")}`);
    return { sent: desk.sent, isTested: false };
  }
  const undisturbed = await desk.day();
  for (const what of failures) {
    const { data, commands, times: counts } = FAILURES[what]!;
    const [before, from] = [desk.failures, Date.now()];
    for (const command of commands) {
      // the rest is the same on both
      for (const times of kind === "standalone" ? counts.slice(-1) : counts) {
        const told = `${what}: ${command}, ${times} times`;
        assert.deepEqual(await desk.day({ command, data, times }), undisturbed, told);
      }
    }
    const failed = desk.failures - before;
    assert.ok(failed > 20 * commands.length, `${what}: only ${failed} have failed`);
    print(`${kind}, ${what}: ${failed} failed commands in ${Date.now() - from} ms`);
  }
  assert.deepEqual(desk.bugs, []);
  return { sent: desk.sent, isTested: true };
}

interface Trouble {
  readonly command: string;
  readonly data?: Document | undefined;
  readonly times: number;
}

/** The app, over a database whose commands fail as they are told to. */
class Desk implements AsyncDisposable {
  failures = 0;
  readonly #cable: Cable;
  readonly #raw: MongoClient;
  readonly #store: Store;
  #site!: TestSite;
  #admin!: Person;
  /** Which commands each step sends. */
  readonly #commands = new Map<string, Set<string>>();
  #step = "";

  private constructor({ uri }: Server) {
    this.#cable = new Cable(named(uri, freshName()));
    this.#raw = new MongoClient(uri);
    this.#store = openMongo(this.#cable.uri, {
      driver: { ...LOOKS_SOON, monitorCommands: true },
      tune: ({ client }) => {
        client.on("commandStarted", ({ commandName }) => this.#sent(commandName));
        client.on("commandFailed", () => this.failures++);
        client.on("commandSucceeded", ({ reply }) => {
          if ((reply as Document).writeConcernError) this.failures++;
        });
      },
    });
  }

  static async open(server: Server): Promise<Desk> {
    const desk = new Desk(server);
    desk.#site = await testSite({ store: desk.#store, articles: ARTICLES });
    desk.#admin = await desk.#site.agent("Root");
    await setStatus(desk.#admin, { status: "busy" });
    return desk;
  }

  canFail(): Promise<boolean> {
    return hasFailPoints(this.#raw.db());
  }

  /** The names of all commands up to now. */
  get sent(): readonly string[] {
    return [...this.#cable.asked.keys()].map((command) => command.split(" ")[0]!);
  }

  /** What the site has logged that nobody can have wanted. */
  get bugs(): readonly string[] {
    return this.#site.logged.filter((line) => line.includes('"level":"error"'));
  }

  /** `trouble` begins anew in each step that sends its command. */
  async day(trouble?: Trouble): Promise<Outcome> {
    const day = new Day(this.#site, this.#admin, {
      before: async (step) => {
        this.#step = step;
        if (trouble && this.#commands.get(step)?.has(trouble.command)) await this.#arm(trouble);
      },
      after: async () => {
        if (trouble) await this.#disarm();
      },
    });
    return await day.live();
  }

  /** A request, then a sweep, finds the database away. */
  async isPatient(): Promise<void> {
    const { id } = this.#admin;
    const { clock, logged } = this.#site;
    const me = async () => (await this.#admin.get("/api/me")).status;
    const present = async () => (await this.#store.agents.find(id))?.presentUntil ?? new Date(0);
    const away = (command: string) => ({ command, data: { errorCode: 50 } });
    clock.skip(10_000);
    await this.#arm({ ...away("findAndModify"), times: 1 });
    assert.equal(await me(), 503);
    const before = await present();
    assert.equal(await me(), 200);
    assert.ok(await present() > before, "the lease");

    clock.skip(TIMES.presence);
    await this.#arm({ ...away("find"), times: 99 });
    const from = logged.length;
    await clock.move(5_000);
    const hasFailed = () => logged.slice(from).some((line) => line.includes('"name":"sweep"'));
    await eventually(hasFailed, { what: "a sweep that fails" });
    await this.#disarm();
    await clock.move(1_000);
    const isOffline = async () => (await this.#store.agents.find(id))?.status === "offline";
    await eventually(isOffline, { within: 2_000, what: "the next sweep" });
  }

  async #arm({ data, command, times }: Trouble): Promise<void> {
    if (!data) return this.#cable.lose(`${command} `, times);
    const failing = { failCommands: [command], appName: "handoff", ...data };
    await arm(this.#raw.db(), failing, { times });
  }

  async #disarm(): Promise<void> {
    this.#cable.lose("none");
    await arm(this.#raw.db(), {}, "off");
  }

  #sent(command: string): void {
    const sent = this.#commands.get(this.#step) ?? new Set();
    this.#commands.set(this.#step, sent.add(command));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#site[Symbol.asyncDispose]();
    await this.#store[Symbol.asyncDispose]();
    await this.#cable[Symbol.asyncDispose]();
    await this.#raw.close();
  }
}
