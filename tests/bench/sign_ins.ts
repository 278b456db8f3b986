/** Row 25 and the passwords' row: what hashing costs others, and whether it tells who is known. */
import { type Agent, type Chat, fill, folder } from "./cast.ts";
import { json } from "./http.ts";
import { type Group, inTurns, median, quantile, type Sample } from "./measure.ts";
import { ANY_CORE, type Child, CLIENT_CORE, runOn, start, usage } from "./processes.ts";
import { frame, Wire } from "./wire.ts";

const SIGN_INS = 20;
const SPEAKERS = 20;
/** Milliseconds between two messages. */
const PACE = 5;
const TRIES = 30;
const EMAIL = "known@example.com";
const PASSWORD = "correct horse battery";
const ACK = "a".charCodeAt(0);
const TYPE_AT = '{"type":"'.length;

const decoder = new TextDecoder();
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** People who write at an even pace, and how long each message took to be acknowledged, or to be with their agent. */
export class Pace implements Disposable {
  readonly #wires: Wire[] = [];
  #reader: Wire | undefined;
  readonly #chats: readonly Chat[];
  #waiting: (number | undefined)[] = [];
  #taken: number[] = [];
  #said = 0;

  private constructor(chats: readonly Chat[]) {
    this.#chats = chats;
  }

  static async open(url: string, chats: readonly Chat[], agent?: Agent): Promise<Pace> {
    const pace = new Pace(chats);
    if (agent) await pace.#openAt(url, agent);
    for (const [i, { customer, session }] of chats.entries()) {
      const path = `/ws?sessionId=${session.id}`;
      pace.#wires.push(
        await Wire.open(url, path, { ...customer.bearer }, (bytes, from) => {
          if (!agent && bytes[from + TYPE_AT] === ACK) pace.#arrived(i);
        }),
      );
    }
    return pace;
  }

  async #openAt(url: string, { actor, bearer }: Agent): Promise<void> {
    const places = new Map(this.#chats.map(({ session }, i) => [session.id, i]));
    const hears = (bytes: Uint8Array, from: number, to: number) => {
      const { type, sessionId } = JSON.parse(decoder.decode(bytes.subarray(from, to)));
      const place = places.get(sessionId);
      if (type === "message" && place !== undefined) this.#arrived(place);
    };
    this.#reader = await Wire.open(url, `/ws?agentId=${actor.id}`, { ...bearer }, hears);
  }

  /** Milliseconds of each message, until `done`; one that is late holds up nobody but its speaker. */
  async during(done: Promise<unknown>, every = PACE): Promise<number[]> {
    let running = true;
    done.finally(() => running = false);
    this.#taken = [];
    for (let next = performance.now(); running; next += every) {
      await pause(Math.max(0, next - performance.now()));
      this.#say(this.#said++ % this.#chats.length);
    }
    await pause(200);
    return this.#taken;
  }

  #say(i: number): void {
    if (this.#waiting[i] !== undefined) return;
    this.#waiting[i] = performance.now();
    this.#wires[i]!.send(frame(JSON.stringify({
      sessionId: this.#chats[i]!.session.id,
      sender: "user",
      clientId: crypto.randomUUID(),
      message: "Are you still there? The parcel has not come yet.",
    })));
  }

  #arrived(i: number): void {
    const begun = this.#waiting[i];
    if (begun !== undefined) this.#taken.push(performance.now() - begun);
    this.#waiting[i] = undefined;
  }

  [Symbol.dispose](): void {
    this.#wires.forEach((wire) => wire[Symbol.dispose]());
    this.#reader?.[Symbol.dispose]();
  }
}

const signIn = ({ url }: Child, email: string, password: string) =>
  json(`${url}/api/user/login`, { email, password });

async function register(child: Child): Promise<void> {
  const known = { name: "Known", email: EMAIL, password: PASSWORD };
  await json(`${child.url}/api/user/register`, known);
}

export const signIns: Group = {
  name: "sign_ins",
  async run(size) {
    await using home = folder();
    const chats = await fill(home.file, async (cast) => {
      await cast.agent();
      return await cast.chats(SPEAKERS);
    });
    await using server = await start({ env: { DATA_FILE: home.file }, core: ANY_CORE });
    await register(server);
    await runOn(ANY_CORE);
    using pace = await Pace.open(server.url, chats);
    await pace.during(pause(1_000));
    const count = size.of(SIGN_INS, 4);
    let lasted = 1_000;
    const p99 = async (busy: () => Promise<unknown>): Promise<Sample> => {
      const use = usage(server.pid);
      return { value: quantile(await pace.during(busy()), 0.99), use: use() };
    };
    const samples = await inTurns(size.repeats, {
      ours: () =>
        p99(async () => {
          const begun = performance.now();
          await Promise.all(
            Array.from({ length: count }, () => signIn(server, EMAIL, PASSWORD)),
          );
          lasted = performance.now() - begun;
        }),
      floor: () => p99(() => pause(lasted)),
    });
    await runOn(CLIENT_CORE);
    return [{
      id: "25",
      what: `p99 of a send while ${count} sign-ins hash at once ÷ without (not pinned)`,
      unit: "ms",
      ...samples,
      target: { is: "≤", value: 2 },
      note: `The sign-ins took ${(lasted / 1_000).toFixed(1)} s, one after the other.`,
    }];
  },
};

export const passwords: Group = {
  name: "passwords",
  async run(size) {
    await using home = folder();
    await using server = await start({ env: { DATA_FILE: home.file } });
    await register(server);
    const time = async (email: string): Promise<Sample> => {
      const begun = performance.now();
      await signIn(server, email, "a wrong password");
      return { value: performance.now() - begun };
    };
    await time(EMAIL);
    const samples = await inTurns(size.of(TRIES, 4), {
      ours: () => time(`unknown-${crypto.randomUUID()}@example.com`),
      floor: () => time(EMAIL),
    });
    const spread = (all: readonly Sample[]) =>
      [0.1, 0.5, 0.9].map((q) => quantile(all.map((s) => s.value), q).toFixed(0)).join("/");
    return [{
      id: "15",
      what: `an unknown address ÷ a wrong password, ${size.of(TRIES, 4)} tries each`,
      unit: "ms",
      ...samples,
      target: { is: "≈", value: 1 },
      note: `p10/p50/p90 in ms: unknown ${spread(samples.ours)}, wrong ${spread(samples.floor)}; ` +
        `medians ${median(samples.ours.map((s) => s.value)).toFixed(1)} and ` +
        `${median(samples.floor.map((s) => s.value)).toFixed(1)}.`,
    }];
  },
};
