/** Leaves a service alone that keeps failing: five failures in a row open it, and half a minute later one call tries again. */
import { type Clock, fromNow } from "./clock.ts";

const FAILURES = 5;
const PAUSE = 30_000;

/** `unknown`: the call was ended by its caller, which says nothing about the service. */
export type Outcome = "succeeded" | "failed" | "unknown";

/** A call that was let through. */
export interface Call {
  readonly round: number;
}

export class Breaker {
  readonly #clock: Clock;
  #failures = 0;
  #openUntil: Date | undefined;
  #trying = false;
  /** Raised whenever it opens or tries: a call from before says nothing about the time after. */
  #round = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Undefined while the service is left alone. A call ends with `end`. */
  begin(): Call | undefined {
    if (!this.#openUntil) return { round: this.#round };
    if (this.#trying || this.#clock.now() < this.#openUntil) return undefined;
    this.#trying = true;
    return { round: ++this.#round };
  }

  end({ round }: Call, outcome: Outcome): void {
    if (round !== this.#round) return;
    this.#trying = false;
    if (outcome === "succeeded") this.#close();
    if (outcome === "failed" && ++this.#failures >= FAILURES) this.#open();
  }

  #close(): void {
    this.#failures = 0;
    this.#openUntil = undefined;
  }

  #open(): void {
    this.#round++;
    this.#openUntil = fromNow(this.#clock, PAUSE);
  }
}
