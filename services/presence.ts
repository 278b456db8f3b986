/** Who is here: leases prolonged by requests and open sockets, and what happens when one runs out. */
import { type Clock, fromNow } from "./clock.ts";
import type { AgentActor, Desk } from "./desk.ts";
import { TIMES } from "./domain.ts";
import type { Store } from "./store.ts";

/** A lease is written at most this often, so that reading is not writing. */
const TOUCH_EVERY = 5_000;
/** Leases of open sockets are prolonged this often. */
const HOLD_EVERY = 20_000;

export class Presence {
  readonly #store: Store;
  readonly #desk: Desk;
  readonly #clock: Clock;
  readonly #touchedAt = new Map<string, number>();
  readonly #open = new Map<string, number>();

  constructor({ store, desk, clock }: { store: Store; desk: Desk; clock: Clock }) {
    this.#store = store;
    this.#desk = desk;
    this.#clock = clock;
  }

  /** The agent made a request. */
  async touch(agentId: string): Promise<void> {
    await this.#prolong(agentId, TOUCH_EVERY);
  }

  /** The agent has a socket open until this is disposed. */
  hold(agentId: string): Disposable {
    this.#open.set(agentId, (this.#open.get(agentId) ?? 0) + 1);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        const left = (this.#open.get(agentId) ?? 1) - 1;
        if (left > 0) this.#open.set(agentId, left);
        else this.#open.delete(agentId);
      },
    };
  }

  /** A sign-in makes its agent available. */
  async signIn(agentId: string): Promise<void> {
    await this.#prolong(agentId, 0);
    await this.#desk.set(agentId, { chosen: "available" });
  }

  /** Logging out gives the agent's sessions away at once. */
  async signOut(agent: AgentActor): Promise<void> {
    this.#touchedAt.delete(agent.id);
    await this.#desk.set(agent.id, { chosen: "offline" });
    await this.#desk.release(agent, "signed out");
  }

  /** Keeps leases of open sockets, ends those that ran out, and releases what was held by those gone too long. */
  async sweep(): Promise<void> {
    for (const agentId of this.#open.keys()) await this.#prolong(agentId, HOLD_EVERY);
    const now = this.#clock.now();
    await this.#store.agents.lapse(now);
    const since = new Date(now.getTime() - TIMES.releaseAfter);
    for (const agent of await this.#store.agents.gone(since)) {
      await this.#desk.release(agent, "gone for a minute and a half, and a minute more");
    }
  }

  async #prolong(agentId: string, atMostEvery: number): Promise<void> {
    const now = this.#clock.now();
    const last = this.#touchedAt.get(agentId) ?? -Infinity;
    if (now.getTime() - last < atMostEvery) return;
    this.#touchedAt.set(agentId, now.getTime());
    try {
      await this.#store.agents.present(agentId, fromNow(this.#clock, TIMES.presence), now);
    } catch (error) {
      this.#touchedAt.delete(agentId); // or a lease that was not prolonged runs out under an open socket
      throw error;
    }
  }
}
