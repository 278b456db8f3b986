/** Row 20: messages said on 200 sockets, each durable before it is acknowledged, and delivered to the other party. */
import { type Chat, fill, folder } from "./cast.ts";
import { type Group, inTurns, median, type Row, type Sample, type Size } from "./measure.ts";
import { type Child, start, usage } from "./processes.ts";
import { frame, openAll, Wire } from "./wire.ts";

export const CHATS = 100;
/** Messages of one socket that are not acknowledged yet: so that the server never waits for us. */
const WINDOW = 4;
const ACK = "a".charCodeAt(0);
const MESSAGE = "m".charCodeAt(0);
const SESSION = "s".charCodeAt(0);
/** Where the type begins to differ in `{"type":"ack"…` and `{"type":"message"…`. */
const TYPE_AT = '{"type":"'.length;
const TEXT = "The parcel that I ordered last week has not arrived, and I wonder where it is now?";
const DIGITS = 9;

const encoder = new TextEncoder();
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** One socket that speaks, with `WINDOW` messages under way, while it is told to. */
class Speaker {
  static acknowledged = 0;
  static delivered = 0;
  static sent = 0;
  static running = false;
  /** Sockets that follow their session: what is said from now on is delivered to them. */
  static following = 0;
  readonly #template: Uint8Array;
  readonly #digitsAt: number;
  readonly #wire: Wire;
  #pending = 0;

  private constructor(wire: Wire, sender: string, sessionId: string) {
    this.#wire = wire;
    const clientId = crypto.randomUUID() + "0".repeat(DIGITS);
    const text = JSON.stringify({ sessionId, sender, clientId, message: TEXT });
    this.#template = frame(text);
    const start = this.#template.length - encoder.encode(text).length;
    this.#digitsAt = start + text.indexOf(clientId) + clientId.length - DIGITS;
  }

  static async open(url: string, path: string, headers: Record<string, string>, names: {
    sender: string;
    sessionId: string;
  }): Promise<{ speaker: Speaker; wire: Wire }> {
    const wire = await Wire.open(url, path, headers, (bytes, from) => {
      const type = bytes[from + TYPE_AT];
      if (type === ACK) speaker.#acknowledged();
      else if (type === MESSAGE) Speaker.delivered++;
      else if (type === SESSION) Speaker.following++;
      else if (type === "e".charCodeAt(0)) throw new Error("The server refused a message");
    });
    const speaker = new Speaker(wire, names.sender, names.sessionId);
    return { speaker, wire };
  }

  fill(): void {
    while (this.#pending < WINDOW) this.#send();
  }

  #acknowledged(): void {
    Speaker.acknowledged++;
    this.#pending--;
    if (Speaker.running) this.#send();
  }

  #send(): void {
    this.#pending++;
    const digits = String(++Speaker.sent).padStart(DIGITS, "0");
    for (let i = 0; i < DIGITS; i++) {
      this.#template[this.#digitsAt + i] = digits.charCodeAt(i);
    }
    this.#wire.send(this.#template.slice());
  }
}

interface Loaded extends Disposable {
  readonly speakers: readonly Speaker[];
  readonly pid: number;
}

/** Acknowledged messages a second; each must also have been delivered, where that is promised. */
export async function rate(
  { speakers, pid }: Loaded,
  size: Size,
  { delivers = true } = {},
): Promise<Sample> {
  const before = { sent: Speaker.sent, delivered: Speaker.delivered, done: Speaker.acknowledged };
  Speaker.running = true;
  speakers.forEach((speaker) => speaker.fill());
  await pause(size.of(1_500, 400));
  const use = usage(pid);
  const begun = performance.now();
  const from = Speaker.acknowledged;
  await pause(size.of(4_000, 1_000));
  const value = (Speaker.acknowledged - from) / ((performance.now() - begun) / 1_000);
  const used = use();
  Speaker.running = false;
  const all = Speaker.sent - before.sent;
  const isDone = () =>
    Speaker.acknowledged - before.done === all &&
    (!delivers || Speaker.delivered - before.delivered === all);
  for (let i = 0; i < 200 && !isDone(); i++) await pause(50);
  await pause(100); // for one too many
  const came = Speaker.delivered - before.delivered;
  if (Speaker.acknowledged - before.done !== all || (delivers && came !== all)) {
    throw new Error(`Of ${all} messages ${came} were delivered`);
  }
  return { value, use: used };
}

export const durable: Group = {
  name: "durable",
  async run(size) {
    await using home = folder();
    const seeded = async (file: string) =>
      await fill(file, async (cast) => {
        const agent = await cast.agent(CHATS);
        return { agent, chats: await cast.chats(CHATS) };
      });
    const files = { ours: `${home.path}/ours.db`, alone: `${home.path}/alone.db` };
    const cast = { ours: await seeded(files.ours), alone: await seeded(files.alone) };
    await using ours = await start({ env: { DATA_FILE: files.ours } });
    await using alone = await start({
      script: "tests/bench/alone.ts",
      env: { DATA_FILE: files.alone },
    });
    const floor = (name: string) =>
      start({ script: "tests/bench/floors.ts", args: [name, `${home.path}/${name}.db`] });
    await using commit = await floor("commit");
    await using deliver = await floor("deliver");
    await using promise = await floor("promise");
    using oursLoaded = await enter(ours, cast.ours);
    using aloneLoaded = await enter(alone, cast.alone);
    using commitLoaded = await enter(commit, cast.ours, { delivers: false });
    using deliverLoaded = await enter(deliver, cast.ours, { delivers: false });
    using promiseLoaded = await enter(promise, cast.ours, { delivers: false });
    const samples = await inTurns(size.repeats, {
      ours: () => rate(oursLoaded, size),
      commit: () => rate(commitLoaded, size, { delivers: false }),
      alone: () => rate(aloneLoaded, size),
      deliver: () => rate(deliverLoaded, size),
      promise: () => rate(promiseLoaded, size),
    });
    return rows(samples);
  },
};

export async function enter(
  { url, pid }: Child,
  { agent, chats }: {
    agent: { bearer: { authorization: string } };
    chats: readonly Chat[];
  },
  { delivers = true } = {},
): Promise<Loaded> {
  const speakers: Speaker[] = [];
  const all = Speaker.following + 2 * chats.length;
  const ends = chats.flatMap(({ customer, session: { id: sessionId } }) => [
    { headers: customer.bearer, names: { sender: "user", sessionId } },
    { headers: agent.bearer, names: { sender: "agent", sessionId } },
  ]);
  const opened = await openAll(ends, async ({ headers, names }) => {
    const path = `/ws?sessionId=${names.sessionId}`;
    const { speaker, wire } = await Speaker.open(url, path, { ...headers }, names);
    speakers.push(speaker);
    return wire;
  });
  for (let i = 0; i < 400 && delivers && Speaker.following < all; i++) await pause(50);
  return { speakers, pid, [Symbol.dispose]: () => opened[Symbol.dispose]() };
}

function rows(
  samples: Record<"ours" | "commit" | "alone" | "deliver" | "promise", Sample[]>,
): Row[] {
  const unit = "msg/s";
  const { ours, commit, alone, deliver, promise } = samples;
  const perSecond = Math.round(median(ours.map(({ value }) => value)));
  return [
    {
      id: "20a",
      what: "durable messages on 200 sockets, delivered ÷ bare loop that commits in groups",
      unit,
      ours,
      floor: commit,
      target: { is: "≥", value: 0.6 },
      note: `${perSecond} acknowledgements and as many deliveries a second.`,
    },
    { id: "20b", what: "… ÷ a bare loop that also delivers", unit, ours, floor: deliver },
    {
      id: "20d",
      what: "… ÷ that loop, with a log's promises: each seq and each clientId once",
      unit,
      ours,
      floor: promise,
    },
    {
      id: "20e",
      what: "the loop with those promises ÷ the bare one: what they leave to be had",
      unit,
      ours: promise,
      floor: commit,
    },
    {
      id: "20c",
      what: "… ÷ the same path, a transaction each",
      unit,
      ours,
      floor: alone,
      target: { is: "≥", value: 4 },
    },
  ];
}
