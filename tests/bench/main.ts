/** `deno task bench`: what Handoff does beside the least that has to be done for it. `--quick` to try it; names of groups to run some. */
import { durable } from "./durable.ts";
import { type Group, isMet, type Row, type Size, table } from "./measure.ts";
import { models } from "./models.ts";
import { mongo } from "./mongo.ts";
import { pages } from "./pages.ts";
import { hostile } from "./hostile.ts";
import { CLIENT_CORE, pinned, runOn } from "./processes.ts";
import { scale } from "./scale.ts";
import { passwords, signIns } from "./sign_ins.ts";
import { memoryOfIdle, watchers } from "./watchers.ts";

const GROUPS: readonly Group[] = [
  durable,
  pages,
  watchers,
  memoryOfIdle,
  scale,
  signIns,
  hostile,
  models,
  passwords,
  mongo,
];
const REPEATS = 5;

/** Milliseconds that a group may take. */
const GROUP_WITHIN = 20 * 60_000;

const say = (text: string): void =>
  void Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));

function machine(): string {
  const info = Deno.readTextFileSync("/proc/cpuinfo");
  const model = /model name\s*: (.+)/.exec(info)?.[1] ?? "unknown processor";
  const cores = navigator.hardwareConcurrency;
  const memory = Math.round(Deno.systemMemoryInfo().total / 2 ** 30);
  const [load = 0] = Deno.loadavg();
  return `${model}, ${cores} cores, ${memory} GB; Deno ${Deno.version.deno}; load before ${
    load.toFixed(2)
  }; ${
    pinned
      ? "server on core 0, client on core 1"
      : "NOT PINNED: there is no taskset, or only one core"
  }`;
}

async function main(args: readonly string[]): Promise<void> {
  const quick = args.includes("--quick");
  const wanted = args.filter((arg) => !arg.startsWith("--"));
  const size: Size = {
    quick,
    repeats: Number(/--repeats=(\d+)/.exec(args.join(" "))?.[1] ?? (quick ? 1 : REPEATS)),
    of: (full, small) => quick ? small : full,
  };
  say(machine());
  say(`${size.repeats} repeats in turns; ratios of medians' repeats, from the least to the most\n`);
  await runOn(CLIENT_CORE);
  const rows: Row[] = [];
  for (const group of GROUPS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    const begun = performance.now();
    const found = await inTime(group, size);
    rows.push(...found);
    say(`${group.name} (${Math.round((performance.now() - begun) / 1_000)} s)\n${table(found)}\n`);
  }
  say(table(rows));
  const missed = rows.filter((row) => isMet(row) === false).map(({ id }) => id);
  say(missed.length > 0 ? `\nMissed: ${missed.join(", ")}` : "\nAll targets met");
}

async function inTime(group: Group, size: Size): Promise<readonly Row[]> {
  const { promise, reject } = Promise.withResolvers<never>();
  const tooLate = new Error(`${group.name} took too long`);
  const late = setTimeout(() => reject(tooLate), size.of(GROUP_WITHIN, GROUP_WITHIN / 5));
  return await Promise.race([group.run(size), promise]).finally(() => clearTimeout(late));
}

try {
  await main(Deno.args);
  Deno.exit(0);
} catch (error) {
  say(error instanceof Error ? error.stack ?? error.message : String(error));
  Deno.exit(1);
}
