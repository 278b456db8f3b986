/**
 * The feed of changes. A process tells its own writes at once; other processes' come from a change stream, or from
 * polling where the server has none. Each write carries a token, so that nothing of one's own is told twice.
 */
import { type Db, ObjectId } from "mongodb";
import type { Change } from "../domain.ts";
import { refusesStreams } from "./faults.ts";
import type { Telling } from "./log.ts";
import { Poller } from "./poll.ts";
import { makeIndexes } from "./schema.ts";
import { Stream } from "./stream.ts";

/** A reader that is further behind than this is told of a gap instead. */
const MAX_BEHIND = 10_000;
const MAX_LOST = 10_000;

/** Where other processes' writes are heard. */
export interface Ear extends AsyncDisposable {
  /** From now on somebody reads. */
  listen(): void;
}

export interface Heard {
  /** The token of the write, missing for one by hand. */
  readonly by: string | undefined;
  readonly change: Change;
}

/** Parts of an update that tell others of it. */
export interface Stamps {
  readonly $set: Readonly<Record<string, string>>;
  readonly $currentDate: Readonly<Record<string, true>>;
}
export type Kind = Telling | "message";

/** The same with `$set` of other fields; no part is empty, which a server would refuse. */
export function stamped(
  { $set, $currentDate }: Stamps,
  fields: Readonly<Record<string, unknown>> = {},
): { $set?: Record<string, unknown>; $currentDate?: Record<string, true> } {
  const set = { ...fields, ...$set };
  return {
    ...Object.keys(set).length > 0 && { $set: set },
    ...Object.keys($currentDate).length > 0 && { $currentDate: { ...$currentDate } },
  };
}

/** What a session's update adds: the times are for those who poll, beside whom this process may have a stream. */
export function stampsOf(by: string, kinds: readonly Kind[]): Stamps {
  const times = kinds.map((kind) => [`told.${kind}.at`, true] as const);
  return {
    $set: Object.fromEntries(kinds.map((kind) => [`told.${kind}.by`, by])),
    $currentDate: kinds.length > 0 ? Object.fromEntries([...times, ["changedAt", true]]) : {},
  };
}

export class Feed implements AsyncDisposable {
  readonly #id = new ObjectId().toHexString();
  readonly #lost = new Set<string>();
  readonly #readers = new Set<Reader>();
  #writes = 0;
  #ear: Ear | undefined;
  #isClosed = false;

  /** To be written with what is announced. */
  token(): string {
    return `${this.#id}.${++this.#writes}`;
  }

  /** To be called with a write's outcome: after it is durable, or with `isLost` when that isn't known. */
  tell(by: string, changes: readonly Change[], { isLost = false } = {}): void {
    if (isLost) this.#lose(by);
    for (const change of changes) this.#say(change);
  }

  /** Starts to hear other processes. */
  async open(db: Db, signal: AbortSignal): Promise<void> {
    if (this.#ear || this.#isClosed) return;
    const ear = await this.#choose(db, signal);
    if (this.#isClosed) return await ear[Symbol.asyncDispose](); // meanwhile
    this.#ear = ear;
    if (this.#readers.size > 0) {
      ear.listen();
      this.#say({ kind: "gap" }); // they came before anything could be heard
    }
  }

  /** What is written from this call on; see `Store.changes`. */
  changes(signal: AbortSignal, isWatched = () => true): AsyncIterable<Change> {
    const reader = new Reader(signal, isWatched);
    if (this.#isClosed) reader.end();
    else {
      this.#readers.add(reader);
      this.#ear?.listen();
    }
    signal.addEventListener("abort", () => this.#readers.delete(reader), { once: true });
    return reader.read(() => this.#readers.delete(reader));
  }

  /** Whether somebody who reads needs to hear of other processes. */
  get isWatched(): boolean {
    return this.#readers.values().some(({ isWatched }) => isWatched());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
    await this.#ear?.[Symbol.asyncDispose]();
  }

  async #choose(db: Db, signal: AbortSignal): Promise<Ear> {
    const hear = (heard: Heard | "gap") => this.#hear(heard);
    try {
      return await Stream.open(db, hear);
    } catch (error) {
      if (!refusesStreams(error)) throw error;
      await makeIndexes(db, signal, { polled: true });
      return new Poller(db, hear, () => this.isWatched);
    }
  }

  #hear(heard: Heard | "gap"): void {
    if (heard === "gap") this.#say({ kind: "gap" });
    else if (!this.#isOwn(heard.by)) this.#say(heard.change);
  }

  #isOwn(by: string | undefined): boolean {
    return by !== undefined && by.startsWith(`${this.#id}.`) && !this.#lost.has(by);
  }

  #lose(by: string): void {
    if (this.#lost.size >= MAX_LOST) this.#lost.clear();
    this.#lost.add(by);
  }

  #say(change: Change): void {
    for (const reader of this.#readers) reader.tell(change);
  }
}

/** What one reader has not read yet; the same twice is once. */
class Reader {
  readonly #waiting = new Map<string, Change>();
  readonly #signal: AbortSignal;
  readonly isWatched: () => boolean;
  #hasEnded = false;
  #pulse = Promise.withResolvers<void>();

  constructor(signal: AbortSignal, isWatched: () => boolean) {
    this.#signal = signal;
    this.isWatched = isWatched;
    signal.addEventListener("abort", () => this.end(), { once: true });
    if (signal.aborted) this.end();
  }

  tell(change: Change): void {
    if (this.#waiting.size >= MAX_BEHIND) {
      this.#waiting.clear();
      change = { kind: "gap" };
    }
    this.#waiting.set(keyOf(change), change);
    this.#pulse.resolve();
  }

  end(): void {
    this.#hasEnded = true;
    this.#pulse.resolve();
  }

  async *read(leave: () => void): AsyncGenerator<Change, void> {
    try {
      while (!this.#hasEnded) {
        for (const [key, change] of this.#waiting) {
          this.#waiting.delete(key);
          yield change;
          if (this.#signal.aborted) return;
        }
        if (this.#waiting.size === 0) await this.#pulse.promise;
        this.#pulse = Promise.withResolvers();
        if (this.#hasEnded) this.#pulse.resolve();
      }
    } finally {
      leave();
    }
  }
}

/** Each message that is handed on counts; of anything else the same again is once. */
const keyOf = (change: Change): string =>
  change.kind === "message"
    ? `message ${change.sessionId} ${change.message?.id}`
    : Object.values(change).join(" ");
