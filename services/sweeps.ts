/** What nobody asks for but has to happen: reacting to changes, and putting right what a dead process left. */
import type { Assistant } from "./assistant.ts";
import type { Bus } from "./bus.ts";
import type { Clock } from "./clock.ts";
import type { Desk } from "./desk.ts";
import { type Change, TIMES } from "./domain.ts";
import type { Later } from "./later.ts";
import type { Log } from "./log.ts";
import type { Presence } from "./presence.ts";
import type { Store } from "./store.ts";

const EVERY = 5_000;
/** What failed is done again so soon: a store that was away may be back. */
const AGAIN_AFTER = 1_000;
const FORGET_EVERY = 60 * 60_000;
const AT_ONCE = 50;

export interface SweepsOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly desk: Desk;
  readonly presence: Presence;
  readonly assistant: Assistant;
  readonly clock: Clock;
  readonly log: Log;
  readonly later: Later;
}

export class Sweeps implements Disposable {
  readonly #options: SweepsOptions;
  readonly #listening: Disposable;
  #timer: Disposable;
  #sweeping = false;
  #hasEnded = false;
  #forgotAt = -Infinity;

  constructor(options: SweepsOptions) {
    this.#options = options;
    this.#listening = options.bus.listen((change) => this.#react(change));
    this.#timer = options.clock.after(0, () => this.#tick());
  }

  /** One round of all that is due. */
  async sweep(): Promise<void> {
    const { presence, assistant, desk, store, clock } = this.#options;
    await presence.sweep();
    await this.#closeOverdue();
    await desk.serveLine();
    await assistant.sweep();
    const now = clock.now();
    if (now.getTime() - this.#forgotAt < FORGET_EVERY) return;
    this.#forgotAt = now.getTime();
    await store.signIns.forget(now);
  }

  [Symbol.dispose](): void {
    this.#hasEnded = true;
    this.#timer[Symbol.dispose]();
    this.#listening[Symbol.dispose]();
  }

  #react(change: Change): void {
    const { assistant, desk, later } = this.#options;
    if (change.kind === "message" || change.kind === "session") {
      if (!this.#mayBeUnanswered(change)) return;
      assistant.consider(change.sessionId);
      if (change.kind === "message") assistant.listen(change.sessionId);
    } else if (change.kind !== "sign_in") {
      // a place may be free, or somebody may wait for one
      later.run("line", () => desk.serveLine().catch((error) => this.#failed(error)));
    }
  }

  /** Not what an agent said, nor what was said to one: should that have just changed, the session's change follows. */
  #mayBeUnanswered(change: Extract<Change, { sessionId: string }>): boolean {
    if (change.kind === "session" || !change.message) return true;
    return change.message.sender === "user" &&
      this.#options.bus.known(change.sessionId)?.mode !== "human";
  }

  async #closeOverdue(): Promise<void> {
    const { store, desk, clock } = this.#options;
    const now = clock.now();
    const idleSince = new Date(now.getTime() - TIMES.idle);
    for (
      const { id, askedSeq, lastActivity } of await store.sessions.overdue(now, idleSince, AT_ONCE)
    ) {
      const isIdle = lastActivity < idleSince;
      const reason = isIdle ? "idle for a day" : "nothing was written in ten minutes";
      if (isIdle || askedSeq === 0) await desk.close(id, undefined, reason);
    }
  }

  #tick(): void {
    this.#next(EVERY);
    if (this.#sweeping) return;
    this.#sweeping = true;
    const sweep = async () => {
      try {
        await this.sweep();
      } catch (error) {
        this.#failed(error);
      } finally {
        this.#sweeping = false;
      }
    };
    this.#options.later.run("sweep", sweep);
  }

  #failed(error: unknown): never {
    this.#next(AGAIN_AFTER);
    throw error;
  }

  #next(ms: number): void {
    this.#timer[Symbol.dispose]();
    if (!this.#hasEnded) this.#timer = this.#options.clock.after(ms, () => this.#tick());
  }
}
