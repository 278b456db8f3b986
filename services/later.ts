/** Work that nobody awaits, but that is finished before the process ends and whose failure is logged. */
import { Fault } from "./errors.ts";
import type { Log } from "./log.ts";

export class Later implements AsyncDisposable {
  readonly #running = new Set<Promise<void>>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  run(name: string, work: () => Promise<void>): void {
    const running = work()
      .catch((error) => {
        const isBug = !(error instanceof Fault);
        this.#log[isBug ? "error" : "warn"]("later", { name, error });
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
