/**
 * Agents' places. An agent's document lists the sessions carried, so a place is taken in one step; it is taken before
 * the session goes there and given back after the session left, so that no place is ever given twice. What a process that
 * died in between has left is given back by `mend`.
 */
import type { Document, Filter } from "mongodb";
import { setTimeout as pause } from "node:timers/promises";
import type { Feed } from "./changes.ts";
import type { Hooks } from "./commit.ts";
import type { Database } from "./database.ts";
import { Queue } from "./queue.ts";
import { type AgentDoc, keyOf, type Place, type SessionDoc } from "./rows.ts";

/** A place that no session has is given back when it is this old: whoever took it has died. In milliseconds. */
const ABANDONED = 10_000;
/** How often a free agent is picked whom somebody else takes; who gets none then is served by the sweep. */
const PICKS = { times: 30, pause: 20 };

export interface Receiver {
  readonly id: string;
  readonly name: string;
}

export interface PlacesParts {
  readonly db: Database;
  readonly feed: Feed;
  readonly hooks: Hooks;
}

export class Places {
  readonly #parts: PlacesParts;
  readonly #queue = new Queue();

  constructor(parts: PlacesParts) {
    this.#parts = parts;
  }

  /** Of those with a free place, the agent who carries the fewest, then the one idle longest. */
  takeFree(session: string, epoch: number, now: Date): Promise<Receiver | undefined> {
    const free = { status: "available", presentUntil: { $gte: now } } as const;
    return this.#queue.run("free", async () => {
      // a server may say "none" when another took the one that it had picked; so while there is one it is asked again
      for (let tries = 0; tries < PICKS.times; tries++) {
        const some = await this.#parts.db.run(({ agents }) =>
          agents.findOne(free, { projection: { _id: 1 } })
        );
        if (!some) return undefined;
        const agent = await this.#take(free, { session, epoch, at: now }, now);
        if (agent) return agent;
        await pause(Math.random() * PICKS.pause); // what was taken may be seen as free for a moment
      }
      return undefined;
    });
  }

  /** At that agent, capacity or not. */
  takeAt(agentId: string, session: string, epoch: number, now: Date) {
    return this.#take({ _id: keyOf(agentId) }, { session, epoch, at: now }, now);
  }

  async release(agentId: string, { session, epoch }: Omit<Place, "at">, now: Date): Promise<void> {
    this.#parts.hooks.reach?.("released");
    await this.recount(agentId, now, [{ $set: { carried: without(session, epoch) } }]);
  }

  /** Gives a place back that was taken for a move that another was faster than, unless the other took the same one. */
  async letGo(agentId: string, place: Omit<Place, "at">, now: Date): Promise<void> {
    const holder = await this.#parts.db.run(({ sessions }) =>
      sessions.findOne({ _id: keyOf(place.session) }, { projection: HOLDING })
    );
    if (holder && holder.epoch > place.epoch && !holds(holder, agentId, place)) {
      await this.release(agentId, place, now);
    }
  }

  /** Does `steps` on an agent, and what follows from them: load, status, idle time, and whether it is announced. */
  async recount(
    agentId: string,
    now: Date,
    steps: readonly Document[],
  ): Promise<AgentDoc | undefined> {
    return await this.#update({ _id: keyOf(agentId) }, steps, now);
  }

  /** Gives back the places of which no session knows. */
  async mend(now: Date): Promise<void> {
    const carrying = await this.#parts.db.run(({ agents }) =>
      agents.find({ carrying: { $gt: 0 }, presentUntil: { $gte: new Date(0) } }, {
        projection: { carried: 1 },
      }).toArray()
    );
    const taken = carrying.flatMap(({ _id, carried }) =>
      carried.map((place) => ({ agentId: _id.toHexString(), place }))
    );
    if (taken.length === 0) return;
    const ids = [...new Set(taken.map(({ place }) => place.session))].map(keyOf);
    const holders = await this.#parts.db.run(({ sessions }) =>
      sessions.find({ _id: { $in: ids } }, { projection: HOLDING }).toArray()
    );
    const byId = new Map(holders.map((holder) => [holder._id.toHexString(), holder]));
    for (const { agentId, place } of taken) {
      const holder = byId.get(place.session);
      if (holds(holder, agentId, place)) continue;
      if (await this.#isAbandoned(holder, place, now)) await this.release(agentId, place, now);
    }
  }

  /**
   * A session that is still as it was when the place was taken may yet come to it; so that it can't, it is made another
   * than it was before the place is given to someone else.
   */
  async #isAbandoned(
    holder: Holder | undefined,
    { epoch, at }: Place,
    now: Date,
  ): Promise<boolean> {
    if (!holder || holder.epoch > epoch) return true;
    if (now.getTime() - at.getTime() < ABANDONED) return false;
    const raised = await this.#parts.db.run(({ sessions }) =>
      sessions.updateOne({ _id: holder._id, epoch }, { $inc: { epoch: 1, rev: 1 } })
    );
    return raised.modifiedCount > 0;
  }

  async #take(whom: Filter<AgentDoc>, place: Place, now: Date): Promise<Receiver | undefined> {
    const { session, epoch } = place;
    const taking = [{
      $set: { carried: { $concatArrays: [without(session, epoch), [place]] } },
    }];
    const agent = await this.#update(whom, taking, now, place);
    if (!agent) return undefined;
    this.#parts.hooks.reach?.("taken");
    return { id: agent._id.toHexString(), name: agent.name };
  }

  async #update(
    whom: Filter<AgentDoc>,
    steps: readonly Document[],
    now: Date,
    place?: Place,
  ): Promise<AgentDoc | undefined> {
    const { db, feed } = this.#parts;
    const by = feed.token();
    const update = [...BEFORE, ...steps, ...following(now, by)];
    const options = {
      sort: { carrying: 1, idleSince: 1, _id: 1 },
      returnDocument: "after",
    } as const;
    let id: string | undefined;
    try {
      const agent = await db.run(async ({ agents }, { again }) => {
        const who = whom._id === undefined ? {} : { _id: whom._id };
        const stands = again && place
          ? await agents.find({ ...who, "carried.session": place.session }).toArray()
          : [];
        return stands.find(({ carried }) => carried.some((each) => isSame(each, place))) ??
          await agents.findOneAndUpdate(whom, update, options);
      });
      id = agent?._id.toHexString();
      if (agent?.told.by === by) {
        feed.tell(by, [{ kind: "agent", agentId: agent._id.toHexString() }]);
      }
      return agent ?? undefined;
    } catch (error) {
      feed.tell(by, id === undefined ? [] : [{ kind: "agent", agentId: id }], { isLost: true });
      throw error;
    }
  }
}

type Holder = Pick<
  SessionDoc,
  "_id" | "status" | "mode" | "epoch" | "assignedAgent" | "placeEpoch"
>;
const HOLDING = { status: 1, mode: 1, epoch: 1, assignedAgent: 1, placeEpoch: 1 } as const;

/** Whether the session is in that place of that agent. */
const holds = (
  holder: Holder | undefined,
  agentId: string,
  { epoch }: Omit<Place, "at">,
): boolean =>
  holder?.status === "open" && holder.mode === "human" && holder.assignedAgent === agentId &&
  holder.placeEpoch === epoch;

const isSame = (one: Place, other: Place | undefined): boolean =>
  one.session === other?.session && one.epoch === other.epoch;

const without = (session: string, epoch: number): Document => ({
  $filter: {
    input: "$carried",
    cond: { $or: [{ $ne: ["$$this.session", session] }, { $ne: ["$$this.epoch", epoch] }] },
  },
});

const BEFORE = [{
  $set: {
    before: { status: "$status", chosen: "$chosen", capacity: "$capacity", carrying: "$carrying" },
  },
}];

function following(now: Date, by: string): Document[] {
  const isChanged = (name: string) => ({ $ne: [`$${name}`, `$before.${name}`] });
  const isFreed = { $and: [isChanged("status"), { $eq: ["$status", "available"] }] };
  const isShown = ["status", "chosen", "capacity", "carrying"].map(isChanged);
  return [
    { $set: { carrying: { $size: "$carried" } } },
    { $set: { status: STATUS } },
    {
      $set: {
        idleSince: { $cond: [{ $or: [isChanged("carrying"), isFreed] }, now, "$idleSince"] },
        told: { $cond: [{ $or: isShown }, { by, at: "$$NOW" }, "$told"] },
      },
    },
    { $unset: "before" },
  ];
}

const STATUS = {
  $switch: {
    branches: [
      { case: { $or: ["$away", { $eq: ["$chosen", "offline"] }] }, then: "offline" },
      {
        case: { $or: [{ $eq: ["$chosen", "busy"] }, { $gte: ["$carrying", "$capacity"] }] },
        then: "busy",
      },
    ],
    default: "available",
  },
};
