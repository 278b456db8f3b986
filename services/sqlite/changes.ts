/** The feed of changes: triggers write them to a table, and messages tell of themselves; readers follow both by their ids. */
import type { Change } from "../domain.ts";
import type { Database } from "./database.ts";
import type { SessionLog } from "./log.ts";

/** How soon another process's writes are seen, in milliseconds. */
const POLL = 100;
const BATCH = 1_000;

const SQL = {
  position: `
    SELECT (SELECT ifnull(max(id), 0) FROM changes) AS change,
      (SELECT ifnull(max(rowId), 0) FROM messages) AS message`,
  changes: `SELECT id, kind, ref FROM changes WHERE id > :change ORDER BY id LIMIT ${BATCH}`,
  messages: `
    SELECT rowId, id, session FROM messages WHERE rowId > :message ORDER BY rowId LIMIT ${BATCH}`,
  session: `SELECT id FROM sessions WHERE number = :session`,
  version: `PRAGMA data_version`,
};

interface ChangeRecord {
  readonly id: number;
  readonly kind: Exclude<Change["kind"], "gap" | "message">;
  readonly ref: string;
}

interface MessageRow {
  readonly rowId: number;
  readonly id: string;
  readonly session: number;
}

/** Of the last rows that were read. */
interface Position {
  readonly change: number;
  readonly message: number;
}

const START: Position = { change: 0, message: 0 };

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
    const start = this.#db.read(() => this.#sql.position.get<Position>() ?? START);
    start.catch(() => {}); // whoever iterates meets it
    return this.#follow(start, signal);
  }

  async *#follow(start: Promise<Position>, signal: AbortSignal): AsyncGenerator<Change, void> {
    using _ = this.#reader(signal);
    let { change, message } = await start;
    while (!signal.aborted && this.#db.isOpen) {
      const pulse = this.#pulse.promise; // taken before reading, so that no wake is missed
      const [changed, said] = await this.#db.read(() => [
        this.#sql.changes.all<ChangeRecord>({ change }),
        this.#sql.messages.all<MessageRow>({ message }),
      ]);
      for (const news of this.#told(changed, said, change)) {
        if (signal.aborted) return;
        yield news;
      }
      if (changed.length + said.length === 0) await pulse;
      change = changed.at(-1)?.id ?? change;
      message = said.at(-1)?.rowId ?? message;
    }
  }

  *#told(
    changed: readonly ChangeRecord[],
    said: readonly MessageRow[],
    after: number,
  ): Generator<Change> {
    const [first] = changed;
    if (first && first.id > after + 1) yield { kind: "gap" };
    yield* new Map(changed.map((row) => [row.kind + row.ref, toChange(row)])).values();
    for (const { id, session } of said) {
      const message = this.#log.recent(id);
      const sessionId = message?.sessionId ??
        this.#sql.session.get<{ id: string }>({ session })?.id;
      if (sessionId) yield { kind: "message", sessionId, ...(message && { message }) };
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

function toChange({ kind, ref }: ChangeRecord): Change {
  switch (kind) {
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
