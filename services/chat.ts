/** The one door for what people do in a session: lookup is authorisation, and every message passes `post`. */
import type { Clock } from "./clock.ts";
import { fromNow } from "./clock.ts";
import type { AgentActor, Desk } from "./desk.ts";
import {
  type Actor,
  type Customer,
  type Message,
  type MessageDraft,
  newId,
  type Session,
  type Side,
  TIMES,
} from "./domain.ts";
import { Fault } from "./errors.ts";
import type { Store } from "./store.ts";

export type CustomerActor = Extract<Actor, { side: "user" }>;
/** One write of "is typing" in so many milliseconds is enough. */
const TYPING_EVERY = 3_000;

export class Chat {
  readonly #store: Store;
  readonly #desk: Desk;
  readonly #clock: Clock;

  constructor({ store, desk, clock }: { store: Store; desk: Desk; clock: Clock }) {
    this.#store = store;
    this.#desk = desk;
    this.#clock = clock;
  }

  /** The session, if the actor may see it: "not yours" and "not there" look alike. */
  async sessionFor(actor: Actor, id: string): Promise<Session> {
    const session = await this.#store.sessions.find(id);
    if (session && (actor.side === "agent" || session.userId === actor.id)) return session;
    throw new Fault("not_found", "There is no such conversation");
  }

  async customer(actor: Pick<CustomerActor, "id">): Promise<Customer> {
    const customer = await this.#store.customers.find(actor.id);
    if (!customer) throw new Fault("unauthorized", "This account is gone");
    return customer;
  }

  openSessionOf(actor: CustomerActor): Promise<Session | undefined> {
    return this.#store.sessions.openOf(actor.id);
  }

  /** `closeIfSilent`: a new one ends by itself if the customer writes nothing for ten minutes. */
  async start(
    actor: CustomerActor,
    { closeIfSilent = false } = {},
  ): Promise<{ session: Session; created: boolean }> {
    const silentUntil = fromNow(this.#clock, TIMES.silentStart);
    return await this.#desk.start({
      id: newId(this.#clock.now()),
      customer: await this.customer(actor),
      ...(closeIfSilent && { silentUntil }),
    });
  }

  /** Whether the actor may is decided with the write itself. */
  async post(
    actor: Actor,
    id: string,
    draft: MessageDraft,
  ): Promise<{ message: Message; repeated: boolean }> {
    return await this.#store.messages.append(id, actor, draft, this.#clock.now()); // saved is announced: see Store.changes
  }

  async messages(
    actor: Actor,
    id: string,
    page: { after?: number; before?: number; limit: number },
  ): Promise<{ messages: readonly Message[]; hasMore: boolean }> {
    await this.sessionFor(actor, id);
    return await this.#store.messages.page(id, page);
  }

  /** The whole of it, in order, a page at a time. */
  async *transcript(actor: Actor, id: string): AsyncGenerator<Message> {
    let after = 0;
    for (let more = true; more;) {
      const { messages, hasMore } = await this.messages(actor, id, { after, limit: 200 });
      yield* messages;
      after = messages.at(-1)?.seq ?? after;
      more = hasMore;
    }
  }

  async ask(actor: CustomerActor, id: string): Promise<Session> {
    await this.sessionFor(actor, id);
    return await this.#desk.ask(id, actor.name, "button");
  }

  async leaveLine(actor: CustomerActor, id: string): Promise<Session> {
    await this.sessionFor(actor, id);
    return await this.#desk.leaveLine(id, actor.name);
  }

  async claim(actor: AgentActor, id: string): Promise<Session> {
    await this.sessionFor(actor, id);
    return await this.#desk.claim(actor, id);
  }

  async transfer(actor: AgentActor, id: string, to: string, note?: string): Promise<Session> {
    await this.sessionFor(actor, id);
    return await this.#desk.transfer(actor, id, to, note);
  }

  async close(actor: Actor, id: string): Promise<Session> {
    await this.sessionFor(actor, id);
    const who = actor.side === "user" ? "the customer" : "an agent";
    return await this.#desk.close(id, actor.name, `by ${who}`);
  }

  async rate(
    actor: CustomerActor,
    id: string,
    { rating, comment }: { rating: number; comment?: string | undefined },
  ): Promise<Session> {
    const session = await this.sessionFor(actor, id);
    if (session.rating === rating && session.ratingComment === (comment || undefined)) {
      return session; // said again, perhaps since the answer was lost
    }
    return await this.#store.sessions.rate(id, rating, comment || undefined, this.#clock.now());
  }

  /** How far the actor has read. An agent's reading counts only where the session is theirs. */
  async seen(actor: Actor, id: string, seq: number): Promise<void> {
    const side = takesPart(actor, await this.sessionFor(actor, id));
    if (side) await this.#store.sessions.seen(id, side, seq, this.#clock.now());
  }

  async typing(actor: Actor, id: string): Promise<void> {
    const session = await this.sessionFor(actor, id);
    const side = takesPart(actor, session);
    if (!side || session.status === "closed") return;
    const until = fromNow(this.#clock, TIMES.typing);
    const told = session.typing[side]; // until then; a message has ended it
    if (told && until.getTime() - told.getTime() < TYPING_EVERY) return;
    await this.#store.sessions.typing(id, side, until);
  }
}

function takesPart(actor: Actor, session: Session): Side | undefined {
  return actor.side === "user" || session.assignedAgent === actor.id ? actor.side : undefined;
}
