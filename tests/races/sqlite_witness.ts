/** What a file ever said of sessions, kept by triggers of the test's own. */
import { DatabaseSync } from "node:sqlite";
import type { Data } from "../databases.ts";
import { historiesOf, type Row } from "./histories.ts";
import type { Witness } from "./witness.ts";

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

const MISCOUNTED = `
  SELECT name, carrying, status FROM agents a, (
    SELECT assignedAgent, count(*) AS has FROM sessions WHERE status = 'open' GROUP BY assignedAgent
  ) held
  WHERE held.assignedAgent = a.id AND carrying <> has
    OR (carrying >= capacity AND status = 'available')
    OR (carrying > 0 AND a.id NOT IN (
      SELECT assignedAgent FROM sessions WHERE status = 'open' AND assignedAgent IS NOT NULL))`;

export function sqliteWitness({ env }: Data): Promise<Witness> {
  const db = new DatabaseSync(String(env.DATA_FILE));
  db.exec(MADE);
  return Promise.resolve({
    histories() {
      const rows = db.prepare("SELECT * FROM witnessed ORDER BY n").all();
      return Promise.resolve(historiesOf(rows as unknown as Row[]));
    },
    miscounted: () => Promise.resolve(db.prepare(MISCOUNTED).all()),
    [Symbol.asyncDispose]: () => Promise.resolve(db.close()),
  });
}
