/** Stores filled before a server opens them: agents, customers, conversations, and everybody's tokens. */
import { type AgentActor } from "../../services/desk.ts";
import { type CustomerActor } from "../../services/chat.ts";
import { newId, type Session } from "../../services/domain.ts";
import { hashOf, newToken } from "../../services/sign_ins.ts";
import { openSqlite } from "../../services/sqlite/open.ts";
import type { Store } from "../../services/store.ts";

const DAY = 24 * 60 * 60 * 1_000;
const LEASE = 10 * 60_000;

export interface Person<A> {
  readonly actor: A;
  readonly token: string;
  /** What a raw request by them carries. */
  readonly bearer: { readonly authorization: string };
  readonly cookie: { readonly cookie: string };
  /** As a page of the site at `url` opens a socket. */
  cookieAt(url: string): Record<string, string>;
}
export type Agent = Person<AgentActor>;
export type Customer = Person<CustomerActor>;
export interface Chat {
  readonly customer: Customer;
  readonly session: Session;
}

/** A folder in `data/`, gone in the end. */
export function folder(): AsyncDisposable & { readonly path: string; readonly file: string } {
  const path = `data/bench-${newId()}`;
  return {
    path,
    file: `${path}/handoff.db`,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }).catch(() => undefined),
  };
}

/** Fills a file. Not durable while it is filled: that would measure the disk, and take minutes. */
export async function fill<T>(file: string, work: (cast: Cast) => Promise<T>): Promise<T> {
  await using store = await openSqlite({ file, tune: (db) => db.exec("PRAGMA synchronous = OFF") });
  return await work(new Cast(store));
}

/** People and conversations in an open store. */
export class Cast {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Present and available; the only one, since others need an invitation. */
  async agent(capacity = 100): Promise<Agent> {
    const now = new Date();
    const id = newId(now);
    const draft = { id, name: "Ada", email: "ada@agents.example", passwordHash: "-", capacity };
    const agent = await this.#store.agents.register({ ...draft, createdAt: now }, undefined, now);
    await this.#store.agents.present(id, new Date(now.getTime() + LEASE), now);
    await this.#store.agents.set(id, { chosen: "available" }, now);
    const actor = { side: "agent" as const, id, name: agent.name, role: agent.role };
    return await this.#signedIn(actor);
  }

  /** From now on whoever comes gets the assistant. */
  async busy({ actor }: Agent): Promise<void> {
    await this.#store.agents.set(actor.id, { chosen: "busy" }, new Date());
  }

  async customer(name: string): Promise<Customer> {
    const now = new Date();
    const id = newId(now);
    await this.#store.customers.add({ id, name, createdAt: now });
    return await this.#signedIn({ side: "user" as const, id, name });
  }

  /** A new conversation: with the agent while there is room, else with the assistant. */
  async chat(name: string): Promise<Chat> {
    const customer = await this.customer(name);
    const now = new Date();
    const { id } = customer.actor;
    const start = { id: newId(now), customer: { id, name, createdAt: now } };
    const { session } = await this.#store.sessions.start(start, now);
    return { customer, session };
  }

  async chats(count: number, name = "Linus"): Promise<Chat[]> {
    return await Promise.all(Array.from({ length: count }, (_, i) => this.chat(`${name} ${i}`)));
  }

  /** Said by turns, so that a page of them looks like a conversation. */
  async talk({ customer, session }: Chat, agent: Agent, count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const actor = i % 2 === 0 ? customer.actor : agent.actor;
      await this.#store.messages.append(session.id, actor, { text: said(i) }, new Date());
    }
  }

  /** Four in five ended, the rest with the assistant, all answered; `count` of them at once and in all. */
  async past(count: number): Promise<Chat[]> {
    const chats = await this.chats(count, "Grace");
    await Promise.all(chats.map((chat, i) => this.#answered(chat, { ended: i % 5 > 0 })));
    return chats;
  }

  async #answered({ customer, session }: Chat, { ended }: { ended: boolean }): Promise<void> {
    const { messages, sessions } = this.#store;
    const now = new Date();
    const { id } = session;
    await messages.append(id, customer.actor, { text: said(1) }, now);
    const answer = newId(now);
    await messages.beginAnswer(id, answer, new Date(now.getTime() + LEASE), now);
    await messages.finishAnswer(id, answer, {
      text: said(2),
      sources: [],
      upTo: Number.MAX_SAFE_INTEGER,
      misses: 0,
      failures: 0,
      event: { kind: "answered", outcome: "answered", articles: [] },
    }, now);
    if (ended) await sessions.move(session, "closed", [{ kind: "closed", reason: "done" }], now);
  }

  async #signedIn<A extends AgentActor | CustomerActor>(actor: A): Promise<Person<A>> {
    const token = newToken();
    const expiresAt = new Date(Date.now() + 30 * DAY);
    const { side, id: accountId } = actor;
    const cookie = `handoff_${side}=${token}`;
    await this.#store.signIns.add({ id: hashOf(token), side, accountId, expiresAt });
    return {
      actor,
      token,
      bearer: { authorization: `Bearer ${token}` },
      cookie: { cookie },
      cookieAt: (url) => ({ cookie, host: new URL(url).host, origin: url }),
    };
  }
}

/** Some 80 characters. */
export const said = (i: number): string =>
  `Message ${i}: the parcel that I ordered last week has not arrived here, where is it?`;
