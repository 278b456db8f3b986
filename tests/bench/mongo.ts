/** Rows 7: MongoDB under Handoff, beside bare inserts into the same server, and its change stream by itself. */
import { MongoClient } from "mongodb";
import { openMongo } from "../../services/mongo/open.ts";
import { named } from "../databases.ts";
import { freshName, kindsOfServer, type Server, startServer } from "../mongod.ts";
import { Cast, type Chat, folder } from "./cast.ts";
import { CHATS, enter, rate } from "./durable.ts";
import { type Group, inTurns, quantile, type Row, type Sample, type Size } from "./measure.ts";
import { type Child, CLIENT_CORE, runOn, start } from "./processes.ts";
import { frame, Wire } from "./wire.ts";

const TEXT = "The parcel that I ordered last week has not arrived, and I wonder where it is now?";
const ARRIVES_WITHIN = 10_000;
const MESSAGE = "m".charCodeAt(0);
const TYPE_AT = '{"type":"'.length;

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Durable on the disk, on the client's core: the floor's process and ours have the other one. */
async function server(path: string): Promise<Server> {
  const [kind] = await kindsOfServer();
  if (!kind) throw new Error("There is no MongoDB to measure on");
  const started = await startServer(kind, { folder: `${path}/mongo` });
  if (started.pid !== undefined) await runOn(CLIENT_CORE, started.pid);
  return started;
}

async function seeded(uri: string, chats: number) {
  await using store = openMongo(uri);
  const cast = new Cast(store);
  const agent = await cast.agent(CHATS);
  return { agent, chats: await cast.chats(chats) };
}

// ---- 7a: durable --------------------------------------------------------------------------------

/** Inserts a second, by as many loops as ours has sockets. */
async function inserts({ url }: Child, size: Size): Promise<Sample> {
  const query = `loops=${2 * CHATS}&warm=${size.of(1_500, 400)}&ms=${size.of(4_000, 1_000)}`;
  const { perSecond } = await (await fetch(`${url}/?${query}`)).json();
  return { value: perSecond };
}

async function durable(mongo: Server, size: Size): Promise<Row> {
  const uri = named(mongo.uri, freshName());
  const seed = await seeded(uri, CHATS);
  await using ours = await start({
    env: { MONGO_URI: uri },
  });
  await using floor = await start({
    script: "tests/bench/mongo_floor.ts",
    env: { MONGO_URI: named(mongo.uri, freshName()) },
  });
  using loaded = await enter(ours, seed);
  const samples = await inTurns(size.repeats, {
    ours: () => rate(loaded, size),
    floor: () => inserts(floor, size),
  });
  return {
    id: "7a",
    what: `durable messages on ${2 * CHATS} sockets, on MongoDB, delivered ÷ bare insertOne loops`,
    unit: "msg/s",
    ...samples,
    target: { is: "≥", value: 0.35 },
  };
}

// ---- 7b: fan-out --------------------------------------------------------------------------------

/** Milliseconds of each, one after the other, from `say` to the call of what it is given. */
async function waits(times: number, say: (arrived: () => void) => Promise<void>) {
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const begun = performance.now();
    const late = setTimeout(() => reject(new Error("It never arrived")), ARRIVES_WITHIN);
    await say(() => resolve(performance.now() - begun));
    taken.push(await promise);
    clearTimeout(late);
    await pause(10);
  }
  return taken;
}

/** From a socket at one instance to a socket at the other. */
async function betweenTwo(here: Child, there: Child, chat: Chat, agentBearer: object) {
  const path = `/ws?sessionId=${chat.session.id}`;
  let arrived = () => {};
  const onFrame = (bytes: Uint8Array, from: number) => {
    if (bytes[from + TYPE_AT] === MESSAGE) arrived();
  };
  const speaker = await Wire.open(here.url, path, { ...chat.customer.bearer });
  const watcher = await Wire.open(there.url, path, { ...agentBearer }, onFrame);
  const say = (onArrival: () => void) => {
    arrived = onArrival;
    const { id: sessionId } = chat.session;
    const clientId = crypto.randomUUID();
    speaker.send(frame(JSON.stringify({ sessionId, sender: "user", clientId, message: TEXT })));
    return Promise.resolve();
  };
  return {
    measure: (times: number) => waits(times, say),
    [Symbol.dispose]() {
      speaker[Symbol.dispose]();
      watcher[Symbol.dispose]();
    },
  };
}

/** From an insert to the stream's event of it, in two connections of this process. */
async function streamAlone(uri: string) {
  const client = new MongoClient(uri, {
    writeConcern: { w: "majority", journal: true },
    readConcern: { level: "majority" },
  });
  const messages = client.db().collection("messages");
  await messages.insertOne({ text: "The first" });
  const stream = client.db().watch([], { maxAwaitTimeMS: 1_000 });
  let arrived = () => {};
  stream.on("change", () => arrived());
  await pause(500);
  const say = async (onArrival: () => void) => {
    arrived = onArrival;
    await messages.insertOne({ sender: "user", text: TEXT, timestamp: new Date() });
  };
  return {
    measure: (times: number) => waits(times, say),
    async [Symbol.asyncDispose]() {
      await stream.close();
      await client.close();
    },
  };
}

async function fanOut(mongo: Server, size: Size): Promise<Row[]> {
  const uri = named(mongo.uri, freshName());
  const { agent, chats: [chat] } = await seeded(uri, 1);
  if (!chat) throw new Error("There is no chat");
  await using here = await start({ env: { MONGO_URI: uri } });
  await using there = await start({ env: { MONGO_URI: uri } });
  using ours = await betweenTwo(here, there, chat, agent.bearer);
  await using floor = await streamAlone(named(mongo.uri, freshName()));
  const times = size.of(300, 50);
  for (const each of [ours, floor]) await each.measure(20);
  const p99 = { ours: [] as Sample[], floor: [] as Sample[] };
  const sample = async (name: keyof typeof p99, taken: Promise<number[]>) => {
    const all = await taken;
    p99[name].push({ value: quantile(all, 0.99) });
    return { value: quantile(all, 0.5) };
  };
  const p50 = await inTurns(size.repeats, {
    ours: () => sample("ours", ours.measure(times)),
    floor: () => sample("floor", floor.measure(times)),
  });
  const what = "from a socket at one instance to one at another, on MongoDB ÷ insert to stream";
  return [
    { id: "7b", what: `${what}: p50`, unit: "ms", ...p50 },
    { id: "7c", what: "… p99", unit: "ms", ...p99 },
  ];
}

export const mongo: Group = {
  name: "mongo",
  async run(size) {
    await using home = folder();
    await Deno.mkdir(`${home.path}/mongo`, { recursive: true });
    await using started = await server(home.path);
    return [await durable(started, size), ...await fanOut(started, size)];
  },
};
