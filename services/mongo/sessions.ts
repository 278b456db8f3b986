import {
  type EventDraft,
  type Session,
  type SessionEvent,
  type Side,
  START_REASONS,
} from "../domain.ts";
import { setTimeout as pause } from "node:timers/promises";
import { Fault } from "../errors.ts";
import type { Destination, MoveEvent, Sessions, SessionStart } from "../store.ts";
import { type Feed, stamped, stampsOf } from "./changes.ts";
import type { Hooks, SessionCommit } from "./commit.ts";
import type { Database } from "./database.ts";
import { isDuplicate, unavailable } from "./faults.ts";
import { MongoLists } from "./lists.ts";
import type { Draft } from "./log.ts";
import type { Places, Receiver } from "./places.ts";
import { Queue } from "./queue.ts";
import { keyOf, plain, type SessionDoc, toEvent, toSession } from "./rows.ts";

/**
 * How long a start waits for another instance's start for the same customer, before it completes that itself, and for
 * it to be seen at all. In milliseconds.
 */
const STARTING = { every: 50, times: 20 };

export interface SessionsParts {
  readonly db: Database;
  readonly feed: Feed;
  readonly commit: SessionCommit;
  readonly places: Places;
  readonly hooks: Hooks;
}

type Decision =
  | { readonly stop: Session | "changed" | "nobody" }
  | {
    readonly to: Destination;
    readonly events: (to: Receiver | undefined) => readonly MoveEvent[];
    /** With nobody free it goes to the assistant. */
    readonly isStart?: true;
  };

interface Handed {
  readonly outcome: Session | "changed" | "nobody";
  /** The session as it was, where it changed hands. */
  readonly left?: SessionDoc;
  /** The agent whose place it has now. */
  readonly comesTo?: Receiver | undefined;
}

export class MongoSessions extends MongoLists implements Sessions {
  readonly #parts: SessionsParts;
  readonly #starts = new Queue();

  constructor(parts: SessionsParts) {
    super(parts.db);
    this.#parts = parts;
  }

  /** The session is there first, so that a customer has one; who gets it is decided next, by whoever comes first. */
  start(start: SessionStart, now: Date): Promise<{ session: Session; created: boolean }> {
    return this.#starts.run(start.customer.id, async () => {
      for (let tries = 0; tries < STARTING.times; tries++) {
        const open = await this.#openOf(start.customer.id);
        if (open?.starting) await this.#awaitStart(open);
        else if (open) return { session: toSession(open), created: false };
        if (!open && !await this.#begin(start, now)) {
          await pause(STARTING.every); // until the other one can be seen
          continue;
        }
        const session = await this.complete(open?._id.toHexString() ?? start.id, now);
        return { session, created: !open || session.id === start.id };
      }
      throw unavailable(new Error("A session can neither be found nor begun"));
    });
  }

  /** Decides who gets a session that was begun. */
  async complete(id: string, now: Date): Promise<Session> {
    const decided = await this.#hand(id, now, (session) => {
      if (!session) throw new Fault("not_found", "There is no such conversation");
      if (!session.starting) return { stop: toSession(session) };
      return { to: "free", events: (agent) => agent ? [CHOSEN] : [], isStart: true };
    });
    if (typeof decided === "string") throw new Error(`A start answered ${decided}`);
    return decided;
  }

  async find(id: string): Promise<Session | undefined> {
    const { db, commit } = this.#parts;
    const found = await db.run(({ sessions }) => sessions.findOne({ _id: keyOf(id) }));
    return found ? toSession(await commit.whole(found)) : undefined;
  }

  async openOf(userId: string): Promise<Session | undefined> {
    const open = await this.#openOf(userId);
    return open && toSession(await this.#parts.commit.whole(open));
  }

  move(
    { id, epoch }: Session,
    to: Destination,
    events: readonly MoveEvent[],
    now: Date,
  ): Promise<Session | "changed" | "nobody"> {
    return this.#hand(id, now, (session) => {
      if (session?.epoch !== epoch) return { stop: "changed" };
      if (session.status === "closed") throw new Fault("closed", "This chat has ended");
      return { to, events: () => events };
    });
  }

  rate(id: string, rating: number, comment: string | undefined, now: Date): Promise<Session> {
    return this.#parts.commit.change(id, (draft) => {
      if (!draft) throw new Fault("not_found", "There is no such conversation");
      if (draft.after.status === "open") {
        throw new Fault("still_open", "A chat can be rated once it has ended");
      }
      draft.set({ rating, ratingComment: comment });
      draft.note({ kind: "rated", rating, ...comment !== undefined && { comment } }, now);
      draft.tell("session");
      return { written: toSession };
    }, { fresh: true });
  }

  async seen(id: string, side: Side, seq: number, now: Date): Promise<void> {
    const _id = keyOf(id);
    const path = `seen.${side}.seq`;
    const upTo = async (seq: number) =>
      seq > 0 && await this.#touch(
        { _id, lastSeq: { $gte: seq }, [path]: { $not: { $gte: seq } } },
        { [`seen.${side}`]: { seq, at: now } },
      );
    if (await upTo(seq)) return;
    const found = await this.#parts.db.run(({ sessions }) =>
      sessions.findOne({ _id }, { projection: { lastSeq: 1 } })
    );
    if (found && found.lastSeq < seq) await upTo(found.lastSeq);
  }

  async typing(id: string, side: Side, until: Date): Promise<void> {
    await this.#touch({ _id: keyOf(id), status: "open" }, { [`typing.${side}`]: until });
  }

  async events(id: string): Promise<readonly SessionEvent[]> {
    const found = await this.#parts.db.run(({ events }) =>
      events.find({ sessionId: keyOf(id) }).sort({ n: 1 }).toArray()
    );
    return found.map(toEvent);
  }

  async #openOf(userId: string): Promise<SessionDoc | undefined> {
    const openKey = plain(userId);
    return await this.#parts.db.run(({ sessions }) => sessions.findOne({ openKey })) ?? undefined;
  }

  /** False where another start was faster. */
  async #begin({ id, customer, silentUntil }: SessionStart, now: Date): Promise<boolean> {
    const session: SessionDoc = {
      _id: keyOf(id),
      userId: plain(customer.id),
      userName: plain(customer.name),
      mode: "ai",
      status: "open",
      state: "ai",
      openKey: customer.id,
      createdAt: now,
      lastActivity: now,
      ...silentUntil && { silentUntil },
      epoch: 1,
      rev: 1,
      by: [],
      lastSeq: 0,
      lastEvent: 0,
      voices: [],
      unreplied: [],
      askedSeq: 0,
      answeredSeq: 0,
      misses: 0,
      failures: 0,
      starting: true,
      unsettled: now,
    };
    const begun = await this.#parts.db.run(({ sessions }) =>
      sessions.insertOne(session).then(() => true, (error) => {
        if (!isDuplicate(error)) throw error;
        return false;
      })
    );
    if (begun) this.#parts.hooks.reach?.("begun");
    return begun;
  }

  async #awaitStart({ _id }: SessionDoc): Promise<void> {
    for (let tries = 0; tries < STARTING.times; tries++) {
      await pause(STARTING.every);
      const session = await this.#parts.db.run(({ sessions }) =>
        sessions.findOne({ _id }, { projection: { starting: 1 } })
      );
      if (!session?.starting) return;
    }
  }

  /** Gives a session to whom `decide` says, with a place taken before and the former one given back after. */
  async #hand(
    id: string,
    now: Date,
    decide: (session: SessionDoc | undefined) => Decision,
  ): Promise<Session | "changed" | "nobody"> {
    const { commit, places } = this.#parts;
    let grip: { epoch: number; agent: Receiver | undefined } | undefined;
    const handed = await commit.change<Handed>(id, async (draft) => {
      const session = draft?.before;
      const decision = decide(session);
      if ("stop" in decision || !session) {
        return { result: { outcome: "stop" in decision ? decision.stop : "changed" } };
      }
      const { to } = decision;
      const { epoch } = session;
      // a message only makes it look again; a place of an earlier epoch is given back below
      if (grip?.epoch !== epoch) grip = { epoch, agent: await this.#take(to, id, epoch, now) };
      const isAhead = to === "free" && !session.waitingSince && grip.agent && await this.#hasLine();
      if (isAhead && !decision.isStart) {
        draft.set({ epoch: epoch + 1 }); // or another might yet come by that place, which is let go below
        return { written: () => ({ outcome: "changed" }) };
      }
      const agent = isAhead ? undefined : grip.agent;
      if (to === "free" && !agent && !decision.isStart) {
        return { result: { outcome: "nobody" } };
      }
      handing(draft, agent || to === "free" ? undefined : to, agent, now);
      for (const event of decision.events(agent)) draft.note(completed(event, agent), now);
      const written = (
        after: SessionDoc,
      ) => ({ outcome: toSession(after), left: session, comesTo: agent });
      return { written };
    }, { fresh: true });
    if (handed.left) {
      const { assignedAgent, placeEpoch, mode } = handed.left;
      if (mode === "human" && assignedAgent !== undefined && placeEpoch !== undefined) {
        await places.release(assignedAgent, { session: id, epoch: placeEpoch }, now);
      }
    }
    if (grip?.agent && !handed.comesTo) {
      await places.letGo(grip.agent.id, { session: id, epoch: grip.epoch }, now);
    }
    return handed.outcome;
  }

  async #hasLine(): Promise<boolean> {
    return await this.nextWaiting() !== undefined;
  }

  async #take(
    to: Destination,
    id: string,
    epoch: number,
    now: Date,
  ): Promise<Receiver | undefined> {
    const { places } = this.#parts;
    if (to === "free") return await places.takeFree(id, epoch, now);
    if (typeof to === "string") return undefined;
    const agent = await places.takeAt(to.agentId, id, epoch, now);
    if (!agent) throw new Fault("not_found", "There is no such agent");
    return agent;
  }

  /** Changes and announces what doesn't touch the log, if the session is as `which` says. */
  async #touch(
    which: Readonly<Record<string, unknown>>,
    fields: Readonly<Record<string, unknown>>,
  ): Promise<boolean> {
    const { db, feed } = this.#parts;
    const by = feed.token();
    const { matchedCount } = await db.run(({ sessions }) =>
      sessions.updateOne(which, stamped(stampsOf(by, ["session"]), fields))
    );
    if (matchedCount > 0) {
      feed.tell(by, [{ kind: "session", sessionId: String(which._id) }]);
    }
    return matchedCount > 0;
  }
}

const CHOSEN = { kind: "assigned", reason: START_REASONS.chosen } as const;

/** Lets the session change hands. */
function handing(
  draft: Draft,
  to: Destination | undefined,
  agent: Receiver | undefined,
  now: Date,
): void {
  const { _id, epoch, waitingSince, starting } = draft.before;
  const nobody = { mode: "ai", assignedAgent: undefined, agentName: undefined } as const;
  draft.set({ epoch: epoch + 1, misses: 0, failures: 0, starting: undefined });
  draft.set({ placeEpoch: undefined, waitingSince: undefined });
  draft.quiet.add("agent");
  draft.tell("session");
  if (agent || to === "closed") draft.set({ answer: undefined });
  if (agent) {
    const { id: assignedAgent, name: agentName } = agent;
    draft.set({ mode: "human", assignedAgent, agentName, placeEpoch: epoch });
    draft.tell("agent"); // that the place was taken was told before the session had come
  } else if (to === "closed") {
    const openKey = _id.toHexString();
    draft.set({ status: "closed", closedAt: now, openKey, silentUntil: undefined });
    draft.quiet.add("user");
  } else if (to === "waiting") draft.set({ ...nobody, waitingSince: waitingSince ?? now });
  else draft.set(nobody);
  if (Boolean(waitingSince) !== (to === "waiting")) draft.tell("queue");
  if (starting) {
    const reason = agent ? START_REASONS.free : START_REASONS.nobody;
    draft.note({ kind: "started", reason }, now);
  }
}

/** The event with the agent whom the store picked. */
function completed(event: MoveEvent, agent: Receiver | undefined): EventDraft {
  if (event.kind !== "assigned" || "agentId" in event) return event;
  if (!agent) throw new Error("An event `assigned` in a move to nobody");
  return { ...event, agentId: agent.id, agentName: agent.name };
}
