import type { Customer } from "../domain.ts";
import { Fault } from "../errors.ts";
import type { Customers, WithPassword } from "../store.ts";
import type { Database } from "./database.ts";
import { isDuplicate } from "./faults.ts";
import { given, keyOf, plain, toCustomer, type UserDoc } from "./rows.ts";
import { wordsIn } from "./search.ts";

export class MongoCustomers implements Customers {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async add({ id, name, email, createdAt }: Customer, passwordHash?: string): Promise<void> {
    const address = email === undefined ? undefined : plain(email).toLowerCase();
    const user: UserDoc = {
      _id: keyOf(id),
      name: plain(name),
      createdAt,
      words: wordsIn(`${name} ${address ?? ""}`),
      ...given({ email: address, password: passwordHash }),
    };
    await this.#db.run(async ({ users }, { again }) => {
      try {
        await users.insertOne(user);
      } catch (error) {
        if (!isDuplicate(error)) throw error;
        if (again && await users.findOne({ _id: user._id })) return;
        throw new Fault("taken", "There is an account with that e-mail already");
      }
    });
  }

  async find(id: string): Promise<Customer | undefined> {
    const user = await this.#doc(id);
    return user && toCustomer(user);
  }

  async byEmail(email: string): Promise<WithPassword<Customer> | undefined> {
    const key = plain(email).toLowerCase();
    const user = await this.#db.run(({ users }) => users.findOne({ email: key }));
    const { password } = user ?? {};
    return user && password ? { ...toCustomer(user), passwordHash: password } : undefined;
  }

  async rename(id: string, name: string): Promise<void> {
    const user = await this.#doc(id);
    if (!user) return;
    const fields = { name: plain(name), words: wordsIn(`${name} ${user.email ?? ""}`) };
    await this.#db.run(({ users }) => users.updateOne({ _id: user._id }, { $set: fields }));
  }

  async setPassword(id: string, passwordHash: string): Promise<void> {
    await this.#db.run(({ users }) =>
      users.updateOne({ _id: keyOf(id) }, { $set: { password: plain(passwordHash) } })
    );
  }

  async passwordHash(id: string): Promise<string | undefined> {
    return (await this.#doc(id))?.password;
  }

  async #doc(id: string): Promise<UserDoc | undefined> {
    return await this.#db.run(({ users }) => users.findOne({ _id: keyOf(id) })) ?? undefined;
  }
}
