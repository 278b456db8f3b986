/** Where a CPU profile's time goes: `deno run --allow-read tests/bench/profile.ts data/profiles/CPU….cpuprofile`. */

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { functionName: string; url: string; lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const TOP = 45;
const IDLE = /^\((idle|program)\)$/;

const [file = "", pattern = ""] = Deno.args;
const { nodes, samples, timeDeltas }: Profile = JSON.parse(Deno.readTextFileSync(file));
const byId = new Map(nodes.map((node) => [node.id, node]));
const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((c) => [c, id])));

function nameOf(id: number): string {
  const { functionName, url, lineNumber } = byId.get(id)!.callFrame;
  const short = url.replace(/^.*\/node_modules\/\.deno\/[^/]+\/node_modules\//, "npm:")
    .replace(/^file:\/\/.*\/(?=(routes|services|views|tests|main))/, "");
  return `${functionName || "(anonymous)"} ${short}:${lineNumber + 1}`;
}

const own = new Map<string, number>();
const whole = new Map<string, number>();
let total = 0;
const add = (map: Map<string, number>, key: string, ms: number) =>
  map.set(key, (map.get(key) ?? 0) + ms);
samples.forEach((id, i) => {
  const { functionName } = byId.get(id)!.callFrame;
  if (IDLE.test(functionName)) return;
  const stack: string[] = [];
  for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
    stack.push(nameOf(at));
  }
  if (pattern && !stack.some((name) => name.includes(pattern))) return;
  const ms = (timeDeltas[i] ?? 0) / 1_000;
  total += ms;
  add(own, stack[0]!, ms);
  for (const name of new Set(stack)) add(whole, name, ms);
});

function print(title: string, times: Map<string, number>): void {
  const lines = [...times].sort((a, b) => b[1] - a[1]).slice(0, TOP)
    .map(([name, ms]) => `${(ms / total * 100).toFixed(1).padStart(6)} %  ${name}`);
  Deno.stdout.writeSync(new TextEncoder().encode(`\n${title}\n${lines.join("\n")}\n`));
}

print(`Own time (of ${Math.round(total)} ms)`, own);
print("With what they call", whole);
