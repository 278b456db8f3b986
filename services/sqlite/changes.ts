/** The feed of changes: triggers write them to a table, readers follow it by its ids. */
import type { Change } from "../domain.ts";
import type { Database } from "./database.ts";
import type { SessionLog } from "./log.ts";

/** How soon another process's writes are seen, in milliseconds. */
const POLL = 100;
const BATCH = 1_000;

const SQL = {
  position: `SELECT ifnull(max(id), 0) AS id FROM changes`,
  since:
    `SELECT id, kind, ref, messageId FROM changes WHERE id > :position ORDER BY id LIMIT ${BATCH}`,
  version: `PRAGMA data_version`,
};

interface ChangeRecord {
  readonly id: number;
  readonly kind: Exclude<Change["kind"], "gap">;
  readonly ref: string;
  readonly messageId: string | null;
}

interface Batch {
  readonly changes: Iterable<Change>;
  /** The id of the last row that was read. */
  readonly position: number;
}

export class Feed {
  readonly #db: Database;
  readonly #sql;
  readonly #log: SessionLog;
  readonly #shared: boolean;
  /** Resolves when there may be something new. */
  #pulse = Promise.withResolvers<void>();
  #readers = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #version: number | undefined;

  /** `shared`: other processes may write to the same database. */
  constructor(db: Database, log: SessionLog, { shared }: { shared: boolean }) {
    this.#db = db;
    this.#log = log;
    this.#sql = db.prepare(SQL);
    this.#shared = shared;
    db.watch(() => this.#wake());
  }

  /** What is written from this call on; see `Store.changes`. */
  changes(signal: AbortSignal): AsyncIterable<Change> {
    // read at this call, not when the first change is asked for
    const start = this.#db.read(() => this.#sql.position.get<{ id: number }>()?.id ?? 0);
    start.catch(() => {}); // whoever iterates meets it
    return this.#follow(start, signal);
  }

  async *#follow(start: Promise<number>, signal: AbortSignal): AsyncGenerator<Change, void> {
    using _ = this.#reader(signal);
    let position = await start;
    while (!signal.aborted && this.#db.isOpen) {
      const pulse = this.#pulse.promise; // taken before reading, so that no wake is missed
      const batch = await this.#since(position);
      for (const change of batch.changes) {
        if (signal.aborted) return;
        yield change;
      }
      if (batch.position === position) await pulse;
      position = batch.position;
    }
  }

  async #since(position: number): Promise<Batch> {
    const rows = await this.#db.read(() => this.#sql.since.all<ChangeRecord>({ position }));
    const [first] = rows;
    if (first && first.id > position + 1) return { changes: [{ kind: "gap" }], position: first.id };
    const different = new Map(rows.map((row) => [row.messageId ?? row.kind + row.ref, row]));
    return {
      changes: different.values().map((row) => this.#toChange(row)),
      position: rows.at(-1)?.id ?? position,
    };
  }

  #toChange({ kind, ref, messageId }: ChangeRecord): Change {
    switch (kind) {
      case "message": {
        const message = messageId === null ? undefined : this.#log.recent(messageId);
        return { kind, sessionId: ref, ...(message && { message }) };
      }
      case "session":
        return { kind, sessionId: ref };
      case "agent":
        return { kind, agentId: ref };
      case "sign_in":
        return { kind, signInId: ref };
      case "queue":
        return { kind };
    }
  }

  #reader(signal: AbortSignal): Disposable {
    const wake = () => this.#wake();
    signal.addEventListener("abort", wake);
    this.#readers++;
    if (this.#shared) this.#timer ??= setInterval(() => this.#poll(), POLL);
    return {
      [Symbol.dispose]: () => {
        signal.removeEventListener("abort", wake);
        if (--this.#readers > 0) return;
        clearInterval(this.#timer);
        this.#timer = undefined;
      },
    };
  }

  #poll(): void {
    try {
      const version = this.#sql.version.get<{ data_version: number }>()?.data_version;
      if (version === this.#version) return;
      this.#version = version;
    } catch {
      // the readers, woken, meet the same failure and tell of it
    }
    this.#wake();
  }

  #wake(): void {
    this.#pulse.resolve();
    this.#pulse = Promise.withResolvers();
  }
}
