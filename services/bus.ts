/** Fans a store's changes out to whoever on this instance watches a session, or everything. */
import type { Clock } from "./clock.ts";
import type { Change, Session } from "./domain.ts";
import { Feed, type Follower } from "./feed.ts";
import type { Log } from "./log.ts";
import type { Store } from "./store.ts";

const MAX_BACKOFF = 5_000;

export interface BusParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether anybody is connected here who has to hear of other processes' writes. */
  readonly isWatched: () => boolean;
}

export class Bus implements Disposable {
  readonly #feeds = new Map<string, Feed>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #stop = new AbortController();
  readonly #parts: BusParts;

  constructor(parts: BusParts) {
    this.#parts = parts;
    this.#run();
  }

  /** See `Feed.follow`; resolves once the follower has caught up. Dispose to leave. */
  async follow(
    sessionId: string,
    follower: Follower,
    { after }: { after?: number | undefined } = {},
  ): Promise<Disposable> {
    const feed = this.#feeds.get(sessionId) ?? new Feed(sessionId, this.#parts);
    this.#feeds.set(sessionId, feed);
    const leave = {
      [Symbol.dispose]: () => {
        feed.unfollow(follower);
        if (feed.idle && this.#feeds.get(sessionId) === feed) this.#feeds.delete(sessionId);
      },
    };
    try {
      await feed.follow(follower, after);
    } catch (error) {
      leave[Symbol.dispose]();
      throw error;
    }
    return leave;
  }

  /** A session that is watched here, as it was when last looked at. */
  known(sessionId: string): Session | undefined {
    return this.#feeds.get(sessionId)?.session;
  }

  /** Hears every change until disposed. A listener must not throw and must not wait. */
  listen(listener: (change: Change) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    const { store, log, isWatched } = this.#parts;
    const { signal } = this.#stop;
    for (let backoff = 100; !signal.aborted; backoff = Math.min(backoff * 2, MAX_BACKOFF)) {
      try {
        for await (const change of store.changes(signal, isWatched)) {
          backoff = 100;
          this.#tell(change);
        }
      } catch (error) {
        log.warn("changes", { error });
      }
      if (signal.aborted) return;
      await this.#pause(backoff * (0.5 + Math.random()));
      this.#tell({ kind: "gap" });
    }
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
    if (change.kind === "message") {
      this.#feeds.get(change.sessionId)?.wake(change.message);
    } else if (change.kind === "session") {
      this.#feeds.get(change.sessionId)?.wake();
    } else if (change.kind !== "sign_in") {
      for (const feed of this.#feeds.values()) if (concerns(feed, change)) feed.wake();
    }
  }

  #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#stop.signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), {
      once: true,
    });
    return promise;
  }
}

function concerns(
  feed: Feed,
  change: Exclude<Change, { sessionId: string } | { signInId: string }>,
) {
  if (change.kind === "gap") return true;
  return feed.concerns(change.kind === "queue" ? { line: true } : { agentId: change.agentId });
}
