/**
 * What a session's document holds for `messages` and `events`: written with the session's change, then copied there, by
 * whoever comes first should the writer die.
 */
import type { ObjectId } from "mongodb";
import { stamped } from "./changes.ts";
import type { CommitParts } from "./commit.ts";
import { isDuplicate } from "./faults.ts";
import type { EventDoc, MessageDoc, SessionDoc } from "./rows.ts";
import { wordsIn } from "./search.ts";

/** How long it waits for a next change to clear it, in milliseconds. */
const CLEAR_AFTER = 200;

export class Outbox implements AsyncDisposable {
  readonly #parts: CommitParts;
  readonly #clearing = new Map<string, { timer: ReturnType<typeof setTimeout>; run: () => void }>();
  readonly #running = new Set<Promise<void>>();

  readonly #isBusy: (sessionId: string) => boolean;

  /** `isBusy`: a change is under way, which will clear what is written. */
  constructor(parts: CommitParts, isBusy: (sessionId: string) => boolean) {
    this.#parts = parts;
    this.#isBusy = isBusy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { timer, run } of this.#clearing.values()) {
      clearTimeout(timer);
      run();
    }
    await Promise.all(this.#running);
  }

  /** Copies the outbox to where its entries belong; returns the session, changed where a row by hand stood in the way. */
  async writeOut(session: SessionDoc): Promise<SessionDoc> {
    const { outbox = [] } = session;
    const events = outbox.flatMap((entry) => "event" in entry ? [entry.event] : []);
    const messages = outbox.flatMap((entry) => "message" in entry ? [entry.message] : []);
    const [blocked] = await Promise.all([this.#addMessages(messages), this.#addEvents(events)]);
    this.#parts.hooks.reach?.("logged");
    if (blocked === undefined) return session;
    return await this.writeOut(await this.#makeRoom(session, blocked));
  }

  async #addEvents(entries: readonly EventDoc[]): Promise<void> {
    if (entries.length === 0) return;
    await this.#parts.db.run(({ events }) =>
      events.insertMany([...entries], { ordered: false }).catch(unlessDuplicate)
    );
  }

  /** In their order; returns the `seq` that another message has. */
  async #addMessages(entries: readonly MessageDoc[]): Promise<number | undefined> {
    if (entries.length === 0) return undefined;
    const docs = entries.map((message) =>
      message.sender === "system" ? message : { ...message, words: wordsIn(message.text) }
    );
    return await this.#parts.db.run(async ({ messages }) => {
      if (await messages.insertMany(docs).catch(unlessDuplicate)) return undefined;
      for (const message of docs) {
        if (await messages.insertOne(message).catch(unlessDuplicate)) continue;
        const { _id, sessionId, seq } = message;
        const there = await messages.findOne({ sessionId, seq }, { projection: { _id: 1 } });
        if (!there) throw new Error(`Message ${_id} stands elsewhere than at ${seq}`);
        if (!there._id.equals(_id)) return seq;
      }
      return undefined;
    });
  }

  /** Moves the outbox's messages from `first` on, and what counts them, beyond those that something else has written. */
  async #makeRoom({ _id, outboxId, rev }: SessionDoc, first: number): Promise<SessionDoc> {
    return await this.#parts.db.run(async ({ sessions, messages }) => {
      const session = await sessions.findOne({ _id });
      if (!session) throw new Error("A session with an outbox is gone");
      if (session.outboxId !== outboxId || session.rev !== rev) return session;
      const last = await messages.findOne({ sessionId: _id }, { sort: { seq: -1 } });
      const update = {
        $set: shifted(session, first, Math.max(0, (last?.seq ?? 0) + 1 - first)),
        $inc: { rev: 1 },
      };
      const options = { returnDocument: "after" } as const;
      return await sessions.findOneAndUpdate({ _id, rev }, update, options) ?? session;
    });
  }

  /** Empties the outbox soon, if no further change of the session does. */
  clearLater(session: SessionDoc): void {
    const { _id, outbox, outboxId } = session;
    const id = _id.toHexString();
    clearTimeout(this.#clearing.get(id)?.timer);
    this.#clearing.delete(id);
    if (!outbox || outboxId === undefined) return;
    const run = () => {
      this.#clearing.delete(id);
      const clearing = this.#clear(_id, outboxId)
        .catch(() => {}) // the sweep does it
        .finally(() => this.#running.delete(clearing));
      this.#running.add(clearing);
    };
    const due = () => this.#isBusy(id) ? this.clearLater(session) : run();
    this.#clearing.set(id, { timer: setTimeout(due, CLEAR_AFTER), run });
  }

  async #clear(_id: ObjectId, outboxId: string): Promise<void> {
    const { db, feed } = this.#parts;
    const by = feed.token();
    const emptied = { $unset: { outbox: 1, outboxId: 1, unsettled: 1 } } as const;
    await db.run(({ sessions }) =>
      sessions.updateOne({ _id, outboxId }, { ...emptied, ...stamped(feed.stamp(by, ["message"])) })
    );
  }
}

const unlessDuplicate = (error: unknown): undefined => {
  if (!isDuplicate(error)) throw error;
};

/** The same with every `seq` from `first` on moved up. */
function shifted(session: SessionDoc, first: number, by: number): Partial<SessionDoc> {
  const moved = (seq: number) => seq >= first ? seq + by : seq;
  const { lastSeq, askedSeq, answeredSeq, voices, unreplied, outbox = [] } = session;
  return {
    lastSeq: moved(lastSeq),
    askedSeq: moved(askedSeq),
    answeredSeq: moved(answeredSeq),
    voices: voices.map((voice) => ({ ...voice, seq: moved(voice.seq) })),
    unreplied: unreplied.map(moved),
    outbox: outbox.map((entry) =>
      "message" in entry ? { message: { ...entry.message, seq: moved(entry.message.seq) } } : entry
    ),
  };
}
