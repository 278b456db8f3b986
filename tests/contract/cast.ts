/** The people of the store's tests, and short ways of letting them act. Time stands where a test puts it. */
import assert from "node:assert/strict";
import {
  type Actor,
  type Agent,
  type AgentStatus,
  type Change,
  type Customer,
  MAX_PAGE,
  type Message,
  type MessageDraft,
  newId,
  type Session,
} from "../../services/domain.ts";
import { Fault, type FaultCode } from "../../services/errors.ts";
import type { AnswerDraft, Destination, MoveEvent, Store } from "../../services/store.ts";

/** Registers a test over a fresh store. */
export type Test = (sentence: string, body: (cast: Cast) => Promise<void>) => void;
/** The same with a second connection to the same database. */
export type TestOfTwo = (
  sentence: string,
  body: (cast: Cast, other: Cast) => Promise<void>,
) => void;

const MORNING = Date.UTC(2026, 2, 2, 9);

/** So many seconds after the morning on which the tests play. */
export const at = (seconds: number): Date => new Date(MORNING + seconds * 1_000);

/** Makes `work` for 0 … n-1, all at once. */
export const times = <T>(n: number, work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: n }, (_, index) => work(index)));

export async function rejects(promise: Promise<unknown>, code: FaultCode): Promise<Fault> {
  const thrown = await promise.then(() => undefined, (error: unknown) => error);
  assert.ok(thrown instanceof Fault, `a Fault was expected, not ${thrown}`);
  assert.equal(thrown.code, code);
  return thrown;
}

export class Cast {
  readonly store: Store;
  #people = 0;

  constructor(store: Store) {
    this.store = store;
  }

  async customer(name = "Linus"): Promise<Customer> {
    const email = `${name}.${newId().slice(12)}@example.com`.toLowerCase();
    const customer: Customer = { id: newId(), name, email, createdAt: at(0) };
    await this.store.customers.add(customer, "hash");
    return customer;
  }

  /** Registered with an invitation, unless the very first, and still offline. */
  async newcomer(name = "Ada", capacity = 1): Promise<Agent> {
    const invite = newId();
    const grant = { kind: "invite", role: "agent" } as const;
    await this.store.vouchers.add({ id: invite, grant, expiresAt: at(1e6) });
    const email = `${name}.${++this.#people}@example.com`.toLowerCase();
    const draft = { id: newId(), name, email, passwordHash: "hash", capacity, createdAt: at(0) };
    return this.store.agents.register(draft, invite, at(0));
  }

  /** Signed in at `now`, and present all day. */
  async agent(name = "Ada", { capacity = 1, chosen = "available", now = at(0) }: {
    capacity?: number;
    chosen?: AgentStatus;
    now?: Date;
  } = {}): Promise<Agent> {
    const { id } = await this.newcomer(name, capacity);
    await this.store.agents.present(id, at(100_000), now);
    return this.store.agents.set(id, { chosen }, now);
  }

  async agentNow(id: string): Promise<Agent> {
    const agent = await this.store.agents.find(id);
    assert.ok(agent);
    return agent;
  }

  async start(customer?: Customer, now = at(0)): Promise<Session> {
    const whose = customer ?? await this.customer();
    const { session } = await this.store.sessions.start({ id: newId(), customer: whose }, now);
    return session;
  }

  async sessionNow({ id }: { id: string }): Promise<Session> {
    const session = await this.store.sessions.find(id);
    assert.ok(session);
    return session;
  }

  /** A move that has to succeed, from the session as it is now. */
  async move(
    session: { id: string },
    to: Destination,
    events: readonly MoveEvent[] = [],
    now = at(0),
  ): Promise<Session> {
    const moved = await this.store.sessions.move(await this.sessionNow(session), to, events, now);
    assert.ok(typeof moved === "object", `the move answered ${moved}`);
    return moved;
  }

  async asks(session: Session, draft: string | MessageDraft, now = at(1)): Promise<Message> {
    return (await this.append(session, asCustomer(session), draft, now)).message;
  }

  async replies(session: Session, agent: Agent, draft: string | MessageDraft, now = at(2)) {
    return (await this.append(session, asAgent(agent), draft, now)).message;
  }

  append(session: { id: string }, actor: Actor, draft: string | MessageDraft, now = at(1)) {
    const whole = typeof draft === "string" ? { text: draft } : draft;
    return this.store.messages.append(session.id, actor, whole, now);
  }

  /** The assistant's whole way: begins, and finishes. */
  async answers(session: Session, text: string, more: Partial<AnswerDraft> = {}, now = at(3)) {
    const id = newId();
    const begun = await this.store.messages.beginAnswer(session.id, id, at(60), now);
    assert.ok(begun);
    const answer = { ...anAnswer(text, begun.askedSeq), ...more };
    return this.store.messages.finishAnswer(session.id, id, answer, now);
  }

  async log({ id }: { id: string }): Promise<readonly Message[]> {
    return (await this.store.messages.page(id, { limit: MAX_PAGE })).messages;
  }

  /** The log as "sender: text". */
  async told(session: { id: string }): Promise<string[]> {
    return (await this.log(session)).map(({ sender, text }) => `${sender}: ${text}`);
  }

  async eventKinds({ id }: { id: string }): Promise<string[]> {
    return (await this.store.sessions.events(id)).map(({ kind }) => kind);
  }

  listen(): Listener {
    return new Listener(this.store);
  }
}

export const asCustomer = ({ userId, userName }: Session): Actor => ({
  side: "user",
  id: userId,
  name: userName,
});

export const asAgent = ({ id, name, role }: Agent): Actor => ({ side: "agent", id, name, role });

export const anAnswer = (text: string, upTo: number): AnswerDraft => ({
  text,
  upTo,
  sources: [],
  misses: 0,
  failures: 0,
  event: { kind: "answered", outcome: "answered", articles: [] },
});

export const asked = { kind: "asked", by: "Linus", rule: "button" } as const;
export const ended = { kind: "closed", by: "Linus", reason: "The customer ended it" } as const;

/** Follows the changes from its making on. */
export class Listener implements AsyncDisposable {
  /** Without the messages that a store may hand on with them. */
  readonly heard: Change[] = [];
  readonly handedOn: Message[] = [];
  readonly #stop = new AbortController();
  readonly #reading: Promise<void>;
  #told = () => {};

  constructor(store: Store) {
    this.#reading = this.#read(store.changes(this.#stop.signal));
  }

  /** Waits until a change like `wanted` was heard. */
  async hears(wanted: Change, within = 3_000): Promise<void> {
    const deadline = Date.now() + within;
    while (!this.heard.some((change) => same(change, wanted))) {
      const left = deadline - Date.now();
      assert.ok(left > 0, `not heard: ${JSON.stringify(wanted)} in ${JSON.stringify(this.heard)}`);
      await this.#news(left);
    }
  }

  /** How often a change like it was heard. */
  count(wanted: Change): number {
    return this.heard.filter((change) => same(change, wanted)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#reading;
  }

  async #read(changes: AsyncIterable<Change>): Promise<void> {
    for await (const change of changes) {
      this.heard.push(bare(change));
      if (change.kind === "message" && change.message) this.handedOn.push(change.message);
      this.#told();
    }
  }

  #news(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#told = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The change alone: whether its message comes with it is the store's affair. */
export const bare = (change: Change): Change =>
  change.kind === "message" ? { kind: change.kind, sessionId: change.sessionId } : change;

const same = (one: Change, other: Change): boolean =>
  JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort());
