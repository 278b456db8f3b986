/** Group commit: what waits together is written by one command, so that a busy database is asked less often. */
import { setImmediate } from "node:timers";

/** Commands under way at once; with more, fewer would wait together. */
const AT_ONCE = 2;
const TOGETHER = 200;

interface Job<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
}

export class Batch<Item, Result> {
  readonly #write: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly #waiting: Job<Item, Result>[] = [];
  #underWay = 0;

  /** `write` answers with a result for each item, in their order; when it throws, each of them has failed. */
  constructor(write: (items: readonly Item[]) => Promise<readonly Result[]>) {
    this.#write = write;
  }

  add(item: Item): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#waiting.push({ item, resolve, reject });
    if (this.#underWay < AT_ONCE) this.#begin();
    return promise;
  }

  /** In a turn of its own, so that all who come in this one go together. */
  #begin(): void {
    this.#underWay++;
    setImmediate(async () => {
      while (this.#waiting.length > 0) await this.#next(this.#waiting.splice(0, TOGETHER));
      this.#underWay--; // in the same turn as the last look, so that nobody is left waiting
    });
  }

  async #next(jobs: readonly Job<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#write(jobs.map(({ item }) => item));
      for (const [index, { resolve }] of jobs.entries()) resolve(results[index] as Result);
    } catch (error) {
      for (const { reject } of jobs) reject(error);
    }
  }
}
