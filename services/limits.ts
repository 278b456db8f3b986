/** How often one address or one account may do a thing. Counted in this process; see docs/security.md. */
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { Fault } from "./errors.ts";

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** `points` in `duration` seconds, for each key. */
const RULES = {
  /** Failures; a success gives its point back. */
  signInAccount: { points: 10, duration: 15 * MINUTE },
  signInAddress: { points: 100, duration: 15 * MINUTE },
  register: { points: 200, duration: HOUR },
  start: { points: 60, duration: MINUTE },
  message: { points: 300, duration: MINUTE },
  /** Typing and seen. */
  signal: { points: 600, duration: MINUTE },
  socket: { points: 240, duration: MINUTE },
  socketAddress: { points: 6_000, duration: MINUTE },
  /** Suggestions and summaries for an agent. */
  advice: { points: 60, duration: 10 * MINUTE },
  answer: { points: 30, duration: HOUR },
} as const;

export type Rule = keyof typeof RULES;

export class Limits {
  readonly #limiters: ReadonlyMap<Rule, RateLimiterMemory>;

  constructor({ off = false }: { off?: boolean } = {}) {
    const rules = off ? [] : Object.entries(RULES) as [Rule, typeof RULES[Rule]][];
    this.#limiters = new Map(rules.map(([rule, limit]) => [rule, new RateLimiterMemory(limit)]));
  }

  /** Counts one; throws `rate_limited` with the seconds to wait when that is one too many. */
  async count(rule: Rule, key: string): Promise<void> {
    try {
      await this.#limiters.get(rule)?.consume(key);
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      const retryAfter = Math.max(1, Math.ceil(refused.msBeforeNext / 1_000));
      const message = `Too many tries. Try again in ${inWords(retryAfter)}`;
      throw new Fault("rate_limited", message, { retryAfter });
    }
  }

  /** Whether one more is allowed, and counts it. */
  async allows(rule: Rule, key: string): Promise<boolean> {
    return await this.count(rule, key).then(() => true, (error) => {
      if (error instanceof Fault) return false;
      throw error;
    });
  }

  /** Gives a counted one back. */
  async forgive(rule: Rule, key: string): Promise<void> {
    await this.#limiters.get(rule)?.reward(key);
  }
}

function inWords(seconds: number): string {
  const [n, unit] = seconds < 60 ? [seconds, "second"] : [Math.ceil(seconds / 60), "minute"];
  return n === 1 ? `1 ${unit}` : `${n} ${unit}s`;
}
