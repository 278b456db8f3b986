/** Other processes' writes by polling, for servers without change streams: only while somebody needs them. */
import type { Db } from "mongodb";
import { setTimeout } from "node:timers/promises";
import type { Change } from "../domain.ts";
import { deadline } from "./bounded.ts";
import type { Ear, Heard } from "./changes.ts";
import type { SessionDoc, Told } from "./rows.ts";
import { collectionsOf } from "./schema.ts";

/** How soon another process's writes are heard, in milliseconds. */
const EVERY = 250;
/** A write's time is taken before others can see it, up to the write timeout of 3 s: each look goes back this far. */
const OVERLAP = 4_000;
/** What was written just before the first look is told too: once too often rather than not at all. */
const MARGIN = 1_000;
const ANSWERED_WITHIN = 6_000;

interface News extends Heard {
  readonly at: Date;
}

export class Poller implements Ear {
  readonly #db: Db;
  readonly #hear: (heard: Heard | "gap") => void;
  readonly #isWanted: () => boolean;
  readonly #stop = new AbortController();
  /** What was heard within the overlap, and when it was written. */
  readonly #heard = new Map<string, number>();
  #running: Promise<void> | undefined;

  constructor(db: Db, hear: (heard: Heard | "gap") => void, isWanted: () => boolean) {
    this.#db = db;
    this.#hear = hear;
    this.#isWanted = isWanted;
  }

  listen(): void {
    this.#running ??= this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let start: number | undefined;
    let position = 0;
    let isBroken = false;
    for (; !signal.aborted; await setTimeout(EVERY, undefined, { signal }).catch(() => {})) {
      if (!this.#isWanted()) {
        start = undefined;
        continue;
      }
      try {
        const now = await this.#now();
        start = Math.min(start ?? now, now - MARGIN);
        position = Math.min(Math.max(position, start), now);
        const news = await this.#news(Math.max(position - OVERLAP, start));
        position = this.#tell(news, { position, now });
        if (isBroken) this.#hear("gap");
        isBroken = false;
      } catch {
        isBroken = true; // the position stays, so nothing is missed
      }
    }
  }

  /** The server's clock: all times of news are by it. */
  async #now(): Promise<number> {
    using limit = deadline(ANSWERED_WITHIN);
    const { localTime } = await this.#db.command({ hello: 1 }, { signal: limit.signal });
    return localTime.getTime();
  }

  async #news(since: number): Promise<News[]> {
    const from = { $gte: new Date(since) };
    using limit = deadline(ANSWERED_WITHIN);
    const { sessions, agents, signIns } = collectionsOf(this.#db, limit.signal);
    const [changed, working, ended] = await Promise.all([
      sessions.find({ changedAt: from }, { projection: { told: 1, assignedAgent: 1 } }).toArray(),
      agents.find({ "told.at": from }, { projection: { told: 1 } }).toArray(),
      signIns.find({ endedAt: from }, { projection: { endedAt: 1, endedBy: 1 } }).toArray(),
    ]);
    return [
      ...changed.flatMap(ofSession),
      ...working.map(({ _id, told }): News => {
        return { ...told, change: { kind: "agent", agentId: _id.toHexString() } };
      }),
      ...ended.flatMap(({ _id, endedAt, endedBy }): News[] =>
        endedAt ? [{ by: endedBy, at: endedAt, change: { kind: "sign_in", signInId: _id } }] : []
      ),
    ].filter(({ at }) => at.getTime() >= since);
  }

  /**
   * Tells what is new, in its order, and returns up to when that is: never a time to come, which a server has written
   * whose clock was wrong, and before which nothing more would be heard.
   */
  #tell(news: readonly News[], { position, now }: { position: number; now: number }): number {
    for (const { by, at, change } of news.toSorted((one, other) => +one.at - +other.at)) {
      const key = `${by} ${Object.values(change).join(" ")}`;
      position = Math.max(position, Math.min(at.getTime(), now));
      if (this.#heard.has(key)) continue;
      this.#heard.set(key, at.getTime());
      this.#hear({ by, change });
    }
    for (const [key, at] of this.#heard) {
      if (at < position - OVERLAP) this.#heard.delete(key);
    }
    return position;
  }
}

function ofSession({ _id, told, assignedAgent = "" }: Partial<SessionDoc>): News[] {
  const sessionId = String(_id);
  const changes: readonly Change[] = [
    { kind: "message", sessionId },
    { kind: "session", sessionId },
    { kind: "queue" },
    { kind: "agent", agentId: assignedAgent },
  ];
  const stamps: Readonly<Partial<Record<string, Told>>> = told ?? {};
  return changes.flatMap((change) => {
    const stamp = stamps[change.kind];
    return stamp ? [{ ...stamp, change }] : [];
  });
}
