import type { Agent, AgentStatus, Role } from "../domain.ts";
import { Fault } from "../errors.ts";
import type { AgentDraft, Agents, WithPassword } from "../store.ts";
import type { Feed } from "./changes.ts";
import type { Database } from "./database.ts";
import { isDuplicate } from "./faults.ts";
import type { Places } from "./places.ts";
import { type AgentDoc, keyOf, plain, toAgent } from "./rows.ts";
import type { MongoVouchers } from "./sign_ins.ts";

export interface AgentsParts {
  readonly db: Database;
  readonly feed: Feed;
  readonly places: Places;
  readonly vouchers: MongoVouchers;
  /** Puts right what processes that died have left. */
  readonly mend: (now: Date) => Promise<void>;
}

export class MongoAgents implements Agents {
  readonly #parts: AgentsParts;

  constructor(parts: AgentsParts) {
    this.#parts = parts;
  }

  /** By unique indexes there is one first agent, and an invitation lets one in; so nothing has to be taken back. */
  async register(draft: AgentDraft, invite: string | undefined, now: Date): Promise<Agent> {
    if (await this.none()) {
      const first = await this.#add(draft, { role: "admin", first: true }, now);
      if (first !== "duplicate") return first;
    }
    const grant = invite === undefined
      ? undefined
      : await this.#parts.vouchers.peek("invite", invite, now);
    if (invite === undefined || !grant) throw uninvited();
    const agent = await this.#add(draft, { role: grant.role, invite }, now);
    if (agent === "duplicate") throw uninvited();
    await this.#parts.vouchers.spend("invite", invite, now);
    return agent;
  }

  async none(): Promise<boolean> {
    const some = await this.#parts.db.run(({ agents }) =>
      agents.findOne({}, { sort: { nameKey: 1, _id: 1 }, projection: { _id: 1 } })
    );
    return some === null;
  }

  async find(id: string): Promise<Agent | undefined> {
    const agent = await this.#doc(id);
    return agent && toAgent(agent);
  }

  async byEmail(email: string): Promise<WithPassword<Agent> | undefined> {
    const key = plain(email).toLowerCase();
    const agent = await this.#parts.db.run(({ agents }) => agents.findOne({ email: key }));
    return agent ? { ...toAgent(agent), passwordHash: agent.password } : undefined;
  }

  async all(): Promise<readonly Agent[]> {
    const sort = { nameKey: 1, _id: 1 } as const;
    const all = await this.#parts.db.run(({ agents }) => agents.find({}, { sort }).toArray());
    return all.map(toAgent);
  }

  async rename(id: string, name: string): Promise<void> {
    const { db, feed } = this.#parts;
    const by = feed.token();
    const fields = { name: plain(name), nameKey: name.toLowerCase(), "told.by": by };
    await db.run(({ agents }) =>
      agents.updateOne({ _id: keyOf(id) }, { $set: fields, $currentDate: { "told.at": true } })
    );
    feed.tell(by, [{ kind: "agent", agentId: id }]);
  }

  async setPassword(id: string, passwordHash: string): Promise<void> {
    await this.#parts.db.run(({ agents }) =>
      agents.updateOne({ _id: keyOf(id) }, { $set: { password: plain(passwordHash) } })
    );
  }

  async passwordHash(id: string): Promise<string | undefined> {
    return (await this.#doc(id))?.password;
  }

  async set(
    id: string,
    { chosen, capacity }: { chosen?: AgentStatus; capacity?: number },
    now: Date,
  ): Promise<Agent> {
    const choose = chosen === undefined ? [] : [{ $set: { chosen: literal(chosen), away: false } }];
    const limit = capacity === undefined ? [] : [{ $set: { capacity: literal(capacity) } }];
    const agent = await this.#parts.places.recount(id, now, [...choose, ...limit]);
    if (!agent) throw new Fault("not_found", "There is no such agent");
    return toAgent(agent);
  }

  async present(id: string, until: Date, now: Date): Promise<void> {
    const prolonged = { presentUntil: { $max: ["$presentUntil", until] }, away: false };
    await this.#parts.places.recount(id, now, [{ $set: prolonged }]);
  }

  async lapse(now: Date): Promise<number> {
    await this.#parts.mend(now);
    const lapsed = await Promise.all([this.#lapsed("available", now), this.#lapsed("busy", now)]);
    const ids = lapsed.flat();
    const gone = await Promise.all(ids.map((id) => this.#away(id, now)));
    return gone.filter(Boolean).length;
  }

  async gone(since: Date): Promise<readonly Agent[]> {
    const gone = await this.#parts.db.run(({ agents }) =>
      agents.find({ carrying: { $gt: 0 }, presentUntil: { $lt: since } }, {
        sort: { presentUntil: 1 },
      }).toArray()
    );
    return gone.map(toAgent);
  }

  async #doc(id: string): Promise<AgentDoc | undefined> {
    const agent = await this.#parts.db.run(({ agents }) => agents.findOne({ _id: keyOf(id) }));
    return agent ?? undefined;
  }

  async #add(
    { id, name, email, passwordHash, capacity, createdAt }: AgentDraft,
    admission: { role: Role; first: true } | { role: Role; invite: string },
    now: Date,
  ): Promise<Agent | "duplicate"> {
    const { db, feed } = this.#parts;
    const by = feed.token();
    const agent = {
      _id: keyOf(id),
      name: plain(name),
      nameKey: name.toLowerCase(),
      email: plain(email).toLowerCase(),
      password: plain(passwordHash),
      ...admission,
      status: "offline",
      chosen: "offline",
      away: false,
      capacity,
      carried: [],
      carrying: 0,
      idleSince: now,
      presentUntil: new Date(0),
      createdAt,
      told: { by, at: now },
    } as const;
    try {
      await db.run(({ agents }, { again }) => {
        // the time of what is told is the server's, so that pollers find it
        const { _id, told: _, ...rest } = agent;
        const stamp = { $set: { "told.by": by }, $currentDate: { "told.at": true } } as const;
        return agents.updateOne({ _id }, { $setOnInsert: rest, ...stamp }, { upsert: true })
          .catch(async (error) => {
            if (!again || !isDuplicate(error) || !await agents.findOne({ _id })) throw error;
          });
      });
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      if (await this.byEmail(email)) {
        throw new Fault("taken", "There is an agent with that e-mail already");
      }
      return "duplicate";
    }
    feed.tell(by, [{ kind: "agent", agentId: id }]);
    return toAgent(agent);
  }

  async #lapsed(status: AgentStatus, now: Date): Promise<string[]> {
    const found = await this.#parts.db.run(({ agents }) =>
      agents.find({ status, presentUntil: { $lt: now } }, { projection: { _id: 1 } }).toArray()
    );
    return found.map(({ _id }) => _id.toHexString());
  }

  /** False for one who has come back meanwhile, or whom somebody else has made offline. */
  async #away(id: string, now: Date): Promise<boolean> {
    const { db, feed } = this.#parts;
    const by = feed.token();
    const gone = {
      _id: keyOf(id),
      status: { $ne: "offline" },
      presentUntil: { $lt: now },
    } as const;
    const { modifiedCount } = await db.run(({ agents }) =>
      agents.updateOne(gone, {
        $set: { status: "offline", away: true, "told.by": by },
        $currentDate: { "told.at": true },
      })
    );
    if (modifiedCount > 0) feed.tell(by, [{ kind: "agent", agentId: id }]);
    return modifiedCount > 0;
  }
}

/** What comes from outside stands in a pipeline as itself, never as the path of a field. */
const literal = (value: string | number) => ({ $literal: value });

const uninvited = (): Fault =>
  new Fault("forbidden", "Registering as an agent needs a valid invitation");
