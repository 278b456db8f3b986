/** An answer while it is being made: shown as it grows, kept alive, and given up when nobody waits for it any more. */
import { type Clock, fromNow } from "./clock.ts";
import { TIMES } from "./domain.ts";
import type { Later } from "./later.ts";
import type { Store } from "./store.ts";

/** A growing answer is shown at most this often, and its lease prolonged at least this often. */
const SHOW_EVERY = 500;
const PROLONG_EVERY = 4_000;

export interface GrowthOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly later: Later;
}

export class Growth implements Disposable {
  #said = "";
  /** A handover, a close, or another process: nobody waits for this answer any more. */
  unwanted = false;
  readonly #options: GrowthOptions;
  readonly #sessionId: string;
  readonly #id: string;
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal;
  #shown = "";
  #shownAt = -Infinity;
  #writing = false;
  #timer: Disposable;

  constructor(sessionId: string, id: string, options: GrowthOptions, stop: AbortSignal) {
    this.#sessionId = sessionId;
    this.#id = id;
    this.#options = options;
    this.#signal = AbortSignal.any([stop, this.#abort.signal]);
    this.#shownAt = options.clock.now().getTime() - SHOW_EVERY;
    this.#timer = this.#nextBeat();
  }

  get text(): string {
    return cleaned(this.#said);
  }

  get signal(): AbortSignal {
    return this.#signal;
  }

  add(text: string): void {
    this.#said += text;
    this.#beat();
  }

  abort(reason: unknown): void {
    this.#abort.abort(reason);
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }

  #nextBeat(): Disposable {
    return this.#options.clock.after(SHOW_EVERY, () => {
      this.#timer = this.#nextBeat();
      this.#beat();
    });
  }

  #beat(): void {
    const age = this.#options.clock.now().getTime() - this.#shownAt;
    const due = this.text === this.#shown ? age >= PROLONG_EVERY : age >= SHOW_EVERY;
    if (due && !this.#writing) this.#options.later.run("growth", () => this.#show());
  }

  async #show(): Promise<void> {
    const { store, clock } = this.#options;
    const text = this.text;
    this.#writing = true;
    this.#shownAt = clock.now().getTime();
    try {
      const until = fromNow(clock, TIMES.answerLease);
      this.unwanted = !await store.messages.growAnswer(this.#sessionId, this.#id, text, until);
      this.#shown = text;
      if (this.unwanted) this.abort(new Error("Not wanted any more"));
    } finally {
      this.#writing = false;
    }
  }
}

/** A model's words as a person's would have been let in: see `Text` in domain.ts. */
export function cleaned(text: string): string {
  return text.toWellFormed().replaceAll("\0", "").replace(/\r\n?/g, "\n");
}

/** A model that doesn't listen to its signal doesn't keep anyone waiting either. */
export async function* untilAborted<T>(
  source: AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  aborted.catch(() => undefined);
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  const pieces = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const piece = await Promise.race([pieces.next(), aborted]);
      if (piece.done) return;
      yield piece.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    pieces.return?.()?.catch(() => undefined);
  }
}
