/** What a process says of itself while its database comes and goes. */
import assert from "node:assert/strict";
import { call, tally } from "../crowd.ts";
import { eventually } from "../helpers.ts";
import type { Server } from "../process.ts";

export class Health {
  readonly #server: Server;
  readonly #alive: number[] = [];
  readonly #ready: number[] = [];

  constructor(server: Server) {
    this.#server = server;
  }

  async askAlive(): Promise<void> {
    this.#alive.push((await call(`${this.#server.url}/healthz`)).status);
  }

  async askReady(): Promise<void> {
    this.#ready.push((await call(`${this.#server.url}/readyz`)).status);
  }

  /** The next time that it answers `/readyz` so. */
  async becomes(status: 200 | 503, within: number): Promise<void> {
    const from = this.#ready.length;
    await eventually(() => this.#ready.slice(from).includes(status), {
      within,
      what: `${status} from /readyz`,
    });
  }

  /** Nothing but `status`, from one moment to another. */
  stays(status: 200 | 503): Disposable {
    const from = this.#ready.length;
    return {
      [Symbol.dispose]: () => {
        const { [status]: _, ...others } = tally(this.#ready.slice(from));
        assert.deepEqual(others, {});
      },
    };
  }

  /** How often it told that its database is away, and that it is back. */
  get told(): readonly [away: number, back: number] {
    const count = (event: string) =>
      this.#server.lines.filter((line) => line.includes(`"event":"${event}"`)).length;
    return [count("store_away"), count("store_back")];
  }

  get log(): string {
    return this.#server.lines.join("\n");
  }

  /** It was alive all the time, and as it should be is a matter of the database only. */
  check(): void {
    assert.deepEqual(Object.keys(tally(this.#alive)), ["200"]);
    for (const line of this.#server.lines) {
      const { level, event } = JSON.parse(line);
      assert.ok(level !== "error" || event === "store_away", line);
    }
  }
}
