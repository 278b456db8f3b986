/** How a process hears of the others' writes: by a stream that breaks in each way, or by asking, and then no more than it has to. */
import assert from "node:assert/strict";
import { type Document, MongoClient } from "mongodb";
import { openMongo } from "../../services/mongo/open.ts";
import type { Store } from "../../services/store.ts";
import { print } from "../crowd.ts";
import { named } from "../databases.ts";
import {
  eventually,
  type Listener,
  pause,
  type Person,
  test,
  type TestSite,
  testSite,
} from "../helpers.ts";
import { freshName, kindsOfServer, type Server, startServer } from "../mongod.ts";
import { say, seqsOf, start, textsOf } from "../talk.ts";
import { Cable } from "./cable.ts";
import { arm, hasFailPoints, LOOKS_SOON } from "./failing.ts";

const WELL_WITHIN = 5_000;
const POLLED_WITHIN = 1_000;
const LOOKS = 1_500;

/** What a server answers of whose cursor it knows nothing, whose history is gone, or who isn't primary. */
const BREAKS: readonly Document[] = [
  { closeConnection: true },
  ...[43, 286, 10107, 11600].map((errorCode) => ({ errorCode })),
];

for (const kind of await kindsOfServer()) {
  test(`mongo, ${kind}: whatever breaks the stream, what others write is heard within 5 s, once and in order`, async () => {
    await using server = await startServer(kind, { switches: ["--enable-test-commands"] });
    await using raw = new MongoClient(server.uri);
    if (!await hasFailPoints(raw.db())) return print(`${kind}: no failCommand for the stream`);
    await using two = await Two.open(server);
    // by polling there is neither, and the questions are these
    const failCommands = kind === "standalone" ? ["find", "hello"] : ["getMore", "aggregate"];
    const sent: string[] = [];
    for (const data of BREAKS) {
      for (const times of [1, 3]) {
        await arm(raw.db(), { failCommands, appName: EAR, ...data }, { times });
        for (let i = 0; i < 5; i++, await pause(50)) sent.push(await two.says());
        await two.hears(sent, WELL_WITHIN, `${JSON.stringify(data)}, ${times} times: hearing all`);
      }
    }
    await arm(raw.db(), {}, "off");
  });

  if (kind === "given") continue;

  test(`mongo, ${kind}: what is written while the way there is cut or held is heard afterwards, once and in order`, async () => {
    await using server = await startServer(kind);
    await using two = await Two.open(server);
    const { cable } = two;
    const sent: string[] = [];
    // the driver goes on by itself after a short while, and not after one longer than it looks for a server
    const ways = [
      { leave: () => cable.cut(), lasts: 1_000, quiet: 0 },
      { leave: () => cable.sever(), lasts: 2_000, quiet: 3_000 },
      { leave: () => cable.hold(), lasts: 2_000, quiet: 0 },
    ];
    for (const { leave, lasts, quiet } of ways) {
      leave();
      for (let i = 0; i < 10; i++, await pause(lasts / 10)) sent.push(await two.says());
      await pause(quiet); // so that what comes next is not what tells of the missed
      cable.mend();
      await two.hears(sent, WELL_WITHIN);
    }
  });
}

test("mongo, standalone: others are asked after every moment while somebody is connected, and never else", async () => {
  if (!(await kindsOfServer()).includes("standalone")) return;
  await using server = await startServer("standalone");
  await using two = await Two.open(server);
  const sent: string[] = [];
  const delays: number[] = [];
  for (let i = 0; i < 10; i++, await pause(130)) {
    const from = Date.now();
    sent.push(await two.says());
    await two.hears(sent, POLLED_WITHIN);
    delays.push(Date.now() - from);
  }
  print(`polled: heard after ${Math.max(...delays)} ms at most`);
  const asked = await two.polls(LOOKS);
  assert.ok(asked >= 3, `${asked} polls while somebody is connected`);

  await two.leave();
  assert.equal(await two.polls(LOOKS), 0);
  for (let i = 0; i < 5; i++) sent.push(await two.says());
  assert.equal(await two.polls(LOOKS), 0, "nor when something is written");

  await two.comeBack();
  await two.hears(sent, POLLED_WITHIN);
  sent.push(await two.says());
  await two.hears(sent, POLLED_WITHIN);
  assert.ok(await two.polls(LOOKS) >= 3, "and again when somebody is back");
});

const EAR = "handoff-ear";

/** Two sites over one database: at one somebody speaks, at the other, behind a cable, the same customer listens. */
class Two implements AsyncDisposable {
  readonly cable: Cable;
  readonly #stores: readonly [Store, Store];
  readonly #sites: TestSite[] = [];
  #speaker!: Person;
  #reader!: Person;
  #sessionId = "";
  #sockets: Listener[] = [];
  #polls = 0;
  #said = 0;

  private constructor({ uri }: Server) {
    const database = named(uri, freshName());
    this.cable = new Cable(database);
    this.#stores = [
      openMongo(database),
      openMongo(this.cable.uri, {
        driver: { ...LOOKS_SOON, appName: EAR, monitorCommands: true },
        tune: ({ client }) => {
          client.on("commandStarted", ({ commandName, command }) => {
            if (commandName === "find" && command.filter.changedAt) this.#polls++;
          });
        },
      }),
    ];
  }

  static async open(server: Server): Promise<Two> {
    const two = new Two(server);
    for (const store of two.#stores) two.#sites.push(await testSite({ store }));
    const [here, there] = two.#sites as [TestSite, TestSite];
    two.#speaker = await here.customer("Linus");
    two.#reader = there.known(two.#speaker);
    two.#sessionId = (await start(two.#speaker)).sessionId;
    await here.agent("Ada"); // so that the assistant is not asked
    await two.comeBack();
    return two;
  }

  /** Something, where nobody listens. */
  async says(): Promise<string> {
    const text = `Message ${++this.#said}`;
    await say(this.#speaker, this.#sessionId, text);
    return text;
  }

  /** Just that, since the beginning, over all connections. */
  async hears(texts: readonly string[], within: number, what = "hearing all"): Promise<void> {
    const heard = () => this.#sockets.flatMap(textsOf).filter((text) => /^Message/.test(text));
    await eventually(() => heard().length >= texts.length, { within, what });
    assert.deepEqual(heard(), texts);
  }

  /** How often the database is asked for others' writes in so many milliseconds. */
  async polls(ms: number): Promise<number> {
    const before = this.#polls;
    await pause(ms);
    return this.#polls - before;
  }

  async leave(): Promise<void> {
    await this.#sockets.at(-1)?.[Symbol.asyncDispose]();
    await pause(500); // for a question that is under way
  }

  /** Hears what it has missed, and what comes. */
  async comeBack(): Promise<void> {
    const last = this.#sockets.flatMap(seqsOf).at(-1) ?? 0;
    const socket = await this.#reader.socket(`sessionId=${this.#sessionId}&after=${last}`);
    this.#sockets.push(socket);
    await socket.type("session");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const site of this.#sites) await site[Symbol.asyncDispose]();
    for (const store of this.#stores) await store[Symbol.asyncDispose]();
    await this.cable[Symbol.asyncDispose]();
  }
}
