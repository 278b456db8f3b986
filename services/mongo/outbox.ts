/**
 * What a session's document holds for `messages` and `events`: written with the session's change, then copied there, by
 * whoever comes first should the writer die.
 */
import type { Collection, Filter, ObjectId } from "mongodb";
import { setTimeout as pause } from "node:timers/promises";
import { Batch } from "./batch.ts";
import { stamped, type Stamps, stampsOf } from "./changes.ts";
import type { CommitParts } from "./commit.ts";
import { isDuplicate, unavailable } from "./faults.ts";
import type { Entry, EventDoc, MessageDoc, SessionDoc } from "./rows.ts";
import { wordsIn } from "./search.ts";

/** How long it waits for a next change to clear it, in milliseconds. */
const CLEAR_AFTER = 200;
/** How long a writer has, in milliseconds: at once after each of these it is looked again. */
const PATIENCE = [5, 10, 20, 40, 80];

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

  /** The session once all that belongs to it can be read: its writer has a moment to copy it, then it is done here. */
  async whole(session: SessionDoc): Promise<SessionDoc> {
    const { _id, outbox, outboxId } = session;
    const id = _id.toHexString();
    if (!outbox || this.#clearing.get(id)?.outboxId === outboxId) return session;
    for (const patience of PATIENCE) {
      if (await this.#isCopied(outbox)) return session;
      await pause(patience);
    }
    const written = await this.writeOut(session);
    // it may be this process's own, which could not be told of before
    const { feed } = this.#parts;
    feed.tell(feed.token(), [{ kind: "message", sessionId: id }]);
    this.clearLater(written);
    return written;
  }

  /** Copies it to where its entries belong; returns the session, changed where a row by hand stood in the way. */
  async writeOut(session: SessionDoc): Promise<SessionDoc> {
    const { events, messages } = parted(session.outbox);
    const [blocked] = await Promise.all([this.#addMessages(messages), this.#addEvents(events)]);
    this.#parts.hooks.reach?.("logged");
    if (blocked === undefined) return session;
    return await this.writeOut(await this.#makeRoom(session, blocked));
  }

  /** Empties the outbox soon, if no further change of the session does; that of a start is left to its completion. */
  clearLater(session: SessionDoc): void {
    const { _id, outbox, outboxId, starting } = session;
    const id = _id.toHexString();
    clearTimeout(this.#clearing.get(id)?.timer);
    this.#clearing.delete(id);
    if (!outbox || outboxId === undefined || starting) return;
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

  async #isCopied(outbox: readonly Entry[]): Promise<boolean> {
    const { events, messages } = parted(outbox);
    const [toldOf, said] = await this.#parts.db.run((collections) =>
      Promise.all([
        idsIn(collections.events, events),
        idsIn(collections.messages, messages),
      ])
    );
    return toldOf === events.length && said === messages.length;
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
    const stamps = stampsOf(feed.token(), ["message"]);
    const updates = clears.map((filter) => ({ updateOne: { filter, update: emptied(stamps) } }));
    await db.run(({ sessions }) => sessions.bulkWrite(updates, { ordered: false }));
    return clears.map(() => {});
  }
}

function parted(outbox: readonly Entry[] = []) {
  const events = outbox.flatMap((entry) => "event" in entry ? [entry.event] : []);
  const messages = outbox.flatMap((entry) => "message" in entry ? [entry.message] : []);
  return { events, messages };
}

/** How many of them are there. */
async function idsIn<T extends { readonly _id: ObjectId }>(
  collection: Collection<T>,
  entries: readonly T[],
): Promise<number> {
  if (entries.length === 0) return 0;
  const which = { _id: { $in: entries.map(({ _id }) => _id) } } as Filter<T>;
  return (await collection.find(which, { projection: { _id: 1 } }).toArray()).length;
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
