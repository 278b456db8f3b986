/** Every state that each session has had, in order, as a frame would show it. */
import type { Frame } from "../helpers.ts";

export type Histories = ReadonlyMap<string, readonly string[]>;

export interface Row {
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

/** With the place in line that followed from all of them; `rows` are in the order in which they were written. */
export function historiesOf(rows: readonly Row[]): Histories {
  const now = new Map<string, Row>();
  const line = new Set<string>();
  const histories = new Map<string, string[]>();
  const note = (row: Row, place: number | null) => {
    const history = histories.getOrInsert(row.id, []);
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

const byWait = (a: Row, b: Row): number =>
  (a.waitingSince ?? 0) - (b.waitingSince ?? 0) || (a.id < b.id ? -1 : 1);
