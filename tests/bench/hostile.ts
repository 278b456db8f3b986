/** Line 14's row: how others fare while sockets flood, send without end, never read, and sit there. */
import { fill, folder } from "./cast.ts";
import { type Group, inTurns, median, quantile, type Row, type Sample } from "./measure.ts";
import { CLIENT_CORE, start, usage } from "./processes.ts";
import { Pace } from "./sign_ins.ts";

const SPEAKERS = 40;
const HOSTILE = 20;
/** One message in so many milliseconds: below everybody's limit, which is on here. */
const PACE = 10;

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

export const hostile: Group = {
  name: "hostile",
  async run(size) {
    await using home = folder();
    const cast = await fill(home.file, async (cast) => {
      await cast.agent();
      return { good: await cast.chats(SPEAKERS), bad: await cast.chats(HOSTILE, "Mallory") };
    });
    await using server = await start({ env: { DATA_FILE: home.file, RATE_LIMITS: "on" } });
    using pace = await Pace.open(server.url, cast.good);
    await pace.during(pause(1_000), PACE);
    const lasting = size.of(6_000, 2_000);
    const p95 = { ours: [] as Sample[], floor: [] as Sample[] };
    const taken = async (into: Sample[]): Promise<Sample> => {
      const use = usage(server.pid);
      const all = await pace.during(pause(lasting), PACE);
      into.push({ value: quantile(all, 0.95) });
      return { value: median(all), use: use() };
    };
    const samples = await inTurns(size.repeats, {
      ours: async () => {
        const bad = cast.bad.map(({ customer, session }) => [session.id, customer.token]);
        await using _attack = await start({
          script: "tests/bench/attackers.ts",
          args: [server.url, JSON.stringify(bad)],
          core: CLIENT_CORE,
          nice: 10,
        });
        return await taken(p95.ours);
      },
      floor: async () => {
        await pause(1_000);
        return await taken(p95.floor);
      },
    });
    const row = { unit: "ms", target: { is: "≤" as const, value: 2 } };
    const rows: Row[] = [
      { ...row, id: "14", what: "a send, median, during hostile sockets ÷ usual", ...samples },
      { ...row, id: "14b", what: "… the slowest of 20 (p95)", ...p95 },
    ];
    return rows;
  },
};
