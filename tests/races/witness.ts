/** Keeps every state that a session ever had in the store, by triggers of the test's own, and says whether a frame shows one. */
import type { DatabaseSync } from "node:sqlite";
import type { Frame } from "../helpers.ts";

const COLUMNS = "mode, status, assignedAgent, agentName, waitingSince, closedAt, rating";
const MADE = `
  CREATE TABLE witnessed (
    n INTEGER PRIMARY KEY, id TEXT, mode TEXT, status TEXT, assignedAgent TEXT, agentName TEXT,
    waitingSince INTEGER, closedAt INTEGER, rating INTEGER
  ) STRICT;
  CREATE TRIGGER witnessedFirst AFTER INSERT ON sessions BEGIN
    INSERT INTO witnessed (id, ${COLUMNS}) SELECT id, ${COLUMNS} FROM sessions WHERE id = new.id;
  END;
  CREATE TRIGGER witnessedNext AFTER UPDATE OF ${COLUMNS} ON sessions BEGIN
    INSERT INTO witnessed (id, ${COLUMNS}) SELECT id, ${COLUMNS} FROM sessions WHERE id = new.id;
  END`;

interface Row {
  readonly id: string;
  readonly mode: string;
  readonly status: string;
  readonly assignedAgent: string | null;
  readonly agentName: string | null;
  readonly waitingSince: number | null;
  readonly closedAt: number | null;
  readonly rating: number | null;
}

/** What a session frame says, as one string. */
export const shown = (frame: Frame): string =>
  JSON.stringify([
    frame.mode,
    frame.status,
    frame.assignedAgent,
    frame.agentName,
    frame.waiting,
    frame.closedAt,
    frame.rating,
    frame.queuePosition,
  ]);

export class Witness {
  readonly #db: DatabaseSync;

  /** From now on, whichever process writes. */
  constructor(db: DatabaseSync) {
    db.exec(MADE);
    this.#db = db;
  }

  /** Of each session all states in their order, as `shown` writes them, with the place in line that followed from all. */
  histories(): ReadonlyMap<string, readonly string[]> {
    const rows = this.#db.prepare("SELECT * FROM witnessed ORDER BY n").all() as unknown as Row[];
    const now = new Map<string, Row>();
    const line = new Set<string>();
    const histories = new Map<string, string[]>();
    const note = (row: Row, place: number | null) => {
      const history = histories.get(row.id) ?? [];
      histories.set(row.id, history);
      const closedAt = row.closedAt === null ? null : new Date(row.closedAt).toISOString();
      const waiting = row.waitingSince !== null;
      const state = shown({ ...row, closedAt, waiting, queuePosition: place });
      if (history.at(-1) !== state) history.push(state);
    };
    for (const row of rows) {
      now.set(row.id, row);
      if (row.waitingSince === null) {
        line.delete(row.id);
        note(row, null);
      } else line.add(row.id);
      const inLine = [...line].map((id) => now.get(id) as Row).sort(byWait);
      for (const [i, waiting] of inLine.entries()) note(waiting, i + 1);
    }
    return histories;
  }

  /** Agents whose number of places taken is not that of the open sessions they have, or whose status denies it. */
  miscounted(): unknown[] {
    return this.#db.prepare(`
      SELECT name, carrying, status FROM agents a, (
        SELECT assignedAgent, count(*) AS has FROM sessions WHERE status = 'open' GROUP BY assignedAgent
      ) held
      WHERE held.assignedAgent = a.id AND carrying <> has
        OR (carrying >= capacity AND status = 'available')
        OR (carrying > 0 AND a.id NOT IN (
          SELECT assignedAgent FROM sessions WHERE status = 'open' AND assignedAgent IS NOT NULL))
    `).all();
  }
}

const byWait = (a: Row, b: Row): number =>
  (a.waitingSince ?? 0) - (b.waitingSince ?? 0) || (a.id < b.id ? -1 : 1);

/** The first of the frames that shows no state of the history, or an older one than a frame before it. */
export function impossible(
  frames: readonly Frame[],
  history: readonly string[],
): Frame | undefined {
  let from = 0;
  return frames.find((frame) => {
    const at = history.indexOf(shown(frame), from);
    if (at < 0) return true;
    from = at;
    return false;
  });
}
