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
import { type Feed, stamped, stampsOf } from "./changes.ts";
import type { SessionCommit } from "./commit.ts";
import type { Database } from "./database.ts";
import type { Draft } from "./log.ts";
import {
  given,
  keyOf,
  type MessageDoc,
  plain,
  type SessionDoc,
  toMessage,
  toSession,
} from "./rows.ts";

const IN_ORDER = { sessionId: 1, seq: 1 } as const;
const SHOWN = { projection: { words: 0, via: 0, senderId: 0 } } as const;

export interface MessagesParts {
  readonly db: Database;
  readonly feed: Feed;
  readonly commit: SessionCommit;
}

export class MongoMessages implements Messages {
  readonly #parts: MessagesParts;

  constructor(parts: MessagesParts) {
    this.#parts = parts;
  }

  append(
    sessionId: string,
    actor: Actor,
    draft: MessageDraft,
    now: Date,
  ): Promise<{ message: Message; repeated: boolean }> {
    const { id = newId(now), clientId } = draft;
    return this.#parts.commit.change(sessionId, async (saying, said) => {
      refuseStrangers(saying, actor);
      const first = firstOf(saying, said, actor, draft);
      if (first) return { result: { message: first, repeated: true } };
      allow(saying, actor);
      if (actor.side === "agent") await this.#refuseStale(saying, actor, draft.basedOn);
      saying.say({
        id,
        sender: actor.side,
        senderId: plain(actor.id),
        senderName: plain(actor.name),
        text: plain(draft.text),
        timestamp: now,
        ...given({ clientId }),
      });
      const written = async (after: SessionDoc) => ({
        message: await this.#written(after, id),
        repeated: false,
      });
      return { written };
    }, { clientId: clientId === undefined ? undefined : plain(clientId) });
  }

  async page(
    sessionId: string,
    { after, before, limit }: { after?: number; before?: number; limit: number },
  ): Promise<{ messages: readonly Message[]; hasMore: boolean }> {
    const forward = after !== undefined;
    const seq = forward ? { $gt: after } : { $lt: before ?? Number.MAX_SAFE_INTEGER };
    const found = await this.#parts.db.run(({ messages }) =>
      messages.find({ sessionId: keyOf(sessionId), seq }, SHOWN)
        .sort({ seq: forward ? 1 : -1 }).limit(limit + 1).toArray()
    );
    const messages = found.slice(0, limit).map(toMessage);
    return { messages: forward ? messages : messages.reverse(), hasMore: found.length > limit };
  }

  async beginAnswer(
    sessionId: string,
    id: string,
    until: Date,
    now: Date,
  ): Promise<Session | undefined> {
    const due = { _id: keyOf(sessionId), dueAt: { $lt: now } };
    const answer = { id: plain(id), text: "", until };
    const fields = { answer, dueAt: until };
    const begun = await this.#touch(due, fields, { _id: due._id, "answer.id": id });
    return begun && toSession(await this.#parts.commit.whole(begun));
  }

  async growAnswer(sessionId: string, id: string, text: string, until: Date): Promise<boolean> {
    const mine = { _id: keyOf(sessionId), "answer.id": plain(id) };
    const fields = { "answer.text": plain(text), "answer.until": until, dueAt: until };
    return await this.#touch(mine, fields, mine) !== undefined;
  }

  finishAnswer(
    sessionId: string,
    id: string,
    { text, sources, upTo, misses, failures, event }: AnswerDraft,
    now: Date,
  ): Promise<Message | undefined> {
    return this.#parts.commit.change<Message | undefined>(sessionId, (draft) => {
      if (draft?.after.answer?.id !== id) return { result: undefined };
      const answeredSeq = Math.max(draft.after.answeredSeq, upTo);
      draft.set({ answer: undefined, answeredSeq, misses, failures });
      draft.tell("session");
      const words = { text: plain(text), sources, timestamp: now };
      draft.say({ id, sender: "ai", senderName: SENDER_NAMES.ai, ...words });
      draft.note(event, now);
      return { written: (after) => this.#written(after, id) };
    });
  }

  async dropAnswer(sessionId: string, id: string, upTo = 0): Promise<void> {
    await this.#parts.commit.change(sessionId, (draft) => {
      if (draft?.after.answer?.id !== id) return { result: undefined };
      const answeredSeq = Math.max(draft.after.answeredSeq, upTo);
      draft.set({ answer: undefined, answeredSeq });
      draft.tell("session");
      return { written: () => undefined };
    });
  }

  /** Changes and announces a session that is as `which` says; `done` tells it after a lost answer. */
  async #touch(
    which: Readonly<Record<string, unknown>>,
    fields: Readonly<Record<string, unknown>>,
    done: Readonly<Record<string, unknown>>,
  ): Promise<SessionDoc | undefined> {
    const { db, feed } = this.#parts;
    const by = feed.token();
    const after = await db.run(async ({ sessions }, { again }) => {
      const update = { $inc: { rev: 1 }, ...stamped(stampsOf(by, ["session"]), fields) };
      return await sessions.findOneAndUpdate(which, update, { returnDocument: "after" }) ??
        (again ? await sessions.findOne(done) : null);
    });
    if (!after) return undefined;
    feed.tell(by, [{ kind: "session", sessionId: after._id.toHexString() }]);
    return after;
  }

  async #refuseStale(
    { after, entries }: Draft,
    { id: actorId }: Actor,
    basedOn: number | undefined,
  ): Promise<void> {
    if (basedOn === undefined) return;
    if (!after.voices.some(({ by, seq }) => by !== actorId && seq > basedOn)) return;
    const byOthers = { sender: { $ne: "system" }, senderId: { $ne: actorId } } as const;
    const since = await this.#parts.db.run(({ messages }) =>
      messages.find({ sessionId: after._id, seq: { $gt: basedOn }, ...byOthers }, SHOWN)
        .sort({ seq: 1 }).limit(MAX_PAGE).hint(IN_ORDER).toArray()
    );
    const own = entries.flatMap((entry) => "message" in entry ? [entry.message] : [])
      .filter(({ sender, senderId, seq }) =>
        sender !== "system" && senderId !== actorId && seq > basedOn
      );
    const messages = [...since, ...own].slice(0, MAX_PAGE).map(toMessage);
    throw new Fault("stale", "Something was written since", { messages });
  }

  /** A message that was just written, with the `seq` that it has come to. */
  async #written({ outbox }: SessionDoc, id: string): Promise<Message> {
    const own = outbox?.flatMap((entry) => "message" in entry ? [entry.message] : [])
      .find(({ _id }) => _id.toHexString() === id);
    const message: MessageDoc | null = own ??
      await this.#parts.db.run(({ messages }) => messages.findOne({ _id: keyOf(id) }));
    if (!message) throw new Error("A message that was written is gone");
    return toMessage(message);
  }
}

function refuseStrangers(draft: Draft | undefined, { side, id }: Actor): asserts draft is Draft {
  if (draft && (side === "agent" || draft.before.userId === id)) return;
  throw new Fault("not_found", "There is no such conversation");
}

/** What was stored under the draft's `clientId` before, or is about to be. */
function firstOf(
  saying: Draft,
  said: ReadonlyMap<string, MessageDoc>,
  { side }: Actor,
  { clientId, text }: MessageDraft,
): Message | undefined {
  if (clientId === undefined) return undefined;
  const waiting = saying.entries.flatMap((entry) => "message" in entry ? [entry.message] : []);
  const first = said.get(clientId) ?? waiting.find((message) => message.clientId === clientId);
  if (first && (first.text !== text || first.sender !== side)) {
    throw new Fault("conflict", "Another message was sent under this clientId");
  }
  return first && toMessage(first);
}

function allow({ after: { status, assignedAgent } }: Draft, actor: Actor): void {
  if (status === "closed") throw new Fault("closed", "This chat has ended");
  if (actor.side === "user" || assignedAgent === actor.id) return;
  if (assignedAgent === undefined) {
    throw new Fault("not_assigned", "Take over this chat to write");
  }
  throw new Fault("forbidden", "This chat is another agent's");
}
