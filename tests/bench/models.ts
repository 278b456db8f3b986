/** The assistant's row: how people fare who talk to people, while fifty answers of a model hang or drip. */
import { hangs, live, type Reply, StandIn, until, words } from "../gemini_stand_in.ts";
import { type Chat, fill, folder } from "./cast.ts";
import { json } from "./http.ts";
import { type Group, inTurns, median, quantile, type Row, type Sample } from "./measure.ts";
import { start, usage } from "./processes.ts";
import { Pace } from "./sign_ins.ts";

const SPEAKERS = 40;
const HANGING = 50;
/** Milliseconds between two messages. */
const PACE = 10;
const SECOND = 1_000;

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Begins an answer, and then says one byte a second. */
const drips: Reply = (_, gone) =>
  live(async function* () {
    yield words("Let me see. ");
    for (const byte of words("Within thirty days.")) {
      await Promise.race([pause(SECOND), until(gone)]);
      if (gone.aborted) return;
      yield byte;
    }
  }());

/** Every other one says nothing more at all. */
function stalls(): Reply {
  const silent = hangs(words("Let me see. "));
  let asked = 0;
  return (question, gone) => (asked++ % 2 === 0 ? silent : drips)(question, gone);
}

const at = (url: string, what: string, { customer, session }: Chat, more: object = {}) =>
  json(`${url}/api/session/${what}`, { sessionId: session.id, ...more }, customer.token);

/** Until so many answers are being made; they are ended within the half minute after which they fail by themselves. */
async function running(standIn: StandIn, count: number): Promise<void> {
  for (let i = 0; i < 1_000 && standIn.running !== count; i++) await pause(10);
  if (standIn.running !== count) throw new Error(`${standIn.running} answers, not ${count}`);
}

export const models: Group = {
  name: "models",
  async run(size) {
    await using home = folder();
    const cast = await fill(home.file, async (cast) => {
      const agent = await cast.agent();
      const people = await cast.chats(SPEAKERS);
      await cast.busy(agent);
      return { agent, people, others: await cast.chats(HANGING * size.repeats, "Barbara") };
    });
    await using standIn = await StandIn.open(stalls());
    const env = { GEMINI_API_KEY: "bench", GEMINI_BASE_URL: standIn.url };
    await using server = await start({ env: { DATA_FILE: home.file, ...env } });
    using pace = await Pace.open(server.url, cast.people, cast.agent);
    await pace.during(pause(SECOND), PACE);
    const lasting = size.of(8 * SECOND, 2 * SECOND);
    const p95 = { ours: [] as Sample[], floor: [] as Sample[] };
    const taken = async (into: Sample[]): Promise<Sample> => {
      const use = usage(server.pid);
      const all = await pace.during(pause(lasting), PACE);
      into.push({ value: quantile(all, 0.95) });
      return { value: median(all), use: use() };
    };
    const samples = await inTurns(size.repeats, {
      ours: async () => {
        const asking = cast.others.splice(0, HANGING);
        const text = "May I return my lamp?";
        await Promise.all(asking.map((chat) => at(server.url, "message", chat, { text })));
        await running(standIn, HANGING);
        const sample = await taken(p95.ours);
        await running(standIn, HANGING); // they hung all the while
        await Promise.all(asking.map((chat) => at(server.url, "end", chat)));
        await running(standIn, 0);
        return sample;
      },
      floor: async () => {
        await pause(SECOND);
        return await taken(p95.floor);
      },
    });
    const row = { unit: "ms", target: { is: "≤" as const, value: 1.3 } };
    const what =
      `a message from customer to agent, median, while ${HANGING} answers hang ÷ without`;
    const rows: Row[] = [
      { ...row, id: "26", what, ...samples },
      { ...row, id: "26b", what: "… the slowest of 20 (p95)", ...p95 },
    ];
    return rows;
  },
};
