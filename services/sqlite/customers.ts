import type { Customer } from "../domain.ts";
import { Fault } from "../errors.ts";
import type { Customers, WithPassword } from "../store.ts";
import type { Database } from "./database.ts";
import { given } from "./rows.ts";

const COLUMNS = "id, name, email, createdAt";
const SQL = {
  add: `
    INSERT INTO customers (id, name, email, passwordHash, createdAt)
    VALUES (:id, :name, :email, :passwordHash, :createdAt) ON CONFLICT (email) DO NOTHING`,
  find: `SELECT ${COLUMNS} FROM customers WHERE id = :id`,
  byEmail: `
    SELECT ${COLUMNS}, passwordHash FROM customers
    WHERE email = :email AND passwordHash IS NOT NULL`,
  rename: `UPDATE customers SET name = :name WHERE id = :id`,
  setPassword: `UPDATE customers SET passwordHash = :passwordHash WHERE id = :id`,
  passwordHash: `SELECT passwordHash FROM customers WHERE id = :id`,
};

interface CustomerRecord {
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
  readonly createdAt: number;
}

export class SqliteCustomers implements Customers {
  readonly #db: Database;
  readonly #sql;

  constructor(db: Database) {
    this.#db = db;
    this.#sql = db.prepare(SQL);
  }

  async add({ id, name, email, createdAt }: Customer, passwordHash?: string): Promise<void> {
    const row = { id, name, email, createdAt, passwordHash };
    const added = await this.#db.write(() => this.#sql.add.run(row));
    if (added === 0) throw new Fault("taken", "There is an account with that e-mail already");
  }

  find(id: string): Promise<Customer | undefined> {
    return this.#db.read(() => {
      const row = this.#sql.find.get<CustomerRecord>({ id });
      return row && toCustomer(row);
    });
  }

  byEmail(email: string): Promise<WithPassword<Customer> | undefined> {
    return this.#db.read(() => {
      const row = this.#sql.byEmail.get<WithPassword<CustomerRecord>>({ email });
      return row && { ...toCustomer(row), passwordHash: row.passwordHash };
    });
  }

  async rename(id: string, name: string): Promise<void> {
    await this.#db.write(() => this.#sql.rename.run({ id, name }));
  }

  async setPassword(id: string, passwordHash: string): Promise<void> {
    await this.#db.write(() => this.#sql.setPassword.run({ id, passwordHash }));
  }

  passwordHash(id: string): Promise<string | undefined> {
    return this.#db.read(() => {
      const row = this.#sql.passwordHash.get<{ passwordHash: string | null }>({ id });
      return row?.passwordHash ?? undefined;
    });
  }
}

const toCustomer = ({ id, name, email, createdAt }: CustomerRecord): Customer => ({
  id,
  name,
  createdAt: new Date(createdAt),
  ...given({ email }),
});
