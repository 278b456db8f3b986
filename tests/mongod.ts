/**
 * A MongoDB to test on: `TEST_MONGODB_URL`, or a compatible server from PyPI that is started here and gone with the tests.
 * Where neither can be had, it says so in one line.
 */
import { join } from "node:path";

const PACKAGE = "secantusdb==0.7.0b3";
const VENV = join(import.meta.dirname!, "..", ".cache", "secantusdb-0.7.0b3");
const PYTHONS = ["python3", "python3.13", "python3.12", "python3.11", "python3.10", "python"];
const IS_NEW_ENOUGH = "import sys, venv; sys.exit(sys.version_info < (3, 10))";
const UP_WITHIN = 30_000;

export type Kind = "replica set" | "standalone" | "given";

export interface Server extends AsyncDisposable {
  readonly kind: Kind;
  readonly uri: string;
  /** Of a server that was started here, to be ended by it and by nothing else. */
  readonly pid?: number;
}

export interface ServerOptions {
  /** A folder for its data, which then outlives it, written through to the disk. */
  readonly folder?: string;
  readonly port?: number;
  /** Others of its own switches, like `--auth`. */
  readonly switches?: readonly string[];
}

/** The kinds of server that there are to test on; none where the one line was printed. */
export async function kindsOfServer(): Promise<readonly Kind[]> {
  if (Deno.env.get("TEST_MONGODB_URL")) return ["given"];
  const refusal = await install();
  if (refusal === undefined) return ["replica set", "standalone"];
  say(`SKIPPED: the tests on MongoDB, since ${refusal}`);
  return [];
}

export async function startServer(kind: Kind, options: ServerOptions = {}): Promise<Server> {
  const given = Deno.env.get("TEST_MONGODB_URL");
  if (kind === "given" && given) return { kind, uri: given, async [Symbol.asyncDispose]() {} };
  const { folder, port = 0, switches = [] } = options;
  const child = new Deno.Command(join(VENV, "bin", "secantusd-py"), {
    args: [
      ...["--host", "127.0.0.1", "--port", `${port}`],
      ...["--storage-path", folder ?? ":memory:", ...folder ? ["--sync-on-commit"] : []],
      ...kind === "standalone" ? ["--standalone"] : [],
      ...switches,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const address = await listening(child);
  return {
    kind,
    uri: `mongodb://${address}/`,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      end(child);
      await child.status;
    },
  };
}

/** A cable to a server, in which the answer to a command can get lost. */
export class Cable implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #server: URL;
  readonly #ends = new Set<Deno.Conn>();
  readonly #running: Promise<void>;
  #losing: { readonly command: string; times: number } | undefined;
  /** How many answers were lost. */
  lost = 0;

  constructor(uri: string) {
    this.#server = new URL(uri);
    this.#running = this.#accept();
  }

  get uri(): string {
    const { port } = this.#listener.addr as Deno.NetAddr;
    return `mongodb://127.0.0.1:${port}/?directConnection=true`;
  }

  /** The next `times` that `command` (its name, then the collection's) is sent, the server does it and nobody hears. */
  lose(command: string, times = 1): void {
    this.#losing = { command, times };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const end of this.#ends) close(end);
    await this.#running;
  }

  async #accept(): Promise<void> {
    const pipes: Promise<void>[] = [];
    try {
      for await (const client of this.#listener) pipes.push(this.#connect(client));
    } finally {
      await Promise.all(pipes);
    }
  }

  async #connect(client: Deno.Conn): Promise<void> {
    const { hostname, port } = this.#server;
    const server = await Deno.connect({ hostname, port: Number(port) });
    const ends = [client, server];
    for (const end of ends) this.#ends.add(end);
    let isLost = false;
    const isLosing = (sent: Uint8Array) => isLost ||= this.#loses(sent);
    const there = pipe(client, server, isLosing, () => false);
    const back = pipe(server, client, () => false, () => isLost);
    await Promise.race([there, back]);
    for (const end of ends) close(end);
    await Promise.all([there, back]);
    for (const end of ends) this.#ends.delete(end);
  }

  #loses(sent: Uint8Array): boolean {
    const losing = this.#losing;
    if (!losing || losing.times === 0 || !commandIn(sent).startsWith(losing.command)) return false;
    losing.times--;
    this.lost++;
    return true;
  }
}

/** In OP_MSG the command's document follows 21 bytes: its length, a type, the command's name and the collection's. */
function commandIn(sent: Uint8Array): string {
  const start = new TextDecoder("latin1").decode(sent.subarray(26, 100));
  const [command = "", rest = ""] = start.split("\0", 2);
  const [, collection = ""] = /^....(\w*)/s.exec(start.slice(command.length + 1)) ?? [];
  return rest === "" && collection === "" ? command : `${command} ${collection}`;
}

/** Until one end closes; what `stops` says of it is the last to be passed on, or not even that. */
async function pipe(
  from: Deno.Conn,
  to: Deno.Conn,
  look: (piece: Uint8Array) => boolean,
  stops: () => boolean,
): Promise<void> {
  const piece = new Uint8Array(65_536);
  try {
    for (let size; (size = await from.read(piece)) !== null;) {
      look(piece.subarray(0, size));
      if (stops()) return;
      for (let at = 0; at < size;) at += await to.write(piece.subarray(at, size));
    }
  } catch {
    // the other end is closed
  }
}

function close(end: Deno.Conn): void {
  try {
    end.close();
  } catch {
    // it is closed
  }
}

/** A database's name that nothing else uses. */
export const freshName = (): string =>
  `test_${crypto.randomUUID().replaceAll("-", "").slice(0, 20)}`;

/** Reads what the server says until it tells its address, and then on, so that it never waits for a reader. */
async function listening(child: Deno.ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const timer = setTimeout(() => reject(new Error("The test server did not start")), UP_WITHIN);
  let told = "";
  const reading = (async () => {
    for await (const piece of child.stderr.pipeThrough(new TextDecoderStream())) {
      if (told.length < 10_000) told += piece;
      const address = /listening on (\S+:\d+)/.exec(told)?.[1];
      if (address) resolve(address);
    }
    reject(new Error(`The test server ended: ${told}`));
  })();
  reading.catch(reject);
  try {
    return await promise;
  } catch (error) {
    end(child);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function end(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // it has ended by itself
  }
}

/** Why there is no server, if so. */
async function install(): Promise<string | undefined> {
  const server = join(VENV, "bin", "secantusd-py");
  if (await runs(server, ["--help"])) return undefined;
  const python = await firstThat(PYTHONS, (name) => runs(name, ["-c", IS_NEW_ENOUGH]));
  if (!python) return "there is no Python of 3.10 or later and TEST_MONGODB_URL is not set";
  const pip = join(VENV, "bin", "pip");
  const isInstalled = await runs(python, ["-m", "venv", VENV]) &&
    await runs(pip, ["install", "--quiet", "--disable-pip-version-check", PACKAGE]);
  return isInstalled && await runs(server, ["--help"])
    ? undefined
    : `${PACKAGE} can't be installed from PyPI`;
}

async function runs(command: string, args: readonly string[]): Promise<boolean> {
  try {
    const quiet = { stdin: "null", stdout: "null", stderr: "null" } as const;
    return (await new Deno.Command(command, { args: [...args], ...quiet }).output()).success;
  } catch {
    return false;
  }
}

async function firstThat<T>(
  all: readonly T[],
  isFine: (each: T) => Promise<boolean>,
): Promise<T | undefined> {
  for (const each of all) if (await isFine(each)) return each;
  return undefined;
}

const say = (text: string): void =>
  void Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
