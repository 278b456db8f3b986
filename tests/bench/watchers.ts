/** Rows 22 and 23: one message to a thousand pages, and what two thousand idle pages cost. */
import { type Chat, fill, folder } from "./cast.ts";
import { type Group, inTurns, median, type Sample, type Size } from "./measure.ts";
import { rss, start, usage } from "./processes.ts";
import { frame, openAll, Wire } from "./wire.ts";

const WATCHERS = 1_000;
const IDLE = 2_000;
/** Milliseconds. */
const IDLE_FOR = 60_000;
/** Shorter frames are heartbeats. */
const SHORT = 20;
const ARRIVES_WITHIN = 10_000;

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
const live = ({ session }: Chat) => `/chat/${session.id}/live`;

/** Counts what arrives, and tells when everyone has the next frame. */
class Audience {
  size = 0;
  #waiting = 0;
  #all: () => void = () => {};

  readonly onFrame = (_bytes: Uint8Array, from: number, to: number): void => {
    if (to - from < SHORT) return;
    this.size = to - from;
    if (--this.#waiting === 0) this.#all();
  };

  /** Milliseconds from `say` to the last arrival. */
  async time(count: number, say: () => void): Promise<number> {
    this.#waiting = count;
    const all = new Promise<void>((done) => this.#all = done);
    const begun = performance.now();
    say();
    const late = setTimeout(() => this.#all(), ARRIVES_WITHIN);
    await all;
    clearTimeout(late);
    if (this.#waiting > 0) throw new Error(`${this.#waiting} watchers got nothing`);
    return performance.now() - begun;
  }
}

/** The median of so many messages. */
async function lastArrival(
  pid: number,
  times: number,
  one: () => Promise<number>,
): Promise<Sample> {
  const use = usage(pid);
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    taken.push(await one());
    await pause(30);
  }
  return { value: median(taken), use: use() };
}

export const watchers: Group = {
  name: "watchers",
  async run(size) {
    const count = size.of(WATCHERS, 200);
    await using home = folder();
    const { agent, chat } = await fill(home.file, async (cast) => {
      const agent = await cast.agent();
      return { agent, chat: await cast.chat("Linus") };
    });
    await using ours = await start({ env: { DATA_FILE: home.file } });
    await using raw = await start({ script: "tests/bench/floors.ts", args: ["broadcast"] });
    const everyone = Array.from({ length: count });
    const audience = new Audience();
    using _pages = await openAll(
      everyone,
      () => Wire.open(ours.url, live(chat), chat.customer.cookieAt(ours.url), audience.onFrame),
    );
    const crowd = new Audience();
    using _sockets = await openAll(everyone, () => Wire.open(raw.url, "/", {}, crowd.onFrame));
    const path = `/ws?sessionId=${chat.session.id}`;
    using speaker = await Wire.open(ours.url, path, { ...agent.bearer });
    using trigger = await Wire.open(raw.url, "/", {});
    await pause(500);
    let said = 0;
    const message = () =>
      frame(JSON.stringify({
        sessionId: chat.session.id,
        sender: "agent",
        clientId: `c${++said}`,
        message: `Message ${said}: your parcel left us this morning and arrives on Thursday.`,
      }));
    const times = size.of(20, 5);
    const inOurs = () => audience.time(count, () => speaker.send(message()));
    const inFloor = () => crowd.time(count, () => trigger.send(frame(String(audience.size))));
    for (let i = 0; i < 10; i++) await inOurs();
    for (let i = 0; i < 10; i++) await inFloor();
    const samples = await inTurns(size.repeats, {
      ours: () => lastArrival(ours.pid, times, inOurs),
      floor: () => lastArrival(raw.pid, times, inFloor),
    });
    return [{
      id: "22",
      what: `one message to ${count} pages, last arrival ÷ a raw broadcast of the same bytes`,
      unit: "ms",
      ...samples,
      target: { is: "≤", value: 1.5 },
      note: `A frame of ${audience.size} bytes; ours stores the message durably first.`,
    }];
  },
};

/** Megabytes that opening `open` adds to a fresh server: soon after, and when it has been idle; and all it has then. */
async function memory(
  server: () => ReturnType<typeof start>,
  open: (url: string) => ReturnType<typeof openAll>,
  size: Size,
): Promise<{ soon: number; idle: number; all: number }> {
  await using child = await server();
  await Wire.open(child.url, "/", {}).then((first) => first[Symbol.dispose](), () => undefined);
  await pause(size.of(2_000, 500));
  const before = rss(child.pid);
  using sockets = await open(child.url);
  await pause(size.of(4_000, 1_000));
  const soon = rss(child.pid) - before;
  await pause(size.of(IDLE_FOR, 1_000));
  const closed = sockets.wires.filter(({ closed }) => closed !== undefined).length;
  if (closed > 0) throw new Error(`${closed} idle sockets were closed`);
  const all = rss(child.pid);
  return { soon, idle: all - before, all };
}

export const memoryOfIdle: Group = {
  name: "memory",
  async run(size) {
    const count = size.of(IDLE, 400);
    await using home = folder();
    const chats = await fill(home.file, (cast) => cast.chats(count));
    const all = { ours: [] as Sample[], floor: [] as Sample[] };
    const soon = { ours: [] as Sample[], floor: [] as Sample[] };
    const taken = async (who: "ours" | "floor", of: ReturnType<typeof memory>): Promise<Sample> => {
      const found = await of;
      soon[who].push({ value: found.soon });
      all[who].push({ value: found.all });
      return { value: found.idle };
    };
    const idle = await inTurns(size.repeats, {
      ours: () => {
        const ours = () => start({ env: { DATA_FILE: home.file } });
        const pages = (url: string) =>
          openAll(chats, (chat) => Wire.open(url, live(chat), chat.customer.cookieAt(url)));
        return taken("ours", memory(ours, pages, size));
      },
      floor: () => {
        const floor = () => start({ script: "tests/bench/floors.ts", args: ["broadcast"] });
        const sockets = (url: string) => openAll(chats, () => Wire.open(url, "/", {}));
        return taken("floor", memory(floor, sockets, size));
      },
    });
    return [
      {
        id: "23",
        what: `memory that ${count} idle pages add, each of its own chat ÷ bare sockets`,
        unit: "MB",
        ...idle,
        target: { is: "≤", value: 1.5 },
        note: "After a minute: V8 gives the garbage of the openings back after half of one.",
      },
      { id: "23b", what: "… four seconds after they opened", unit: "MB", ...soon },
      { id: "23c", what: "… with all else that the server has", unit: "MB", ...all },
    ];
  },
};
