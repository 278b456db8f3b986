/** Agents' places: who gets the next session, and the status that follows from what an agent carries. */
import type { Database } from "./database.ts";

const SQL = {
  free: `
    SELECT id, name FROM agents WHERE status = 'available' AND presentUntil >= :now
      AND (:inLine OR NOT EXISTS (SELECT 1 FROM sessions WHERE waitingSince IS NOT NULL))
    ORDER BY carrying, idleSince, id LIMIT 1`,
  named: `SELECT id, name FROM agents WHERE id = :id`,
  recount: `
    UPDATE agents SET
      carrying = next.carrying,
      status = next.status,
      idleSince = iif(
        agents.carrying <> next.carrying OR agents.status <> next.status AND next.status = 'available',
        :now, idleSince)
    FROM (
      SELECT a.id, load.carrying, CASE
          WHEN a.away OR a.chosen = 'offline' THEN 'offline'
          WHEN a.chosen = 'busy' OR load.carrying >= a.capacity THEN 'busy'
          ELSE 'available' END AS status
      FROM agents a, (
        SELECT count(*) AS carrying FROM sessions WHERE status = 'open' AND assignedAgent = :id
      ) load
      WHERE a.id = :id
    ) next
    WHERE agents.id = next.id`,
};

export interface Receiver {
  readonly id: string;
  readonly name: string;
}

/** Its methods are parts of a write. */
export class Places {
  readonly #sql;

  constructor(db: Database) {
    this.#sql = db.prepare(SQL);
  }

  /**
   * Of those with a free place, the agent who carries the fewest, then the one idle longest. `inLine`: for a session that
   * waits; no other goes ahead of those who do.
   */
  free(now: Date, { inLine }: { inLine: boolean }): Receiver | undefined {
    return this.#sql.free.get({ now, inLine: Number(inLine) });
  }

  agent(id: string): Receiver | undefined {
    return this.#sql.named.get({ id });
  }

  /** To be called for each agent whose sessions, presence or wishes changed. */
  recount(id: string, now: Date): void {
    this.#sql.recount.run({ id, now });
  }
}
