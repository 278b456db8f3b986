/** The server as people start it: its own process, by the `start` task's own command, and what the system says of it. */
import assert from "node:assert/strict";
import { eventually } from "./helpers.ts";
import { NOTHING } from "./process.ts";

const SECOND = 1_000;

/** `deno` and its flags as `deno task start` has them, up to the script. */
export function startFlags(): string[] {
  const { tasks } = JSON.parse(Deno.readTextFileSync("deno.json"));
  const [deno, ...args] = String(tasks.start).split(" ");
  assert.equal(deno, "deno");
  assert.equal(args.at(-1), "main.ts");
  return args.slice(0, -1);
}

export interface StartOptions {
  readonly env?: Record<string, string>;
  readonly args?: readonly string[];
}

/** A server of one's own, gone with its data when it is disposed. */
export class Started implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #output: Promise<unknown>;
  readonly #data: string;
  /** Everything that it has printed, both ways. */
  printed = "";
  url = "";
  #hasEnded = false;

  private constructor(options: StartOptions) {
    this.#data = `data/test-${crypto.randomUUID()}.db`;
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [...startFlags(), "main.ts", ...options.args ?? []],
      env: { ...NOTHING, HOST: "127.0.0.1", PORT: "0", DATA_FILE: this.#data, ...options.env },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const { stdout, stderr, status } = this.#process;
    status.then(() => this.#hasEnded = true);
    this.#output = Promise.all([stdout, stderr].map(async (stream) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) this.printed += text;
    }));
  }

  static async open(options: StartOptions = {}): Promise<Started> {
    const started = new Started(options);
    try {
      started.url = await eventually(
        () => {
          if (started.#hasEnded) throw new Error("It has ended");
          return /"event":"listening","address":"([^"]+)"/.exec(started.printed)?.[1];
        },
        { within: 60 * SECOND, what: "listening" },
      );
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw new Error(started.printed, { cause: error });
    }
    return started;
  }

  get pid(): number {
    return this.#process.pid;
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(this.url + path, { redirect: "manual", ...init });
  }

  /** Megabytes in use now, and the most there ever were. */
  memory(): { now: number; most: number } {
    // Deno itself reads nothing under /proc, whatever it is allowed.
    const cat = new Deno.Command("cat", { args: [`/proc/${this.pid}/status`] }).outputSync();
    const status = new TextDecoder().decode(cat.stdout);
    const of = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
    return { now: of("VmRSS"), most: of("VmHWM") };
  }

  /** The database file's bytes, with what stands in its log. */
  dataFiles(): Uint8Array[] {
    return ["", "-wal"].flatMap((ending) => {
      try {
        return [Deno.readFileSync(this.#data + ending)];
      } catch {
        return [];
      }
    });
  }

  async stop(): Promise<void> {
    try {
      this.#process.kill("SIGTERM");
    } catch { /* it has ended by itself */ }
    await this.#process.status;
    await this.#output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    for (const ending of ["", "-wal", "-shm"]) {
      await Deno.remove(this.#data + ending).catch(() => undefined);
    }
  }
}

// ---- people there -------------------------------------------------------------------------------

// deno-lint-ignore no-explicit-any -- answers are looked at field by field, by assertions
type Json = any;

/** JSON to a server, with a bearer or without. */
export async function post(
  url: string,
  path: string,
  body: unknown,
  token?: string,
): Promise<{ status: number; headers: Headers; body: Json }> {
  const response = await fetch(url + path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

export interface Guest {
  readonly id: string;
  readonly token: string;
  readonly sessionId: string;
}

/** A guest with an open conversation. */
export async function guest(url: string, name: string): Promise<Guest> {
  const { body } = await post(url, "/api/user/guest", { name });
  const started = await post(url, "/api/session/start", {}, body.token);
  return { id: body.userId, token: body.token, sessionId: started.body.sessionId };
}
