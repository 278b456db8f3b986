import type { Agent, AgentStatus, Role } from "../domain.ts";
import { Fault } from "../errors.ts";
import type { AgentDraft, Agents, WithPassword } from "../store.ts";
import type { Database } from "./database.ts";
import type { Places } from "./places.ts";
import type { SqliteVouchers } from "./sign_ins.ts";

const COLUMNS =
  "id, name, email, role, status, chosen, capacity, carrying, presentUntil, createdAt";
const SQL = {
  add: `
    INSERT INTO agents (
      id, name, email, passwordHash, role, status, chosen, capacity, idleSince, presentUntil, createdAt
    ) VALUES (
      :id, :name, :email, :passwordHash, :role, 'offline', 'offline', :capacity, :now, 0, :createdAt
    ) ON CONFLICT (email) DO NOTHING`,
  some: `SELECT EXISTS (SELECT 1 FROM agents) AS some`,
  find: `SELECT ${COLUMNS} FROM agents WHERE id = :id`,
  byEmail: `SELECT ${COLUMNS}, passwordHash FROM agents WHERE email = :email`,
  all: `SELECT ${COLUMNS} FROM agents ORDER BY name COLLATE NOCASE, id`,
  rename: `UPDATE agents SET name = :name WHERE id = :id`,
  setPassword: `UPDATE agents SET passwordHash = :passwordHash WHERE id = :id`,
  passwordHash: `SELECT passwordHash FROM agents WHERE id = :id`,
  choose: `UPDATE agents SET chosen = :chosen, away = 0 WHERE id = :id`,
  limit: `UPDATE agents SET capacity = :capacity WHERE id = :id`,
  present: `UPDATE agents SET presentUntil = max(presentUntil, :until), away = 0 WHERE id = :id`,
  lapse: `
    UPDATE agents SET status = 'offline', away = 1
    WHERE status <> 'offline' AND presentUntil < :now`,
  gone: `
    SELECT ${COLUMNS} FROM agents WHERE carrying > 0 AND presentUntil < :since
    ORDER BY presentUntil`,
};

interface AgentRecord extends Omit<Agent, "presentUntil" | "createdAt"> {
  readonly presentUntil: number;
  readonly createdAt: number;
}

export class SqliteAgents implements Agents {
  readonly #db: Database;
  readonly #sql;
  readonly #places: Places;
  readonly #vouchers: SqliteVouchers;

  constructor(db: Database, places: Places, vouchers: SqliteVouchers) {
    this.#db = db;
    this.#sql = db.prepare(SQL);
    this.#places = places;
    this.#vouchers = vouchers;
  }

  register(draft: AgentDraft, invite: string | undefined, now: Date): Promise<Agent> {
    const { id, name, email, passwordHash, capacity, createdAt } = draft;
    return this.#db.write(() => {
      const role = this.#admit(invite, now);
      const row = { id, name, email, passwordHash, capacity, createdAt, role, now };
      const added = this.#sql.add.run(row);
      // what is thrown here takes the spending of the invitation back
      if (added === 0) throw new Fault("taken", "There is an agent with that e-mail already");
      return this.#get(id);
    });
  }

  none(): Promise<boolean> {
    return this.#db.read(() => this.#isFirst());
  }

  find(id: string): Promise<Agent | undefined> {
    return this.#db.read(() => {
      const row = this.#sql.find.get<AgentRecord>({ id });
      return row && toAgent(row);
    });
  }

  byEmail(email: string): Promise<WithPassword<Agent> | undefined> {
    return this.#db.read(() => {
      const row = this.#sql.byEmail.get<WithPassword<AgentRecord>>({ email });
      return row && { ...toAgent(row), passwordHash: row.passwordHash };
    });
  }

  all(): Promise<readonly Agent[]> {
    return this.#db.read(() => this.#sql.all.all<AgentRecord>().map(toAgent));
  }

  async rename(id: string, name: string): Promise<void> {
    await this.#db.write(() => this.#sql.rename.run({ id, name }));
  }

  async setPassword(id: string, passwordHash: string): Promise<void> {
    await this.#db.write(() => this.#sql.setPassword.run({ id, passwordHash }));
  }

  passwordHash(id: string): Promise<string | undefined> {
    return this.#db.read(() =>
      this.#sql.passwordHash.get<{ passwordHash: string }>({ id })?.passwordHash
    );
  }

  set(id: string, wish: { chosen?: AgentStatus; capacity?: number }, now: Date): Promise<Agent> {
    const { chosen, capacity } = wish;
    return this.#db.write(() => {
      if (chosen !== undefined) this.#sql.choose.run({ id, chosen });
      if (capacity !== undefined) this.#sql.limit.run({ id, capacity });
      this.#places.recount(id, now);
      return this.#get(id);
    });
  }

  async present(id: string, until: Date, now: Date): Promise<void> {
    await this.#db.write(() => {
      this.#sql.present.run({ id, until });
      this.#places.recount(id, now);
    });
  }

  lapse(now: Date): Promise<number> {
    return this.#db.write(() => this.#sql.lapse.run({ now }));
  }

  gone(since: Date): Promise<readonly Agent[]> {
    return this.#db.read(() => this.#sql.gone.all<AgentRecord>({ since }).map(toAgent));
  }

  #isFirst(): boolean {
    return this.#sql.some.get<{ some: number }>()?.some === 0;
  }

  #admit(invite: string | undefined, now: Date): Role {
    if (this.#isFirst()) return "admin";
    const grant = invite === undefined ? undefined : this.#vouchers.spent("invite", invite, now);
    if (!grant) throw new Fault("forbidden", "Registering as an agent needs a valid invitation");
    return grant.role;
  }

  #get(id: string): Agent {
    const row = this.#sql.find.get<AgentRecord>({ id });
    if (!row) throw new Fault("not_found", "There is no such agent");
    return toAgent(row);
  }
}

const toAgent = (row: AgentRecord): Agent => ({
  ...row,
  presentUntil: new Date(row.presentUntil),
  createdAt: new Date(row.createdAt),
});
