/** Many people cheaply, on any number of servers: guests over HTTP, agents straight through the store, no bcrypt. */
import assert from "node:assert/strict";
import { systemClock } from "../services/clock.ts";
import { type AgentStatus, newId, TIMES } from "../services/domain.ts";
import { SignIns } from "../services/sign_ins.ts";
import type { Store } from "../services/store.ts";
import { type Answer, eventually, listen, type Listener } from "./helpers.ts";

// deno-lint-ignore no-explicit-any -- answers are looked at field by field, by assertions
type Json = any;

/** Somebody signed in, who may ask any of the servers over one store. */
export class Someone {
  readonly side: "user" | "agent";
  readonly id: string;
  readonly name: string;
  readonly token: string;

  constructor(side: "user" | "agent", id: string, name: string, token: string) {
    this.side = side;
    this.id = id;
    this.name = name;
    this.token = token;
  }

  get bearer(): Record<string, string> {
    return { authorization: `Bearer ${this.token}` };
  }

  get(url: string, path: string): Promise<Answer> {
    return call(url + path, { headers: this.bearer });
  }

  post(url: string, path: string, body: unknown = {}): Promise<Answer> {
    const headers = { ...this.bearer, "content-type": "application/json" };
    return call(url + path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  start(url: string): Promise<Answer> {
    return this.post(url, "/api/session/start");
  }

  say(url: string, sessionId: string, text: string, clientId?: string): Promise<Answer> {
    return this.post(url, "/api/session/message", { sessionId, text, clientId });
  }

  act(url: string, verb: string, sessionId: string, more: object = {}): Promise<Answer> {
    return this.post(url, `/api/session/${verb}`, { sessionId, ...more });
  }

  /** The JSON socket; `query` as in `sessionId=…&after=3`. */
  socket(url: string, query: string): Promise<Listener> {
    return listen(`${url.replace("http", "ws")}/ws?${query}`, { headers: this.bearer });
  }

  /** The hypermedia socket of a page, by cookie. */
  live(url: string, path: string): Promise<Listener> {
    const headers = { cookie: `handoff_${this.side}=${this.token}`, origin: url };
    return listen(url.replace("http", "ws") + path, { headers });
  }

  /** A session's messages from the first. */
  async log(url: string, sessionId: string): Promise<Json[]> {
    const all: Json[] = [];
    for (let more = true; more;) {
      const query = `sessionId=${sessionId}&after=${all.at(-1)?.seq ?? 0}&limit=200`;
      const { status, body } = await this.get(url, `/api/session/messages?${query}`);
      assert.equal(status, 200, JSON.stringify(body));
      all.push(...body.messages);
      more = body.hasMore;
    }
    return all;
  }
}

export async function call(url: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(url, { redirect: "manual", ...init });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json");
  return {
    status: response.status,
    headers: response.headers,
    body: isJson ? JSON.parse(text) : text,
  };
}

/** So many customers, welcomed by the servers in turn. */
export function guests(urls: readonly string[], count: number): Promise<Someone[]> {
  return times(count, async (i) => {
    const name = `Guest ${i + 1}`;
    const { status, body } = await call(`${urls[i % urls.length]}/api/user/guest`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name }),
    });
    assert.equal(status, 201, JSON.stringify(body));
    return new Someone("user", body.userId, name, body.token);
  });
}

/** An agent, signed in, and present for a day whatever happens unless `lease` says for how long. */
export async function hire(
  store: Store,
  name: string,
  { capacity = 1, chosen = "available" as AgentStatus, lease = TIMES.idle as number } = {},
): Promise<Someone> {
  const now = new Date();
  const invite = newId();
  const grant = { kind: "invite", role: "agent" } as const;
  await store.vouchers.add({ id: invite, grant, expiresAt: new Date(now.getTime() + 60_000) });
  const email = `${newId()}@agents.example`;
  const draft = { id: newId(), name, email, passwordHash: "none", capacity, createdAt: now };
  const { id } = await store.agents.register(draft, invite, now);
  await store.agents.present(id, new Date(now.getTime() + lease), now);
  await store.agents.set(id, { chosen }, now);
  return new Someone(
    "agent",
    id,
    name,
    await new SignIns({ store, clock: systemClock }).begin("agent", id),
  );
}

/** The session that somebody starts there, as the server tells of it. */
export async function started(who: Someone, url: string): Promise<Json> {
  const { status, body } = await who.start(url);
  assert.ok(status === 201 || status === 200, JSON.stringify(body));
  return body;
}

export const times = <T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

export const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);

/** How many of each there are. */
export function tally(values: Iterable<string | number>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

/** Waits for an answer with that status. */
export const untilStatus = (url: string, status: number, within?: number): Promise<unknown> =>
  eventually(async () => (await call(url)).status === status, {
    ...(within && { within }),
    what: `${status} from ${url}`,
  });

/** Numbers that look random and are the same for the same seed (mulberry32). */
export function chance(seed: number) {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    /** A whole number from `from` to `to`. */
    between: (from: number, to: number): number => from + Math.floor(next() * (to - from + 1)),
    pick: <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T,
  };
}

/** A line of numbers, for whoever runs the tests. */
export const print = (text: string): void =>
  void Deno.stdout.writeSync(new TextEncoder().encode(`    ${text}\n`));

/** Does `work` for each of the list, so many at a time. */
export async function pooled<T>(
  atOnce: number,
  list: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const items = list.values();
  await times(atOnce, async () => {
    for (const item of items) await work(item);
  });
}
