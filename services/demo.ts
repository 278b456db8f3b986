/** A believable company for `deno task demo`: its people, what they talked about, and who is waiting right now. */
import type { Clock } from "./clock.ts";
import { type Agent, type Customer, newId, type Session } from "./domain.ts";
import type { Library } from "./library.ts";
import type { Passwords } from "./passwords.ts";
import type { MoveEvent, Store } from "./store.ts";
import { CHATS, type DemoChat, type Line } from "./demo_chats.ts";

export const DEMO = {
  company: "Northwind",
  password: "lamps-and-shades",
  visitor: "Robin",
  agents: [
    { name: "Ada Lovelace", email: "ada@northwind.example" },
    { name: "Grace Hopper", email: "grace@northwind.example" },
  ],
  customers: [
    { name: "Linus Berg", email: "linus@example.com" },
    { name: "Barbara Lindqvist", email: "barbara@example.com" },
  ],
} as const;

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

export interface DemoParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly library: Library;
  readonly passwords: Passwords;
}

/** Fills a fresh store; nothing may watch it yet, or the assistant would answer what is long past. */
export async function seedDemo(parts: DemoParts): Promise<readonly Agent[]> {
  const { store, clock, passwords } = parts;
  const now = clock.now();
  const passwordHash = await passwords.hash(DEMO.password);
  const agents = await addAgents(store, passwordHash, now);
  const people = new Map<string, Customer>();
  for (const chat of CHATS) {
    const customer = people.get(chat.who) ?? await addCustomer(store, chat.who, passwordHash, now);
    people.set(chat.who, customer);
    await play(parts, chat, customer, agents);
  }
  return agents;
}

async function addAgents(store: Store, passwordHash: string, now: Date): Promise<Agent[]> {
  const createdAt = new Date(now.getTime() - 400 * DAY);
  const [ada, grace] = DEMO.agents;
  const draft = { passwordHash, capacity: 2, createdAt };
  const first = await store.agents.register({ id: newId(now), ...ada, ...draft }, undefined, now);
  const invite = {
    id: crypto.randomUUID(),
    expiresAt: new Date(now.getTime() + DAY),
    grant: { kind: "invite", role: "agent" },
  } as const;
  await store.vouchers.add(invite);
  return [
    first,
    await store.agents.register({ id: newId(now), ...grace, ...draft }, invite.id, now),
  ];
}

async function addCustomer(
  store: Store,
  name: string,
  passwordHash: string,
  now: Date,
): Promise<Customer> {
  const known = DEMO.customers.find((customer) => customer.name === name);
  const email = known?.email ?? `${name.split(" ")[0]?.toLowerCase()}@example.com`;
  const createdAt = new Date(now.getTime() - (30 + name.length * 13) * DAY);
  const customer = { id: newId(now), name, email, createdAt };
  await store.customers.add(customer, passwordHash);
  return customer;
}

/** Plays a chat into the store, each line at its own past time. */
async function play(
  { store, clock, library }: DemoParts,
  chat: DemoChat,
  customer: Customer,
  agents: readonly Agent[],
): Promise<void> {
  const began = clock.now().getTime() - chat.minutesAgo * MINUTE;
  const at = (minute: number) => new Date(began + minute * MINUTE);
  const { session: { id } } = await store.sessions.start({ id: newId(), customer }, at(0));
  for (const line of chat.lines) {
    const session = await store.sessions.find(id);
    if (session) await say({ store, library, agents, customer, session }, line, at(line[0]));
  }
}

interface Scene {
  readonly store: Store;
  readonly library: Library;
  readonly agents: readonly Agent[];
  readonly customer: Customer;
  readonly session: Session;
}

async function say(scene: Scene, [, who, text = "", quote]: Line, at: Date): Promise<void> {
  const { store, agents, customer, session } = scene;
  const agent = agents.find(({ id }) => id === session.assignedAgent);
  const move = (to: Parameters<Store["sessions"]["move"]>[1], ...events: MoveEvent[]) =>
    store.sessions.move(session, to, events, at);
  switch (who) {
    case "customer":
      await store.messages.append(session.id, { ...customer, side: "user" }, { text }, at);
      return;
    case "agent":
      if (agent) await store.messages.append(session.id, { ...agent, side: "agent" }, { text }, at);
      return;
    case "ai":
      return await answer(scene, text, quote, at);
    case "asks":
      await move("waiting", { kind: "asked", by: customer.name, rule: "button" });
      return;
    case "joins": {
      const { id: agentId, name: agentName } = agents[Number(text)] ?? agents[0] as Agent;
      const event = {
        kind: "assigned",
        agentId,
        agentName,
        reason: "the customer waited longest",
      } as const;
      await move({ agentId }, event);
      return;
    }
    case "ends":
      await move("closed", {
        kind: "closed",
        by: text || customer.name,
        reason: text ? "by an agent" : "by the customer",
      });
      return;
    case "rates":
      await store.sessions.rate(session.id, Number(text[0]), text.slice(2) || undefined, at);
  }
}

async function answer(
  { store, library, session }: Scene,
  text: string,
  quote: readonly [slug: string, words: string] | undefined,
  at: Date,
): Promise<void> {
  const sources = quote ? library.verify([{ slug: quote[0], quote: quote[1] }]) : [];
  const outcome = sources.length > 0 ? "answered" as const : "no_match" as const;
  const id = newId(at);
  await store.messages.beginAnswer(session.id, id, new Date(at.getTime() + MINUTE), at);
  await store.messages.finishAnswer(session.id, id, {
    text,
    sources,
    upTo: session.askedSeq,
    misses: sources.length > 0 ? 0 : 1,
    failures: 0,
    event: { kind: "answered", outcome, articles: sources.map(({ title }) => title) },
  }, at);
}
