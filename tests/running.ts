/** A task of `deno.json` as its own process: what it prints, where it listens, and how it ends. */
import assert from "node:assert/strict";
import { eventually } from "./helpers.ts";
import { NOTHING } from "./process.ts";

export const { tasks }: { tasks: Record<string, string> } = JSON.parse(
  await Deno.readTextFile("deno.json"),
);

/** A task's own process, with a data file that goes with it. */
export class Running implements AsyncDisposable {
  readonly process: Deno.ChildProcess;
  printed = "";
  #out: Promise<unknown>;
  readonly dataFile: string;
  readonly #isOwner: boolean;

  constructor(task: string, env: Record<string, string> = {}, more: readonly string[] = []) {
    const [deno, ...args] = (tasks[task] ?? "").split(" ");
    assert.equal(deno, "deno");
    this.#isOwner = env.DATA_FILE === undefined;
    this.dataFile = env.DATA_FILE ?? `data/start-${crypto.randomUUID()}.db`;
    this.process = new Deno.Command(Deno.execPath(), {
      args: [...args, ...more],
      env: { ...NOTHING, PORT: "0", HOST: "127.0.0.1", DATA_FILE: this.dataFile, ...env },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const { stdout, stderr } = this.process;
    this.#out = Promise.all([stdout, stderr].map(async (stream) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) this.printed += text;
    }));
  }

  /** Its address, once it says that it listens. */
  async listening(): Promise<string> {
    return await eventually(() => {
      const line = this.printed.split("\n").find((one) => one.includes('"listening"'));
      return line && JSON.parse(line).address as string;
    }, { within: 30_000, what: `listening (${this.printed})` });
  }

  /** How it ended, and how long that took from now. */
  async ended(): Promise<{ code: number; ms: number }> {
    const from = performance.now();
    const { code } = await this.process.status;
    await this.#out;
    return { code, ms: performance.now() - from };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.process.kill("SIGKILL");
    } catch { /* it has ended by itself */ }
    await this.ended();
    if (!this.#isOwner) return;
    for (const ending of ["", "-wal", "-shm"]) {
      await Deno.remove(this.dataFile + ending).catch(() => undefined);
    }
  }
}
