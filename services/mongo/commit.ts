/**
 * A session changes in one step, whatever belongs to it: the change and what it adds to the log are written with the session's own
 * document, if that still is as it was read. From there they are copied to `messages` and `events`, by whoever comes
 * first should the writer die: in order, and before anything newer gets a `seq`.
 */
import type { UpdateFilter } from "mongodb";
import { setTimeout as pause } from "node:timers/promises";
import type { Change } from "../domain.ts";
import { type Feed, stamped, stampsOf } from "./changes.ts";
import type { Database } from "./database.ts";
import { unavailable } from "./faults.ts";
import { Draft, type Fields } from "./log.ts";
import { Memory } from "./memory.ts";
import { type Entry, given, keyOf, type MessageDoc, type SessionDoc, toMessage } from "./rows.ts";
import { Outbox } from "./outbox.ts";
import { Said } from "./said.ts";
import { LAST_WRITES, SessionWrites } from "./writes.ts";

const MAX_PAUSE = 50;
/** So often somebody else may be faster, with a pause each time: then a change is given up, rather than tried for ever. */
const MAX_TRIES = 200;
/** Writes to one session that are made as one. */
const TOGETHER = 100;

/** What a decision comes to: nothing to write, or what to make of the session once its draft is written. */
export type Step<T> =
  | { readonly result: T }
  | { readonly written: (after: SessionDoc) => T | Promise<T> };

/** Reads a draft and adds to it; one that throws or has a result must have added nothing. */
export type Decide<T> = (
  draft: Draft | undefined,
  /** Messages that were stored before, by `clientId`. */
  said: ReadonlyMap<string, MessageDoc>,
) => Promise<Step<T>> | Step<T>;

export interface Manner {
  /** Alone, and on the session as it is, not as it is remembered. */
  readonly fresh?: boolean;
  /** What is looked up for `Decide`. */
  readonly clientId?: string | undefined;
}

/** For tests: called at each point where a process may die, and where one that throws has died. */
export interface Hooks {
  readonly reach?: ((point: CrashPoint) => void) | undefined;
}
export type CrashPoint = "begun" | "taken" | "changed" | "logged" | "released";

export interface CommitParts {
  readonly db: Database;
  readonly feed: Feed;
  readonly hooks: Hooks;
}

interface Job extends Manner {
  readonly decide: Decide<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}
type Outcome = { readonly step: Step<unknown> } | { readonly thrown: unknown };

export class SessionCommit implements AsyncDisposable {
  readonly #parts: CommitParts;
  readonly #jobs = new Map<string, Job[]>();
  readonly #working = new Set<Promise<void>>();
  readonly #memory = new Memory();
  readonly #outbox: Outbox;
  readonly #said: Said;
  readonly #writes: SessionWrites;

  constructor(parts: CommitParts) {
    this.#parts = parts;
    this.#outbox = new Outbox(parts, (id) => this.#jobs.has(id));
    this.#said = new Said(parts.db);
    this.#writes = new SessionWrites(parts.db);
  }

  /**
   * Decides on the session as it is, again and again until nobody was faster. All that wait for one session are written
   * together; so only instances race, never a process with itself.
   */
  change<T>(id: string, decide: Decide<T>, manner: Manner = {}): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const job: Job = { ...manner, decide, resolve: (value) => resolve(value as T), reject };
    const waiting = this.#jobs.get(id);
    if (waiting) waiting.push(job);
    else {
      this.#jobs.set(id, [job]);
      const working = this.#work(id).finally(() => this.#working.delete(working));
      this.#working.add(working);
    }
    return promise;
  }

  /** The session as it was read, once all its messages and events can be read too. */
  whole(session: SessionDoc): Promise<SessionDoc> {
    return this.#outbox.whole(session);
  }

  /** Writes out what dead processes left in sessions' outboxes since before `since`, and empties these. */
  async settle(since: Date, limit: number): Promise<readonly SessionDoc[]> {
    const left = await this.#parts.db.run(({ sessions }) =>
      sessions.find({ unsettled: { $lte: since } }, { projection: { _id: 1, starting: 1 } })
        .limit(limit).toArray()
    );
    const { feed } = this.#parts;
    for (const { _id } of left) {
      const sessionId = _id.toHexString();
      await this.change(sessionId, emptying, { fresh: true });
      feed.tell(feed.token(), [{ kind: "message", sessionId }]); // where others are polled, nobody has told it here
    }
    return left.filter(({ starting }) => starting);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working);
    await this.#outbox[Symbol.asyncDispose]();
  }

  async #work(id: string): Promise<void> {
    const waiting = this.#jobs.get(id) ?? [];
    for (let jobs; (jobs = nextOf(waiting)).length > 0;) {
      await this.#together(id, jobs).catch((error) => {
        for (const job of jobs) job.reject(error);
      });
    }
    this.#jobs.delete(id); // in the same turn as the last look, so that no job is lost
  }

  async #together(id: string, jobs: readonly Job[]): Promise<void> {
    if (jobs.some(({ fresh }) => fresh)) this.#memory.take(id);
    const clientIds = jobs.flatMap(({ clientId }) => clientId ?? []);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const known = this.#memory.take(id);
      const before = known?.session ?? await this.#settled(id);
      const draft = before && new Draft(before);
      const said = before && await this.#said.look(before, clientIds, known?.ids);
      const outcomes: Outcome[] = [];
      for (const { decide } of jobs) {
        outcomes.push(await outcomeOf(() => decide(draft, said?.firsts ?? new Map())));
      }
      // what was decided on a memory has to be decided again, unless its write proves that it was right
      if (known && !outcomes.every(isWrite)) continue;
      const isChange = draft && outcomes.some(isWrite);
      const after = isChange ? await this.#write(draft) : before;
      if (isChange && after) this.#remember(after, draft, said?.ids);
      if (after || !draft) return await settleJobs(jobs, outcomes, after);
      if (tries > 1) await pause(Math.random() * MAX_PAUSE);
    }
    throw unavailable(new Error("Somebody else was faster each time"));
  }

  /** The session as it is, with nothing left in its outbox that isn't written. */
  async #settled(id: string): Promise<SessionDoc | undefined> {
    const session = await this.#parts.db.run(({ sessions }) =>
      sessions.findOne({ _id: keyOf(id) })
    );
    return session ? await this.whole(session) : undefined;
  }

  /** The session after the change, unless somebody was faster. */
  async #write(draft: Draft): Promise<SessionDoc | undefined> {
    const { feed, hooks } = this.#parts;
    const by = feed.token();
    const { _id, rev } = draft.before;
    try {
      const update = updateOf(draft, by);
      if (!await this.#writes.write({ _id, rev, update, by })) return undefined;
      hooks.reach?.("changed");
      const written = await this.#outbox.writeOut(afterOf(draft, by));
      feed.tell(by, changesOf(draft, written.outbox));
      this.#outbox.clearLater(written);
      return written;
    } catch (error) {
      feed.tell(by, changesOf(draft), { isLost: true });
      throw error;
    }
  }

  #remember(session: SessionDoc, { entries }: Draft, ids: Set<string> | undefined): void {
    for (const entry of entries) {
      if ("message" in entry && entry.message.clientId) ids?.add(entry.message.clientId);
    }
    this.#memory.keep({ session, ids });
  }
}

/** Any change takes away an outbox that is written out. */
const emptying: Decide<void> = (draft) =>
  draft?.before.outbox ? { written: () => {} } : { result: undefined };

/** One that wants to be alone, or all up to the next such one. */
function nextOf(waiting: Job[]): Job[] {
  const end = waiting.findIndex(({ fresh }) => fresh);
  return waiting.splice(0, end === 0 ? 1 : end > 0 ? Math.min(end, TOGETHER) : TOGETHER);
}

async function outcomeOf(work: () => Promise<Step<unknown>> | Step<unknown>): Promise<Outcome> {
  try {
    return { step: await work() };
  } catch (thrown) {
    return { thrown };
  }
}

const isWrite = (outcome: Outcome): boolean => "step" in outcome && "written" in outcome.step;

async function settleJobs(
  jobs: readonly Job[],
  outcomes: readonly Outcome[],
  after: SessionDoc | undefined,
): Promise<void> {
  for (const [index, { resolve, reject }] of jobs.entries()) {
    const outcome = outcomes[index];
    if (!outcome || "thrown" in outcome) reject(outcome?.thrown);
    else if ("result" in outcome.step) resolve(outcome.step.result);
    else if (after) await Promise.try(outcome.step.written, after).then(resolve, reject);
  }
}

/** What readers are told: once it is written with its messages, which nobody needs to read again then. */
function changesOf(draft: Draft, written: readonly Entry[] = []): Change[] {
  const { entries, tells, before, after: { assignedAgent: agentId = "" } } = draft;
  const sessionId = before._id.toHexString();
  const messages = written.flatMap((entry) => "message" in entry ? [toMessage(entry.message)] : []);
  const isSilent = messages.length > 0 || !entries.some((entry) => "message" in entry);
  return [
    ...messages.map((message) => ({ kind: "message", sessionId, message }) as const),
    ...isSilent ? [] : [{ kind: "message", sessionId } as const],
    ...[...tells].map((kind): Change => {
      if (kind === "queue") return { kind };
      return kind === "agent" ? { kind, agentId } : { kind, sessionId };
    }),
  ];
}

/** The fields that are written beside the draft's own. */
function logOf({ entries, after }: Draft, by: string): Fields {
  if (entries.length === 0) {
    const { starting, unsettled } = after;
    return { outbox: undefined, outboxId: undefined, unsettled: starting && unsettled };
  }
  const outbox = entries.map((entry) =>
    "message" in entry ? { message: { ...entry.message, via: by } } : entry
  );
  return { outbox, outboxId: by, unsettled: after.lastActivity };
}

function updateOf(draft: Draft, by: string): UpdateFilter<SessionDoc> {
  const { before, tells } = draft;
  const fields = Object.entries({ ...draft.fields, ...logOf(draft, by) })
    .filter(([name, value]) => value !== before[name as keyof SessionDoc]);
  // an outbox that this one takes the place of was written: whoever polls is told so now
  const stamps = stampsOf(by, [...tells, ...before.outbox ? ["message" as const] : []]);
  const gone = fields.filter(([, value]) => value === undefined).map(([name]) => name);
  const quiet = [...draft.quiet].map((side) => `typing.${side}`);
  const without = [...gone, ...quiet].map((name) => [name, 1] as const);
  return {
    $inc: { rev: 1 },
    $push: { by: { $each: [by], $slice: -LAST_WRITES } },
    ...without.length > 0 && { $unset: Object.fromEntries(without) },
    ...stamped(stamps, Object.fromEntries(fields.filter(([, value]) => value !== undefined))),
  };
}

/** The session as that update leaves it. */
function afterOf(draft: Draft, by: string): SessionDoc {
  const { before, quiet } = draft;
  const typing = { ...before.typing };
  for (const side of quiet) delete typing[side];
  return given({
    ...before,
    ...draft.fields,
    ...logOf(draft, by),
    typing,
    rev: before.rev + 1,
    by: [...before.by, by].slice(-LAST_WRITES),
  }) as SessionDoc;
}
