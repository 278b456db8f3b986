import {
  type Actor,
  MAX_PAGE,
  type Message,
  type MessageDraft,
  newId,
  SENDER_NAMES,
  type Session,
} from "../domain.ts";
import { Fault } from "../errors.ts";
import type { AnswerDraft, Messages } from "../store.ts";
import type { Database } from "./database.ts";
import type { SessionLog } from "./log.ts";
import {
  given,
  MESSAGE,
  type MessageRecord,
  SESSION,
  type SessionRecord,
  toMessage,
  toSession,
} from "./rows.ts";
import type { Tally } from "./tallies.ts";

const SQL = {
  byClientId: `${MESSAGE} AND clientId = :clientId`,
  byOthers: `
    ${MESSAGE} AND seq > :basedOn
      AND sender <> 'system' AND senderId IS NOT :actorId
    ORDER BY seq LIMIT ${MAX_PAGE}`,
  after: `${MESSAGE} AND seq > :seq ORDER BY seq LIMIT :limit`,
  before: `${MESSAGE} AND seq < :seq ORDER BY seq DESC LIMIT :limit`,
  begin: `
    UPDATE sessions SET answerId = :id, answerText = '', answerUntil = :until
    WHERE id = :sessionId AND status = 'open' AND mode = 'ai' AND askedSeq > answeredSeq
      AND (answerUntil IS NULL OR answerUntil < :now)`,
  grow: `
    UPDATE sessions SET answerText = :text, answerUntil = :until
    WHERE id = :sessionId AND answerId = :id`,
  finish: `
    UPDATE sessions SET answerId = NULL, answerText = NULL, answerUntil = NULL,
      answeredSeq = max(answeredSeq, :upTo), misses = :misses, failures = :failures
    WHERE id = :sessionId AND answerId = :id`,
  drop: `
    UPDATE sessions SET answerId = NULL, answerText = NULL, answerUntil = NULL,
      answeredSeq = max(answeredSeq, :upTo)
    WHERE id = :sessionId AND answerId = :id`,
  session: `${SESSION} WHERE s.id = :sessionId`,
};

export class SqliteMessages implements Messages {
  readonly #db: Database;
  readonly #sql;
  readonly #log: SessionLog;

  constructor(db: Database, log: SessionLog) {
    this.#db = db;
    this.#sql = db.prepare(SQL);
    this.#log = log;
  }

  append(
    sessionId: string,
    actor: Actor,
    draft: MessageDraft,
    now: Date,
  ): Promise<{ message: Message; repeated: boolean }> {
    return this.#db.append(() => {
      const tally = this.#log.tally(sessionId);
      if (!tally || (actor.side === "user" && tally.userId !== actor.id)) throw unknown();
      const refusal = refusalOf(tally, actor) ?? this.#stale(sessionId, actor, draft.basedOn);
      const message = refusal ? undefined : this.#log.append(sessionId, {
        id: draft.id ?? newId(now),
        sender: actor.side,
        senderId: actor.id,
        senderName: actor.name,
        text: draft.text,
        timestamp: now,
        ...given({ clientId: draft.clientId }),
      });
      if (message) return { message, repeated: false };
      const first = this.#first(sessionId, actor, draft);
      if (first) return { message: first, repeated: true };
      throw refusal;
    });
  }

  page(
    sessionId: string,
    { after, before, limit }: { after?: number; before?: number; limit: number },
  ): Promise<{ messages: readonly Message[]; hasMore: boolean }> {
    const forward = after !== undefined;
    const statement = forward ? this.#sql.after : this.#sql.before;
    const seq = after ?? before ?? Number.MAX_SAFE_INTEGER;
    return this.#db.read(() => {
      const rows = statement.all<MessageRecord>({ sessionId, seq, limit: limit + 1 });
      const messages = rows.slice(0, limit).map(toMessage);
      return { messages: forward ? messages : messages.reverse(), hasMore: rows.length > limit };
    });
  }

  beginAnswer(
    sessionId: string,
    id: string,
    until: Date,
    now: Date,
  ): Promise<Session | undefined> {
    return this.#db.write(() => {
      if (this.#sql.begin.run({ sessionId, id, until, now }) === 0) return undefined;
      const row = this.#sql.session.get<SessionRecord>({ sessionId });
      return row && toSession(row);
    });
  }

  async growAnswer(sessionId: string, id: string, text: string, until: Date): Promise<boolean> {
    const grown = await this.#db.write(() => this.#sql.grow.run({ sessionId, id, text, until }));
    return grown > 0;
  }

  finishAnswer(
    sessionId: string,
    id: string,
    { text, sources, upTo, misses, failures, event }: AnswerDraft,
    now: Date,
  ): Promise<Message | undefined> {
    return this.#db.write(() => {
      const finished = this.#sql.finish.run({ sessionId, id, upTo, misses, failures });
      if (finished === 0) return undefined;
      const words = { text, sources, timestamp: now };
      const message = this.#log.say(sessionId, {
        id,
        sender: "ai",
        senderName: SENDER_NAMES.ai,
        ...words,
      });
      this.#log.note(sessionId, event, now);
      return message;
    });
  }

  async dropAnswer(sessionId: string, id: string, upTo = 0): Promise<void> {
    await this.#db.write(() => this.#sql.drop.run({ sessionId, id, upTo }));
  }

  /** What was stored under the draft's `clientId` before. */
  #first(
    sessionId: string,
    { side }: Actor,
    { clientId, text }: MessageDraft,
  ): Message | undefined {
    if (clientId === undefined) return undefined;
    const row = this.#sql.byClientId.get<MessageRecord>({ sessionId, clientId });
    if (row && (row.text !== text || row.sender !== side)) {
      throw new Fault("conflict", "Another message was sent under this clientId");
    }
    return row && toMessage(row);
  }

  #stale(
    sessionId: string,
    { side, id: actorId }: Actor,
    basedOn: number | undefined,
  ): Fault | undefined {
    if (side === "user" || basedOn === undefined) return undefined;
    const rows = this.#sql.byOthers.all<MessageRecord>({ sessionId, basedOn, actorId });
    if (rows.length === 0) return undefined;
    return new Fault("stale", "Something was written since", { messages: rows.map(toMessage) });
  }
}

const unknown = (): Fault => new Fault("not_found", "There is no such conversation");

/** Why the actor may not write, if so. */
function refusalOf(
  { status, assignedAgent }: Readonly<Tally>,
  { side, id }: Actor,
): Fault | undefined {
  if (status === "closed") return new Fault("closed", "This chat has ended");
  if (side === "user" || assignedAgent === id) return undefined;
  if (assignedAgent === null) return new Fault("not_assigned", "Take over this chat to write");
  return new Fault("forbidden", "This chat is another agent's");
}
