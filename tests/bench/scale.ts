/** Row 24: sending, opening and listing where there are 100,000 conversations, beside 1,000. */
import { type Agent, type Chat, fill, folder } from "./cast.ts";
import { Http, request } from "./http.ts";
import { type Group, inTurns, median, type Row, type Sample, type Size } from "./measure.ts";
import { type Child, start, usage } from "./processes.ts";

const FEW = 1_000;
const MANY = 100_000;
const CARRIED = 20;
/** Of those, so many are opened, chosen evenly: more than the server keeps drawn. */
const PICKED = 1_000;
/** How many conversations are filled in at once. */
const BATCH = 5_000;

interface World {
  readonly agent: Agent;
  /** Of the agent, all alike. */
  readonly mine: readonly Chat[];
  /** Some of the others. */
  readonly others: readonly Chat[];
}

async function worldOf(file: string, sessions: number): Promise<World> {
  return await fill(file, async (cast) => {
    const agent = await cast.agent();
    const mine = await cast.chats(CARRIED);
    for (const chat of mine) await cast.talk(chat, agent, 20);
    await cast.busy(agent);
    const others: Chat[] = [];
    for (let left = sessions; left > 0; left -= BATCH) {
      const some = await cast.past(Math.min(left, BATCH));
      others.push(...some.filter((_, i) => i % Math.ceil(sessions / PICKED) === 0));
    }
    return { agent, mine, others };
  });
}

/** The median of milliseconds for one, one after the other. */
async function each(
  { pid, url }: Child,
  times: number,
  prepare: (i: number) => Uint8Array,
): Promise<Sample> {
  using http = await Http.open(url);
  const use = usage(pid);
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    const prepared = prepare(i);
    const begun = performance.now();
    const { status } = await http.ask(prepared);
    taken.push(performance.now() - begun);
    if (status >= 300) throw new Error(`Answered ${status}`);
  }
  return { value: median(taken), use: use() };
}

const pick = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)]!;

/** What is done, as a request made anew each time. */
const DEEDS = {
  sending: ({ mine }: World, i: number) => {
    const { customer, session } = pick(mine);
    const body = JSON.stringify({ sessionId: session.id, text: `And another thing, ${i}` });
    return request({
      method: "POST",
      path: "/api/session/message",
      headers: customer.bearer,
      body,
    });
  },
  opening: ({ others }: World) => {
    const { customer, session } = pick(others);
    return request({ path: `/chat/${session.id}`, headers: customer.cookie });
  },
  "opening on the desk": ({ agent, others }: World) =>
    request({ path: `/agent/sessions/${pick(others).session.id}`, headers: agent.cookie }),
  "listing the ended": ({ agent }: World) =>
    request({ path: "/agent?list=closed", headers: agent.cookie }),
  "listing the assistant's": ({ agent }: World) =>
    request({ path: "/agent?list=ai", headers: agent.cookie }),
} satisfies Record<string, (world: World, i: number) => Uint8Array>;

export const scale: Group = {
  name: "scale",
  async run(size: Size) {
    const many = size.of(MANY, 5_000);
    const few = size.of(FEW, 500);
    await using home = folder();
    const files = { many: `${home.path}/many.db`, few: `${home.path}/few.db` };
    const worlds = { many: await worldOf(files.many, many), few: await worldOf(files.few, few) };
    await using large = await start({ env: { DATA_FILE: files.many } });
    await using small = await start({ env: { DATA_FILE: files.few } });
    const times = size.of(200, 40);
    const rows: Row[] = [];
    for (const [name, deed] of Object.entries(DEEDS)) {
      const at = (child: Child, world: World) => () => each(child, times, (i) => deed(world, i));
      const [inLarge, inSmall] = [at(large, worlds.many), at(small, worlds.few)];
      await inLarge();
      await inSmall();
      const samples = await inTurns(size.repeats, { ours: inLarge, floor: inSmall });
      rows.push({
        id: `24${"abcde"[rows.length]}`,
        what: `${name}, of ${many.toLocaleString("en-US")} conversations ÷ of ${
          few.toLocaleString("en-US")
        }`,
        unit: "ms",
        ...samples,
        target: { is: "≤", value: 2 },
      });
    }
    return rows;
  },
};
