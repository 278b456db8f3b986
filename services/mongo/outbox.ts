/**
 * What a session's document holds for `messages` and `events`: written with the session's change, then copied there, by
 * whoever comes first should the writer die.
 */
import type { Collection, Filter } from "mongodb";
import { Batch } from "./batch.ts";
import { stamped, type Stamps } from "./changes.ts";
import type { CommitParts } from "./commit.ts";
import { isDuplicate, unavailable } from "./faults.ts";
import type { EventDoc, MessageDoc, SessionDoc } from "./rows.ts";
import { wordsIn } from "./search.ts";

/** How long it waits for a next change to clear it, in milliseconds. */
const CLEAR_AFTER = 200;

interface Clearing {
  readonly outboxId: string;
  readonly timer: ReturnType<typeof setTimeout>;
  readonly run: () => void;
}

export class Outbox implements AsyncDisposable {
  readonly #parts: CommitParts;
  /** Those that this process has copied, and will clear. */
  readonly #clearing = new Map<string, Clearing>();
  readonly #running = new Set<Promise<void>>();
  readonly #isBusy: (sessionId: string) => boolean;
  readonly #messages = new Batch<readonly MessageDoc[], boolean>((groups) => this.#insert(groups));
  readonly #events = new Batch<readonly EventDoc[], void>((groups) => this.#insertEvents(groups));
  readonly #clears = new Batch<Clear, void>((clears) => this.#clear(clears));

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

  /** Whether this process knows that it is copied. */
  isCopied({ _id, outboxId }: SessionDoc): boolean {
    return this.#clearing.get(_id.toHexString())?.outboxId === outboxId;
  }

  /** Copies it to where its entries belong; returns the session, changed where a row by hand stood in the way. */
  async writeOut(session: SessionDoc): Promise<SessionDoc> {
    const { outbox = [] } = session;
    const events = outbox.flatMap((entry) => "event" in entry ? [entry.event] : []);
    const messages = outbox.flatMap((entry) => "message" in entry ? [entry.message] : []);
    const [blocked] = await Promise.all([this.#addMessages(messages), this.#addEvents(events)]);
    this.#parts.hooks.reach?.("logged");
    if (blocked === undefined) return session;
    return await this.writeOut(await this.#makeRoom(session, blocked));
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
      const clearing = this.#clears.add({ _id, outboxId })
        .catch(() => {}) // the sweep does it
        .finally(() => this.#running.delete(clearing));
      this.#running.add(clearing);
    };
    const due = () => this.#isBusy(id) ? this.clearLater(session) : run();
    this.#clearing.set(id, { outboxId, timer: setTimeout(due, CLEAR_AFTER), run });
  }

  async #addEvents(entries: readonly EventDoc[]): Promise<void> {
    if (entries.length > 0) await this.#events.add(entries);
  }

  async #insertEvents(groups: readonly (readonly EventDoc[])[]): Promise<readonly void[]> {
    await this.#parts.db.run(({ events }) =>
      events.insertMany(groups.flat(), { ordered: false }).catch(unlessDuplicate)
    );
    return groups.map(() => {});
  }

  /** In their order; returns the `seq` that another message has. */
  async #addMessages(entries: readonly MessageDoc[]): Promise<number | undefined> {
    if (entries.length === 0) return undefined;
    const docs = entries.map((message) =>
      message.sender === "system" ? message : { ...message, words: wordsIn(message.text) }
    );
    if (await this.#messages.add(docs)) return undefined;
    return await this.#parts.db.run(async ({ messages }) => {
      for (const message of docs) if (!await addOne(messages, message)) return message.seq;
      return undefined;
    });
  }

  /** All of them, or nobody knows which: one that was there stops those that follow. */
  async #insert(groups: readonly (readonly MessageDoc[])[]): Promise<readonly boolean[]> {
    const isAll = await this.#parts.db.run(({ messages }) =>
      messages.insertMany(groups.flat()).then(() => true, unlessDuplicate)
    );
    return groups.map(() => isAll);
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

  async #clear(clears: readonly Clear[]): Promise<readonly void[]> {
    const { db, feed } = this.#parts;
    const stamps = feed.stamp(feed.token(), ["message"]);
    const updates = clears.map((filter) => ({ updateOne: { filter, update: emptied(stamps) } }));
    await db.run(({ sessions }) => sessions.bulkWrite(updates, { ordered: false }));
    return clears.map(() => {});
  }
}

type Clear = Readonly<Required<Pick<SessionDoc, "_id" | "outboxId">>>;

const emptied = (stamps: Stamps) => ({
  $unset: { outbox: 1, outboxId: 1, unsettled: 1 } as const,
  ...stamped(stamps),
});

const unlessDuplicate = (error: unknown): false => {
  if (!isDuplicate(error)) throw error;
  return false;
};

/** False where another message has its `seq`; that it is there already is as good. */
async function addOne(messages: Collection<MessageDoc>, message: MessageDoc): Promise<boolean> {
  const { _id, sessionId, seq, clientId: _, ...rest } = message;
  const isThere = (which: Filter<MessageDoc>) =>
    messages.findOne(which, { projection: { _id: 1 } });
  if (await messages.insertOne(message).then(() => true, unlessDuplicate)) return true;
  if (await isThere({ _id })) return true;
  if (await isThere({ sessionId, seq })) return false;
  // a row by hand has its clientId; or else one of these is there, but not yet safe
  const isAdded = await messages.insertOne({ _id, sessionId, seq, ...rest })
    .then(() => true, unlessDuplicate);
  if (!isAdded) throw unavailable(new Error(`Message ${_id} is not safe yet`));
  return true;
}

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
