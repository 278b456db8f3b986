/** Accounts of customers and agents: registering, proving who one is, names and passwords. */
import type { Clock } from "./clock.ts";
import { type Actor, type Agent, type Customer, newId, type Side } from "./domain.ts";
import { Fault } from "./errors.ts";
import type { Passwords } from "./passwords.ts";
import { hashOf, type SignIns } from "./sign_ins.ts";
import type { Store } from "./store.ts";

export interface Registration {
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

export interface AgentRegistration extends Registration {
  readonly invite?: string | undefined;
  readonly setupCode?: string | undefined;
}

export interface AccountsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly passwords: Passwords;
  readonly signIns: SignIns;
  readonly agentCapacity: number;
  readonly setupCode: string | undefined;
}

const WRONG = "The e-mail address or the password is wrong";

export class Accounts {
  readonly #options: AccountsOptions;

  constructor(options: AccountsOptions) {
    this.#options = options;
  }

  get #store(): Store {
    return this.#options.store;
  }

  async registerCustomer({ name, email, password }: Registration): Promise<Customer> {
    const { clock, passwords } = this.#options;
    if (await this.#store.customers.byEmail(email)) throw taken();
    const customer = { id: newId(clock.now()), name, email, createdAt: clock.now() };
    await this.#store.customers.add(customer, await passwords.hash(password));
    return customer;
  }

  async welcomeGuest(name: string): Promise<Customer> {
    const now = this.#options.clock.now();
    const guest = { id: newId(now), name, createdAt: now };
    await this.#store.customers.add(guest);
    return guest;
  }

  /** The first one becomes admin; see `Agents.register` for the rest. */
  async registerAgent(
    { name, email, password, invite, setupCode }: AgentRegistration,
  ): Promise<Agent> {
    const { clock, passwords, agentCapacity: capacity } = this.#options;
    await this.#mayRegister(email, invite, setupCode);
    if (await this.#store.agents.byEmail(email)) throw taken();
    const passwordHash = await passwords.hash(password);
    const now = clock.now();
    return await this.#store.agents.register(
      { id: newId(now), name, email, passwordHash, capacity, createdAt: now },
      invite === undefined ? undefined : hashOf(invite),
      now,
    );
  }

  async customerBy(email: string, password: string): Promise<Customer> {
    return await this.#proven(await this.#store.customers.byEmail(email), password);
  }

  async agentBy(email: string, password: string): Promise<Agent> {
    return await this.#proven(await this.#store.agents.byEmail(email), password);
  }

  /** Whether the next agent to register needs the setup code. */
  async needsSetupCode(): Promise<boolean> {
    return this.#options.setupCode !== undefined && await this.#store.agents.none();
  }

  async rename(actor: Actor, name: string): Promise<void> {
    await this.#of(actor.side).rename(actor.id, name);
  }

  /** Throws `invalid` where `current` is wrong; ends every other sign-in of the account. */
  async changePassword(
    actor: Actor,
    { current, password, signInId }: { current: string; password: string; signInId: string },
  ): Promise<void> {
    const hash = await this.#of(actor.side).passwordHash(actor.id);
    if (!await this.#options.passwords.matches(current, hash)) {
      const wrong = "That is not your current password";
      throw new Fault("invalid", wrong, { fields: { current: wrong } });
    }
    await this.#setPassword(actor.side, actor.id, password);
    await this.#options.signIns.endAll(actor, signInId);
  }

  /** Spends a reset's token; every sign-in of the account ends. */
  async resetPassword(token: string, password: string): Promise<Side> {
    const { side, accountId } = await this.#options.signIns.spend("reset", token);
    await this.#setPassword(side, accountId, password);
    await this.#options.signIns.endAll({ side, id: accountId });
    return side;
  }

  async #setPassword(side: Side, id: string, password: string): Promise<void> {
    await this.#of(side).setPassword(id, await this.#options.passwords.hash(password));
  }

  #of(side: Side) {
    return side === "user" ? this.#store.customers : this.#store.agents;
  }

  async #proven<T>(
    account: (T & { readonly passwordHash: string }) | undefined,
    password: string,
  ): Promise<T> {
    const proven = await this.#options.passwords.matches(password, account?.passwordHash);
    if (!account || !proven) throw new Fault("unauthorized", WRONG);
    return account;
  }

  /** Looked at before the costly hash; the store decides again when it writes. */
  async #mayRegister(
    email: string,
    invite: string | undefined,
    setupCode: string | undefined,
  ): Promise<void> {
    if (await this.needsSetupCode()) {
      if (hashOf(setupCode ?? "") === hashOf(this.#options.setupCode ?? "")) return;
      throw new Fault("forbidden", "The setup code is missing or wrong");
    }
    if (await this.#store.agents.none()) return;
    const grant = invite && await this.#options.signIns.peek("invite", invite);
    if (grant && (grant.email ?? email) === email) return;
    throw new Fault(
      "forbidden",
      "Ask an admin for an invitation: yours is missing, used, expired or for another address",
    );
  }
}

const taken = () => new Fault("taken", "That e-mail address has an account already");
