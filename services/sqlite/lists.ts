/** Sessions in lists: the desk's, the line for a person, a customer's, and what the sweeps look for. */
import { type DeskList, MAX_COUNT, type Session, type SessionRow } from "../domain.ts";
import type { ListPage, Sessions } from "../store.ts";
import type { Database, Params, Statement } from "./database.ts";
import { SESSION, SESSION_ROW, type SessionRecord, toSession, toSessionRow } from "./rows.ts";
import { Search } from "./search.ts";

const BELONGS: Readonly<Record<DeskList, string>> = {
  mine: "s.status = 'open' AND s.assignedAgent = :agentId",
  waiting: "s.waitingSince IS NOT NULL",
  ai: "s.status = 'open' AND s.waitingSince IS NULL AND s.mode = 'ai'",
  others: "s.status = 'open' AND s.waitingSince IS NULL AND s.mode = 'human' " +
    "AND s.assignedAgent <> :agentId",
  closed: "s.status = 'closed'",
};

const newestFirst = (list: DeskList) => `
  ${SESSION_ROW} WHERE ${BELONGS[list]} AND (s.lastActivity, s.id) < (:at, :id)
  ORDER BY s.lastActivity DESC, s.id DESC LIMIT :limit`;
const count = (list: DeskList) => `
  (SELECT count(*) FROM (SELECT 1 FROM sessions s WHERE ${BELONGS[list]} LIMIT ${MAX_COUNT}))
    AS ${list}`;
const LONGEST_FIRST = `s.waitingSince IS NOT NULL ORDER BY s.waitingSince, s.id LIMIT :limit`;

const LIST_SQL: Readonly<Record<DeskList, string>> = {
  mine: newestFirst("mine"),
  waiting: `${SESSION_ROW} WHERE (s.waitingSince, s.id) > (:at, :id) AND ${LONGEST_FIRST}`,
  ai: newestFirst("ai"),
  others: newestFirst("others"),
  closed: newestFirst("closed"),
};

const SQL = {
  waitingSessions: `${SESSION} WHERE ${LONGEST_FIRST}`,
  position: `
    SELECT count(*) AS position FROM sessions s, sessions mine
    WHERE mine.id = :id AND mine.waitingSince IS NOT NULL AND s.waitingSince IS NOT NULL
      AND (s.waitingSince, s.id) <= (mine.waitingSince, mine.id)`,
  carriedBy: `
    ${SESSION_ROW} WHERE ${BELONGS.mine} ORDER BY s.lastActivity DESC, s.id DESC`,
  counts: `
    SELECT ${count("mine")}, ${count("waiting")}, ${count("ai")}, ${count("others")}, ${
    count("closed")
  }`,
  ofCustomer: `
    ${SESSION} WHERE s.userId = :userId AND (s.createdAt, s.id) < (:at, :id)
    ORDER BY s.createdAt DESC, s.id DESC LIMIT :limit`,
  overdue: `
    ${SESSION} WHERE s.id IN (
      SELECT id FROM sessions WHERE silentUntil <= :now
      UNION ALL SELECT id FROM sessions WHERE status = 'open' AND waitingSince IS NULL
        AND mode IN ('ai', 'human') AND lastActivity <= :idleSince
      UNION ALL SELECT id FROM sessions WHERE waitingSince IS NOT NULL AND lastActivity <= :idleSince
    ) LIMIT :limit`,
  unanswered: `
    ${SESSION} WHERE s.status = 'open' AND s.mode = 'ai' AND s.askedSeq > s.answeredSeq
      AND (s.answerUntil IS NULL OR s.answerUntil < :now)
    ORDER BY s.lastActivity, s.id LIMIT :limit`,
};

const FIRST_PAGE = {
  newest: { at: Number.MAX_SAFE_INTEGER, id: "" },
  longest: { at: -1, id: "" },
} as const;

type ListMethod =
  | "nextWaiting"
  | "queuePosition"
  | "waiting"
  | "carriedBy"
  | "list"
  | "counts"
  | "ofCustomer"
  | "search"
  | "overdue"
  | "unanswered";

export class SqliteLists implements Pick<Sessions, ListMethod> {
  readonly #db: Database;
  readonly #sql;
  readonly #lists;
  readonly #search: Search;

  constructor(db: Database) {
    this.#db = db;
    this.#sql = db.prepare(SQL);
    this.#lists = db.prepare(LIST_SQL);
    this.#search = new Search(db);
  }

  async nextWaiting(): Promise<Session | undefined> {
    const [first] = await this.waiting(1);
    return first;
  }

  queuePosition({ id }: Session): Promise<number | undefined> {
    return this.#db.read(() =>
      this.#sql.position.get<{ position: number }>({ id })?.position || undefined
    );
  }

  waiting(limit: number): Promise<readonly Session[]> {
    return this.#sessions(this.#sql.waitingSessions, { limit });
  }

  carriedBy(agentId: string): Promise<readonly SessionRow[]> {
    return this.#rows(this.#sql.carriedBy, { agentId });
  }

  list(list: DeskList, agentId: string, page: ListPage): Promise<readonly SessionRow[]> {
    const whose = list === "mine" || list === "others" ? { agentId } : {};
    return this.#rows(this.#lists[list], { ...whose, ...from(list, page) });
  }

  counts(agentId: string): Promise<Readonly<Record<DeskList, number>>> {
    return this.#db.read(() => {
      const [counts] = this.#sql.counts.all<Record<DeskList, number>>({ agentId });
      return { mine: 0, waiting: 0, ai: 0, others: 0, closed: 0, ...counts };
    });
  }

  ofCustomer(userId: string, { limit, after }: ListPage): Promise<readonly Session[]> {
    const start = after ? { at: after.createdAt, id: after.id } : FIRST_PAGE.newest;
    return this.#sessions(this.#sql.ofCustomer, { userId, limit, ...start });
  }

  search(words: string, limit: number): Promise<readonly SessionRow[]> {
    return this.#search.sessions(words, limit);
  }

  overdue(now: Date, idleSince: Date, limit: number): Promise<readonly Session[]> {
    return this.#sessions(this.#sql.overdue, { now, idleSince, limit });
  }

  unanswered(now: Date, limit: number): Promise<readonly Session[]> {
    return this.#sessions(this.#sql.unanswered, { now, limit });
  }

  #sessions(statement: Statement, params: Params): Promise<readonly Session[]> {
    return this.#db.read(() => statement.all<SessionRecord>(params).map(toSession));
  }

  #rows(statement: Statement, params: Params): Promise<readonly SessionRow[]> {
    return this.#db.read(() => statement.all<SessionRecord>(params).map(toSessionRow));
  }
}

/** Where a page of a desk's list begins. */
function from(list: DeskList, { limit, after }: ListPage): Params {
  if (list === "waiting") {
    return { limit, ...(after ? { at: after.waitingSince, id: after.id } : FIRST_PAGE.longest) };
  }
  return { limit, ...(after ? { at: after.lastActivity, id: after.id } : FIRST_PAGE.newest) };
}
