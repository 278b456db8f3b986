import {
  type EventDraft,
  type Session,
  type SessionEvent,
  type Side,
  START_REASONS,
} from "../domain.ts";
import { Fault } from "../errors.ts";
import type { Destination, MoveEvent, Sessions, SessionStart } from "../store.ts";
import type { Database, Params, Statement } from "./database.ts";
import { SqliteLists } from "./lists.ts";
import type { SessionLog } from "./log.ts";
import type { Places, Receiver } from "./places.ts";
import { SESSION, type SessionRecord, toSession } from "./rows.ts";

const CHANGE_HANDS = `epoch = epoch + 1, misses = 0, failures = 0, agentTyping = NULL`;
const LEAVE_AI = `${CHANGE_HANDS}, answerId = NULL, answerText = NULL, answerUntil = NULL`;
const SQL = {
  add: `
    INSERT INTO sessions (
      id, userId, userName, mode, assignedAgent, agentName, createdAt, lastActivity, silentUntil
    ) VALUES (:id, :userId, :userName, :mode, :assignedAgent, :agentName, :now, :now, :silentUntil)`,
  find: `${SESSION} WHERE s.id = :id`,
  openOf: `${SESSION} WHERE s.userId = :userId AND s.status = 'open'`,
  state: `SELECT epoch, status, assignedAgent, waitingSince FROM sessions WHERE id = :id`,
  toAgent: `
    UPDATE sessions SET mode = 'human', assignedAgent = :agentId, agentName = :agentName,
      waitingSince = NULL, ${LEAVE_AI}
    WHERE id = :id`,
  toAi: `
    UPDATE sessions SET mode = 'ai', assignedAgent = NULL, agentName = NULL,
      waitingSince = NULL, ${CHANGE_HANDS}
    WHERE id = :id`,
  toWaiting: `
    UPDATE sessions SET mode = 'ai', assignedAgent = NULL, agentName = NULL,
      waitingSince = ifnull(waitingSince, :now), ${CHANGE_HANDS}
    WHERE id = :id`,
  toClosed: `
    UPDATE sessions SET status = 'closed', closedAt = :now,
      waitingSince = NULL, silentUntil = NULL, userTyping = NULL, ${LEAVE_AI}
    WHERE id = :id`,
  rate: `
    UPDATE sessions SET rating = :rating, ratingComment = :comment
    WHERE id = :id AND status = 'closed'`,
  seenByUser: `
    UPDATE sessions SET userSeenSeq = min(:seq, lastSeq), userSeenAt = :now
    WHERE id = :id AND min(:seq, lastSeq) > ifnull(userSeenSeq, 0)`,
  seenByAgent: `
    UPDATE sessions SET agentSeenSeq = min(:seq, lastSeq), agentSeenAt = :now
    WHERE id = :id AND min(:seq, lastSeq) > ifnull(agentSeenSeq, 0)`,
  userTypes: `UPDATE sessions SET userTyping = :until WHERE id = :id AND status = 'open'`,
  agentTypes: `UPDATE sessions SET agentTyping = :until WHERE id = :id AND status = 'open'`,
};

interface State {
  readonly epoch: number;
  readonly status: Session["status"];
  readonly assignedAgent: string | null;
  readonly waitingSince: number | null;
}

export class SqliteSessions extends SqliteLists implements Sessions {
  readonly #db: Database;
  readonly #sql;
  readonly #log: SessionLog;
  readonly #places: Places;

  constructor(db: Database, log: SessionLog, places: Places) {
    super(db);
    this.#db = db;
    this.#sql = db.prepare(SQL);
    this.#log = log;
    this.#places = places;
  }

  start(start: SessionStart, now: Date): Promise<{ session: Session; created: boolean }> {
    return this.#db.write(() => {
      const open = this.#read(this.#sql.openOf, { userId: start.customer.id });
      if (open) return { session: open, created: false };
      this.#begin(start, this.#places.free(now, { inLine: false }), now);
      return { session: this.#get(start.id), created: true };
    });
  }

  find(id: string): Promise<Session | undefined> {
    return this.#db.read(() => this.#read(this.#sql.find, { id }));
  }

  openOf(userId: string): Promise<Session | undefined> {
    return this.#db.read(() => this.#read(this.#sql.openOf, { userId }));
  }

  move(
    { id, epoch }: Session,
    to: Destination,
    events: readonly MoveEvent[],
    now: Date,
  ): Promise<Session | "changed" | "nobody"> {
    return this.#db.write(() => {
      const state = this.#sql.state.get<State>({ id });
      if (state?.epoch !== epoch) return "changed";
      if (state.status === "closed") throw new Fault("closed", "This chat has ended");
      const receiver = this.#receiver(to, state, now);
      if (to === "free" && !receiver) return "nobody";
      this.#hand(id, to, receiver, now);
      for (const event of events) this.#log.note(id, completed(event, receiver), now);
      this.#recount([state.assignedAgent, receiver?.id], now);
      return this.#get(id);
    });
  }

  rate(id: string, rating: number, comment: string | undefined, now: Date): Promise<Session> {
    return this.#db.write(() => {
      if (this.#sql.rate.run({ id, rating, comment }) === 0) throw this.#whyNotRated(id);
      const told = comment === undefined ? {} : { comment };
      this.#log.note(id, { kind: "rated", rating, ...told }, now);
      return this.#get(id);
    });
  }

  async seen(id: string, side: Side, seq: number, now: Date): Promise<void> {
    const statement = side === "user" ? this.#sql.seenByUser : this.#sql.seenByAgent;
    await this.#db.write(() => statement.run({ id, seq, now }));
  }

  async typing(id: string, side: Side, until: Date): Promise<void> {
    const statement = side === "user" ? this.#sql.userTypes : this.#sql.agentTypes;
    await this.#db.write(() => statement.run({ id, until }));
  }

  events(id: string): Promise<readonly SessionEvent[]> {
    return this.#db.read(() => this.#log.events(id));
  }

  #begin({ id, customer, silentUntil }: SessionStart, agent: Receiver | undefined, now: Date) {
    this.#sql.add.run({
      id,
      userId: customer.id,
      userName: customer.name,
      mode: agent ? "human" : "ai",
      assignedAgent: agent?.id,
      agentName: agent?.name,
      silentUntil,
      now,
    });
    const reason = agent ? START_REASONS.free : START_REASONS.nobody;
    this.#log.note(id, { kind: "started", reason }, now);
    if (!agent) return;
    const assigned = { kind: "assigned", reason: START_REASONS.chosen } as const;
    this.#log.note(id, completed(assigned, agent), now);
    this.#places.recount(agent.id, now);
  }

  #receiver(to: Destination, { waitingSince }: State, now: Date): Receiver | undefined {
    if (to === "free") return this.#places.free(now, { inLine: waitingSince !== null });
    if (typeof to === "string") return undefined;
    const agent = this.#places.agent(to.agentId);
    if (!agent) throw new Fault("not_found", "There is no such agent");
    return agent;
  }

  #hand(id: string, to: Destination, receiver: Receiver | undefined, now: Date): void {
    if (receiver) {
      this.#sql.toAgent.run({ id, agentId: receiver.id, agentName: receiver.name });
    } else if (to === "waiting") this.#sql.toWaiting.run({ id, now });
    else if (to === "closed") this.#sql.toClosed.run({ id, now });
    else this.#sql.toAi.run({ id });
  }

  #recount(agentIds: readonly (string | null | undefined)[], now: Date): void {
    for (const id of new Set(agentIds)) if (id) this.#places.recount(id, now);
  }

  #whyNotRated(id: string): Fault {
    return this.#sql.state.get({ id })
      ? new Fault("still_open", "A chat can be rated once it has ended")
      : new Fault("not_found", "There is no such conversation");
  }

  #get(id: string): Session {
    const session = this.#read(this.#sql.find, { id });
    if (!session) throw new Error(`Session ${id} is gone`);
    return session;
  }

  #read(statement: Statement, params: Params): Session | undefined {
    const row = statement.get<SessionRecord>(params);
    return row && toSession(row);
  }
}

/** The event with the agent whom the store picked. */
function completed(event: MoveEvent, agent: Receiver | undefined): EventDraft {
  if (event.kind !== "assigned" || "agentId" in event) return event;
  if (!agent) throw new Error("An event `assigned` in a move to nobody");
  return { ...event, agentId: agent.id, agentName: agent.name };
}
