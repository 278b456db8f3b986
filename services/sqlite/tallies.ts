/**
 * The sessions that the transaction under way appends to. Each is read once and counted once, however many messages it
 * gets: that is cheaper than a trigger's work for every one of them.
 */
import type { Sender, Session } from "../domain.ts";
import type { Hooks } from "./commit.ts";
import type { Database } from "./database.ts";

const SUBJECT = 200;
const SQL = {
  read: `
    SELECT number, userId, status, assignedAgent, lastSeq, lastActivity, spokenSeq, askedSeq, answeredSeq,
      repliedSeq, subject, silentUntil, userTyping, agentTyping
    FROM sessions WHERE id = :id`,
  count: `
    UPDATE sessions SET lastSeq = :lastSeq, lastActivity = :lastActivity, spokenSeq = :spokenSeq,
      askedSeq = :askedSeq, answeredSeq = :answeredSeq, repliedSeq = :repliedSeq, subject = :subject
    WHERE id = :id`,
  // apart, since most messages change none of these, and naming them costs an index and a trigger each
  userSpoke: `UPDATE sessions SET silentUntil = NULL, userTyping = NULL WHERE id = :id`,
  agentSpoke: `UPDATE sessions SET agentTyping = NULL WHERE id = :id`,
};

/** A session as it is with all that was said in this transaction. */
export interface Tally {
  readonly number: number;
  readonly userId: string;
  readonly status: Session["status"];
  readonly assignedAgent: string | null;
  lastSeq: number;
  lastActivity: number;
  spokenSeq: number;
  askedSeq: number;
  answeredSeq: number;
  repliedSeq: number;
  subject: string | null;
  readonly silentUntil: number | null;
  readonly userTyping: number | null;
  readonly agentTyping: number | null;
}

export class Tallies implements Pick<Hooks, "begin" | "settle"> {
  readonly #sql;
  readonly #read = new Map<string, Tally | undefined>();
  /** Who spoke in which session. */
  readonly #spoke = new Map<string, Set<Sender>>();

  constructor(db: Database) {
    this.#sql = db.prepare(SQL);
    db.shareAppends(this);
  }

  of(id: string): Tally | undefined {
    if (!this.#read.has(id)) this.#read.set(id, this.#sql.read.get<Tally>({ id }));
    return this.#read.get(id);
  }

  /** Counts a message that was appended at the session's next `seq`. */
  count(id: string, sender: Sender, text: string, at: number): void {
    const tally = this.of(id);
    if (!tally) return;
    const seq = ++tally.lastSeq;
    tally.lastActivity = Math.max(tally.lastActivity, at);
    if (sender !== "system") tally.spokenSeq = seq;
    if (sender === "user") {
      tally.askedSeq = seq;
      tally.subject ??= [...text].slice(0, SUBJECT).join("");
    }
    if (sender === "agent") tally.answeredSeq = tally.repliedSeq = seq;
    const spoke = this.#spoke.get(id);
    if (spoke) spoke.add(sender);
    else this.#spoke.set(id, new Set([sender]));
  }

  begin(): void {
    this.#read.clear();
    this.#spoke.clear();
  }

  /** Writes what was counted, and forgets all: what comes next may change a session otherwise. */
  settle(): void {
    try {
      for (const [id, spoke] of this.#spoke) {
        const tally = this.#read.get(id);
        if (tally) this.#write(id, tally, spoke);
      }
    } finally {
      this.begin();
    }
  }

  #write(id: string, tally: Tally, spoke: ReadonlySet<Sender>): void {
    const { lastSeq, lastActivity, spokenSeq, askedSeq, answeredSeq, repliedSeq, subject } = tally;
    const counts = { lastSeq, lastActivity, spokenSeq, askedSeq, answeredSeq, repliedSeq, subject };
    this.#sql.count.run({ id, ...counts });
    const { silentUntil, userTyping, agentTyping } = tally;
    const isExpected = silentUntil !== null || userTyping !== null;
    if (isExpected && spoke.has("user")) this.#sql.userSpoke.run({ id });
    if (agentTyping !== null && spoke.has("agent")) this.#sql.agentSpoke.run({ id });
  }
}
