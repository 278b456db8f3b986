/** How often one address or one account may do a thing. */
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { Clock } from "./clock.ts";
import { Fault } from "./errors.ts";
import { hashOf } from "./sign_ins.ts";
import type { Store } from "./store.ts";

const MINUTE = 60;
const HOUR = 60 * MINUTE;

interface Limit {
  readonly points: number;
  /** In seconds, for each key. */
  readonly duration: number;
}

/** What guesses a secret or costs money: counted in the store, for all processes together and over a restart. */
const SHARED = {
  /** Failures; a success gives its point back. */
  signInAccount: { points: 10, duration: 15 * MINUTE },
  signInAddress: { points: 100, duration: 15 * MINUTE },
  answer: { points: 30, duration: HOUR },
} as const satisfies Record<string, Limit>;

/** What burdens a process: counted in it. */
const OWN = {
  register: { points: 200, duration: HOUR },
  start: { points: 60, duration: MINUTE },
  message: { points: 300, duration: MINUTE },
  /** Typing and seen. */
  signal: { points: 600, duration: MINUTE },
  socket: { points: 240, duration: MINUTE },
  socketAddress: { points: 6_000, duration: MINUTE },
  /** Suggestions and summaries for an agent. */
  advice: { points: 60, duration: 10 * MINUTE },
} as const satisfies Record<string, Limit>;

type SharedRule = keyof typeof SHARED;
type OwnRule = keyof typeof OWN;
export type Rule = SharedRule | OwnRule;

export interface LimitsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly off?: boolean;
}

export class Limits {
  readonly #options: LimitsOptions;
  readonly #own = new Map(
    Object.entries(OWN).map(([rule, limit]) => [rule, new RateLimiterMemory(limit)]),
  );

  constructor(options: LimitsOptions) {
    this.#options = options;
  }

  /** Counts one; throws `rate_limited` with the seconds to wait when that is one too many. */
  async count(rule: Rule, key: string): Promise<void> {
    if (this.#options.off) return;
    const wait = isShared(rule)
      ? await this.#countShared(rule, key)
      : await this.#countOwn(rule, key);
    if (wait === undefined) return;
    const retryAfter = Math.max(1, Math.ceil(wait / 1_000));
    const message = `Too many tries. Try again in ${inWords(retryAfter)}`;
    throw new Fault("rate_limited", message, { retryAfter });
  }

  /** Whether one more is allowed, and counts it. */
  async allows(rule: Rule, key: string): Promise<boolean> {
    return await this.count(rule, key).then(() => true, (error) => {
      if (error instanceof Fault && error.code === "rate_limited") return false;
      throw error;
    });
  }

  /** Gives a counted one back. */
  async forgive(rule: SharedRule, key: string): Promise<void> {
    const { off, store, clock } = this.#options;
    if (!off) await store.tries.forgive(idOf(rule, key), clock.now());
  }

  /** Milliseconds to wait, where that was too many. */
  async #countShared(rule: SharedRule, key: string): Promise<number | undefined> {
    const { store, clock } = this.#options;
    const { points, duration } = SHARED[rule];
    const now = clock.now();
    const { count, until } = await store.tries.count(idOf(rule, key), duration * 1_000, now);
    return count > points ? until.getTime() - now.getTime() : undefined;
  }

  async #countOwn(rule: OwnRule, key: string): Promise<number | undefined> {
    try {
      await this.#own.get(rule)!.consume(key);
    } catch (refused) {
      if (refused instanceof RateLimiterRes) return refused.msBeforeNext;
      throw refused;
    }
  }
}

const isShared = (rule: Rule): rule is SharedRule => rule in SHARED;

/** Neither addresses nor e-mails are stored for this. */
const idOf = (rule: SharedRule, key: string): string => hashOf(`${rule} ${key}`);

function inWords(seconds: number): string {
  const [n, unit] = seconds < 60 ? [seconds, "second"] : [Math.ceil(seconds / 60), "minute"];
  return n === 1 ? `1 ${unit}` : `${n} ${unit}s`;
}
