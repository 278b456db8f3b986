/** The processes of the benchmarks: started on a core of their own, measured by what the system says, ended by their pid. */
import settings from "../../deno.json" with { type: "json" };

const START_FLAGS = settings.tasks.start.split(" ").slice(1, -1);
const STARTS_WITHIN = 60_000;
/** Of the clock in /proc, a second. */
const TICKS = 100;

export const SERVER_CORE = "0";
export const CLIENT_CORE = "1";
export const ANY_CORE = `0-${navigator.hardwareConcurrency - 1}`;

/** A folder for the servers' CPU profiles, where they are wanted. */
const PROFILES = Deno.args.includes("--profile") ? "data/profiles" : undefined;
const PROFILE_FLAGS = PROFILES
  ? ["--cpu-prof", `--cpu-prof-dir=${PROFILES}`, "--cpu-prof-interval=250"]
  : [];

const running = new Set<Deno.ChildProcess>();
globalThis.addEventListener("unload", () => running.forEach((child) => child.kill("SIGKILL")));

/** Whether processes can be given a core each here. */
export const pinned: boolean = navigator.hardwareConcurrency > 1 &&
  await new Deno.Command("taskset", { args: ["-V"], stdout: "null" }).output()
    .then(({ success }) => success, () => false);

/** Puts a process, by default this one, which is the client, on some core. */
export async function runOn(core: string, pid: number = Deno.pid): Promise<void> {
  if (!pinned) return;
  const args = ["-a", "-p", "-c", core, String(pid)];
  await new Deno.Command("taskset", { args, stdout: "null" }).output();
}

export interface Child extends AsyncDisposable {
  readonly pid: number;
  readonly url: string;
}

export interface ChildOptions {
  readonly script?: string;
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  readonly core?: string;
  /** Politeness: how much others go first. */
  readonly nice?: number;
}

/** Handoff itself by the `start` task's own flags, or another script that says `listening` as it does. */
export async function start(options: ChildOptions): Promise<Child> {
  const { script = "main.ts", args = [], env = {}, core = SERVER_CORE, nice = 0 } = options;
  const line = [
    ...(pinned ? ["taskset", "-c", core] : []),
    ...(nice > 0 ? ["nice", "-n", String(nice)] : []),
    Deno.execPath(),
    ...START_FLAGS,
    ...PROFILE_FLAGS,
    script,
    ...args,
  ];
  const child = new Deno.Command(line[0]!, {
    args: line.slice(1),
    env: { HOST: "127.0.0.1", PORT: "0", RATE_LIMITS: "off", LOG_LEVEL: "info", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  running.add(child);
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const ended = Promise.all([child.status, listen(child.stdout, resolve)]).then(() => {
    running.delete(child);
    resolve(undefined);
  });
  const late = setTimeout(() => resolve(undefined), STARTS_WITHIN);
  const url = await promise;
  clearTimeout(late);
  const stop = async () => {
    if (running.has(child)) child.kill(PROFILES ? "SIGTERM" : "SIGKILL");
    await ended;
  };
  if (url !== undefined) return { pid: child.pid, url, [Symbol.asyncDispose]: stop };
  await stop();
  throw new Error(`${script} did not start`);
}

async function listen(stdout: ReadableStream<Uint8Array>, found: (url: string) => void) {
  let text = "";
  for await (const piece of stdout.pipeThrough(new TextDecoderStream())) {
    text = (text + piece).slice(-10_000);
    const url = /"event":"listening","address":"([^"]+)"/.exec(text)?.[1];
    if (url) found(url.replace("localhost", "127.0.0.1"));
    if (text.includes('"level":"error"')) Deno.stderr.writeSync(new TextEncoder().encode(piece));
  }
}

/** The seconds of processor time that a process has used. */
function cpuSeconds(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Megabytes in memory. */
export function rss(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

export interface Use {
  /** Shares of one core, from 0 to 1 and more. */
  readonly server: number;
  readonly client: number;
}

/** Begins to look how busy both sides are; call the result in the end. */
export function usage(server: number): () => Use {
  const begun = { at: performance.now(), server: cpuSeconds(server), client: cpuSeconds(Deno.pid) };
  return () => {
    const seconds = (performance.now() - begun.at) / 1_000;
    return {
      server: (cpuSeconds(server) - begun.server) / seconds,
      client: (cpuSeconds(Deno.pid) - begun.client) / seconds,
    };
  };
}
