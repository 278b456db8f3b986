/** Sessions in lists: the desk's, the line for a person, a customer's, and what the sweeps look for. */
import type { Filter, FindCursor, Sort, WithId } from "mongodb";
import { type DeskList, MAX_COUNT, type Session, type SessionRow } from "../domain.ts";
import type { ListPage, Sessions } from "../store.ts";
import type { Database } from "./database.ts";
import { keyOf, plain, type SessionDoc, toSession, toSessionRow } from "./rows.ts";
import { SINCE_EVER } from "./schema.ts";
import { Search } from "./search.ts";

const NEWEST = { lastActivity: -1, _id: -1 } as const;
const LONGEST = { waitingSince: 1, _id: 1 } as const;
const BY_STATE = { state: 1, ...NEWEST } as const;
const OPEN_STATES = ["human", "ai", "waiting"] as const;

type ListMethod =
  | "nextWaiting"
  | "queuePosition"
  | "waiting"
  | "carriedBy"
  | "list"
  | "counts"
  | "ofCustomer"
  | "search"
  | "overdue"
  | "unanswered";

export class MongoLists implements Pick<Sessions, ListMethod> {
  readonly #db: Database;
  readonly #search: Search;

  constructor(db: Database) {
    this.#db = db;
    this.#search = new Search(db);
  }

  async nextWaiting(): Promise<Session | undefined> {
    const [first] = await this.waiting(1);
    return first;
  }

  /** In one look, so that it is a place that the session had while it waited. */
  async queuePosition({ id, waitingSince }: Session): Promise<number | undefined> {
    if (!waitingSince) return undefined;
    const isMe = { $eq: ["$_id", keyOf(id)] };
    const isBefore = {
      $or: [{ $lt: ["$waitingSince", waitingSince] }, { $lte: ["$_id", keyOf(id)] }],
    };
    const [line] = await this.#db.run(({ sessions }) =>
      sessions.aggregate<{ place: number; isHere: boolean }>([
        { $match: { waitingSince: { ...SINCE_EVER, $lte: waitingSince } } },
        {
          $group: {
            _id: null,
            place: { $sum: { $cond: [isBefore, 1, 0] } },
            isHere: { $max: isMe },
          },
        },
      ]).toArray()
    );
    return line?.isHere ? line.place : undefined;
  }

  async waiting(limit: number): Promise<readonly Session[]> {
    const waiting = await this.#find({ waitingSince: SINCE_EVER }, LONGEST, limit);
    return waiting.map(toSession);
  }

  async carriedBy(agentId: string): Promise<readonly SessionRow[]> {
    const mine = { assignedAgent: plain(agentId), state: "human" } as const;
    return (await this.#find(mine, NEWEST, 0)).map(toSessionRow);
  }

  async list(
    list: DeskList,
    agentId: string,
    { limit, after }: ListPage,
  ): Promise<readonly SessionRow[]> {
    if (list === "mine") {
      const mine = await this.carriedBy(agentId); // few enough to be read together
      return mine.filter((row) => !after || isBelow(row, after)).slice(0, limit);
    }
    const rows = list === "waiting"
      ? await this.#after({}, LONGEST, "waitingSince", limit, after)
      : await this.#after(belonging(list, agentId), NEWEST, "lastActivity", limit, after);
    return rows.map(toSessionRow);
  }

  async counts(agentId: string): Promise<Readonly<Record<DeskList, number>>> {
    const [mine, waiting, ai, others, closed] = await Promise.all([
      this.#count(belonging("mine", agentId), MAX_COUNT),
      this.#count({ waitingSince: SINCE_EVER }, MAX_COUNT),
      this.#count(belonging("ai", agentId), MAX_COUNT),
      this.#count(belonging("others", agentId), MAX_COUNT),
      this.#count(belonging("closed", agentId), MAX_COUNT),
    ]);
    return { mine, waiting, ai, others, closed };
  }

  async ofCustomer(userId: string, { limit, after }: ListPage): Promise<readonly Session[]> {
    const sort = { createdAt: -1, _id: -1 } as const;
    const found = await this.#after({ userId: plain(userId) }, sort, "createdAt", limit, after);
    return found.map(toSession);
  }

  async search(words: string, limit: number): Promise<readonly SessionRow[]> {
    return await this.#search.sessions(plain(words), limit);
  }

  async overdue(now: Date, idleSince: Date, limit: number): Promise<readonly Session[]> {
    const found = await Promise.all([
      this.#find({ silentUntil: { $lte: now } }, undefined, limit),
      ...OPEN_STATES.map((state) =>
        this.#find({ state, lastActivity: { $lte: idleSince } }, undefined, limit)
      ),
    ]);
    const each = new Map(found.flat().map((session) => [session._id.toHexString(), session]));
    return [...each.values()].slice(0, limit).map(toSession);
  }

  async unanswered(now: Date, limit: number): Promise<readonly Session[]> {
    const sort = { lastActivity: 1, _id: 1 } as const;
    return (await this.#find({ dueAt: { $lt: now } }, sort, limit)).map(toSession);
  }

  /** A page by keyset: first the rest of those with the last row's moment, then what comes after it. */
  async #after(
    which: Filter<SessionDoc>,
    sort: Readonly<Record<string, 1 | -1>>,
    by: "lastActivity" | "waitingSince" | "createdAt",
    limit: number,
    after: Session | undefined,
  ): Promise<SessionDoc[]> {
    const at = after?.[by];
    if (!after || !at) {
      return await this.#find(
        by === "waitingSince" ? { ...which, [by]: SINCE_EVER } : which,
        sort,
        limit,
      );
    }
    const [beyond, _id] = sort[by] === 1
      ? [{ $gt: at }, { $gt: keyOf(after.id) }]
      : [{ $lt: at }, { $lt: keyOf(after.id) }];
    const same = await this.#find({ ...which, [by]: at, _id }, sort, limit);
    if (same.length === limit) return same;
    return [
      ...same,
      ...await this.#find({ ...which, [by]: beyond }, sort, limit - same.length),
    ];
  }

  #find(which: Filter<SessionDoc>, sort: Sort | undefined, limit: number): Promise<SessionDoc[]> {
    return this.#db.run(({ sessions }) => {
      const found: FindCursor<WithId<SessionDoc>> = sessions.find(which, PROJECTION).limit(limit);
      if (sort) found.sort(sort);
      if (isOthers(which)) found.hint(BY_STATE);
      return found.toArray();
    });
  }

  #count(which: Filter<SessionDoc>, limit?: number): Promise<number> {
    const hint = isOthers(which) ? { hint: BY_STATE } : {};
    return this.#db.run(({ sessions }) =>
      sessions.countDocuments(which, { ...limit !== undefined && { limit }, ...hint })
    );
  }
}

const isBelow = (one: Session, other: Session): boolean =>
  one.lastActivity < other.lastActivity ||
  one.lastActivity.getTime() === other.lastActivity.getTime() && one.id < other.id;

/** What a list doesn't show may be as long as several messages. */
const PROJECTION = { projection: { outbox: 0, by: 0, voices: 0 } } as const;

/** Everybody's but one's own: the planner is told to walk all of them, and leave a few out. */
const isOthers = ({ assignedAgent }: Filter<SessionDoc>): boolean =>
  typeof assignedAgent === "object";

function belonging(list: Exclude<DeskList, "waiting">, agentId: string): Filter<SessionDoc> {
  switch (list) {
    case "mine":
      return { assignedAgent: plain(agentId), state: "human" };
    case "others":
      return { state: "human", assignedAgent: { $ne: plain(agentId) } };
    default:
      return { state: list };
  }
}
