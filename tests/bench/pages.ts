/** Row 21: a customer's chat with 50 messages, as a page. */
import { fill, folder } from "./cast.ts";
import { Http, request } from "./http.ts";
import { type Group, inTurns, type Sample, type Size } from "./measure.ts";
import { start, usage } from "./processes.ts";

const MESSAGES = 50;
const CONNECTIONS = 16;

interface Site {
  readonly url: string;
  readonly pid: number;
}

/** Answers a second. */
async function rate({ url, pid }: Site, prepared: Uint8Array, size: Size): Promise<Sample> {
  let answered = 0;
  let running = true;
  const clients = Array.from({ length: CONNECTIONS }, async () => {
    using http = await Http.open(url);
    while (running) {
      const { status } = await http.ask(prepared);
      if (status !== 200) throw new Error(`A page was answered ${status}`);
      answered++;
    }
  });
  await new Promise((done) => setTimeout(done, size.of(1_500, 400)));
  const use = usage(pid);
  const begun = performance.now();
  const from = answered;
  await new Promise((done) => setTimeout(done, size.of(4_000, 1_000)));
  const value = (answered - from) / ((performance.now() - begun) / 1_000);
  const used = use();
  running = false;
  await Promise.all(clients);
  return { value, use: used };
}

export const pages: Group = {
  name: "pages",
  async run(size) {
    await using home = folder();
    const { agent, chat } = await fill(home.file, async (cast) => {
      const agent = await cast.agent();
      const chat = await cast.chat("Linus");
      await cast.talk(chat, agent, MESSAGES);
      return { agent, chat };
    });
    await using ours = await start({ env: { DATA_FILE: home.file } });
    const { id } = chat.session;
    const page = request({ path: `/chat/${id}`, headers: chat.customer.cookie });
    const desk = request({
      path: `/agent/sessions/${id}`,
      headers: agent.cookie,
    });
    using http = await Http.open(ours.url);
    const { length } = await http.ask(page);
    const { length: deskLength } = await http.ask(desk);
    const floor = (name: string) =>
      start({ script: "tests/bench/floors.ts", args: [name, String(length)] });
    await using constant = await floor("constant");
    await using bare = await floor("bare");
    const samples = await inTurns(size.repeats, {
      ours: () => rate(ours, page, size),
      constant: () => rate(constant, page, size),
      desk: () => rate(ours, desk, size),
      bare: () => rate(bare, page, size),
    });
    const unit = "req/s";
    return [
      {
        id: "21",
        what: "a chat of 50 messages ÷ a constant string, both by Hono on node:http",
        unit,
        ours: samples.ours,
        floor: samples.constant,
        target: { is: "≥", value: 0.3 },
        note: `The page has ${length} bytes, the desk's with the same chat ${deskLength}.`,
      },
      {
        id: "21b",
        what: "… ÷ node:http with nothing in between",
        unit,
        ours: samples.ours,
        floor: samples.bare,
      },
      {
        id: "21c",
        what: "the same chat on the desk ÷ the constant string",
        unit,
        ours: samples.desk,
        floor: samples.constant,
      },
    ];
  },
};
