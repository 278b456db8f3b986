/** Full text search: each word by prefix, in the messages and the customer's name and e-mail. */
import type { SessionRow } from "../domain.ts";
import type { Database } from "./database.ts";
import { SESSION_ROW, type SessionRecord, toSessionRow } from "./rows.ts";

/** Messages that one write indexes, so that a send never waits long behind it. */
const BATCH = 500;
const MAX_WORDS = 12;
/** A word as FTS5's tokenizer sees it; being made of these it can't be anything else of FTS5's syntax. */
const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;

const SQL = {
  last: `SELECT ifnull(max(rowId), 0) AS rowId FROM messages`,
  indexed: `SELECT value FROM marks WHERE name = 'indexed'`,
  batchEnd: `
    SELECT ifnull(max(rowId), 0) AS rowId FROM (
      SELECT rowId FROM messages WHERE rowId > :from ORDER BY rowId LIMIT ${BATCH}
    )`,
  index: `
    INSERT INTO messageWords (rowid, text)
    SELECT rowId, text FROM messages WHERE rowId > :from AND rowId <= :to AND sender <> 'system'`,
  mark: `UPDATE marks SET value = :to WHERE name = 'indexed'`,
  sessions: `
    WITH hits AS (
      SELECT word.key AS word, m.session AS number
      FROM json_each(:words) word
        JOIN messageWords ON messageWords MATCH word.value
        JOIN messages m ON m.rowId = messageWords.rowid
      UNION
      SELECT word.key, s.number
      FROM json_each(:words) word
        JOIN customerWords ON customerWords MATCH word.value
        JOIN customers c ON c.rowId = customerWords.rowid
        JOIN sessions s ON s.userId = c.id
    )
    ${SESSION_ROW}
    WHERE s.number IN (SELECT number FROM hits GROUP BY number HAVING count(*) = json_array_length(:words))
    ORDER BY s.lastActivity DESC, s.id DESC LIMIT :limit`,
};

export class Search {
  readonly #db: Database;
  readonly #sql;

  constructor(db: Database) {
    this.#db = db;
    this.#sql = db.prepare(SQL);
  }

  async sessions(text: string, limit: number): Promise<readonly SessionRow[]> {
    const words = [...new Set(text.match(WORD))].slice(0, MAX_WORDS);
    if (words.length === 0) return [];
    await this.#catchUp();
    const match = JSON.stringify(words.map((word) => `"${word}"*`));
    return this.#db.read(() =>
      this.#sql.sessions.all<SessionRecord>({ words: match, limit }).map(toSessionRow)
    );
  }

  /** Indexes what was stored since the last search. */
  async #catchUp(): Promise<void> {
    const last = await this.#db.read(() => this.#sql.last.get<{ rowId: number }>()?.rowId ?? 0);
    let indexed = await this.#db.read(() => this.#indexed());
    while (indexed < last) indexed = await this.#db.write(() => this.#indexBatch());
  }

  #indexBatch(): number {
    const from = this.#indexed();
    const to = this.#sql.batchEnd.get<{ rowId: number }>({ from })?.rowId || from;
    this.#sql.index.run({ from, to });
    this.#sql.mark.run({ to });
    return to;
  }

  #indexed(): number {
    return this.#sql.indexed.get<{ value: number }>()?.value ?? 0;
  }
}
