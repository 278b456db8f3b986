/** Real server processes, started as `deno task start` does, and killed as nobody should be. */
import { newId } from "../services/domain.ts";
import settings from "../deno.json" with { type: "json" };

const [, ...FLAGS] = settings.tasks.start.split(" ");
/** So that nothing of the developer's own is used; an empty variable counts as absent. */
export const NOTHING = Object.fromEntries(
  [
    ...["MONGO_URI", "PUBLIC_URL", "AGENT_CAPACITY", "TRUST_PROXY", "SETUP_CODE", "ARTICLES_DIR"],
    ...["GEMINI_API_KEY", "GEMINI_MODEL", "GEMINI_BASE_URL"],
  ].map((name) => [name, ""]),
);
const STARTS_WITHIN = 30_000;

/** A test that ends in the middle leaves no process behind. */
const running = new Set<Deno.ChildProcess>();
globalThis.addEventListener("unload", () => running.forEach((child) => child.kill("SIGKILL")));

export interface Server extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** What it has logged, a JSON line each, and what it wrote to its standard error. */
  readonly lines: readonly string[];
  /** At once, as by `kill -9`; resolves when it is gone. */
  kill(): Promise<void>;
}

/** A file of its own in `data/`, and everything beside it; gone in the end. */
export function freshFile(): AsyncDisposable & { readonly file: string; readonly folder: string } {
  const folder = `data/test-${newId()}`;
  return {
    folder,
    file: `${folder}/handoff.db`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }).catch(() => undefined),
  };
}

export async function startServer(
  { file, env = {} }: { file?: string; env?: Readonly<Record<string, string>> },
): Promise<Server> {
  const own = { HOST: "127.0.0.1", PORT: "0", RATE_LIMITS: "off", LOG_LEVEL: "info" };
  const child = new Deno.Command(Deno.execPath(), {
    args: FLAGS,
    env: { ...NOTHING, ...own, ...file && { DATA_FILE: file }, ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  running.add(child);
  const lines: string[] = [];
  const { promise: address, resolve: listening } = Promise.withResolvers<string | undefined>();
  const read = async (stream: ReadableStream<Uint8Array>) => {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      const [last = "", ...whole] = (rest + decoder.decode(chunk, { stream: true })).split("\n")
        .reverse();
      rest = last;
      for (const line of whole.reverse()) {
        lines.push(line);
        const found = /"event":"listening","address":"([^"]+)"/.exec(line)?.[1];
        if (found) listening(found);
      }
    }
    if (rest) lines.push(rest);
  };
  const ended = Promise.all([child.status, read(child.stdout), read(child.stderr)]).then(() => {
    running.delete(child);
    listening(undefined);
  });
  const kill = async () => {
    if (running.has(child)) child.kill("SIGKILL");
    await ended;
  };
  const late = setTimeout(() => listening(undefined), STARTS_WITHIN);
  const url = await address;
  clearTimeout(late);
  if (url === undefined) {
    await kill();
    throw new Error(`The server did not start:\n${lines.join("\n")}`);
  }
  return { url, pid: child.pid, lines, kill, [Symbol.asyncDispose]: kill };
}

export interface Two extends AsyncDisposable {
  readonly servers: readonly [Server, Server];
  readonly urls: readonly [string, string];
}

/** Two processes over one database. */
export async function startTwo(env: Readonly<Record<string, string>>): Promise<Two> {
  const first = await startServer({ env });
  const second = await startServer({ env }).catch(async (error) => {
    await first.kill();
    throw error;
  });
  return {
    servers: [first, second],
    urls: [first.url, second.url],
    async [Symbol.asyncDispose]() {
      await Promise.all([first.kill(), second.kill()]);
    },
  };
}
