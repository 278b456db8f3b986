/** The whole app for a test: `testSite()`, a clock that can be moved, and the cast (Ada, Grace; Linus, Barbara). */
import assert from "node:assert/strict";
import { openSite, type Site } from "../main.ts";
import { serve } from "../routes/transport.ts";
import type { Article } from "../services/articles.ts";
import { BuiltInAssistant } from "../services/builtin.ts";
import type { Clock } from "../services/clock.ts";
import { parseConfig } from "../services/config.ts";
import { Library } from "../services/library.ts";
import type { LlmClient } from "../services/llm.ts";
import { openLog } from "../services/log.ts";
import { Passwords } from "../services/passwords.ts";
import type { Store } from "../services/store.ts";
import { freshStore, quiet } from "./databases.ts";

/** A test that fails when it leaves anything open: since Deno 2.8 the sanitizers are off unless asked for. */
export function test(name: string, fn: () => Promise<void> | void): void {
  Deno.test({ name, fn, sanitizeOps: true, sanitizeResources: true });
}

/** The limiter's timers, one for each key and not holding a process up, outlast the site. */
export function testOfLimits(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}

// ---- time ---------------------------------------------------------------------------------------

interface Timer {
  readonly due: number;
  readonly work: () => void;
  readonly real: ReturnType<typeof setTimeout>;
}

/** Goes on by itself like any clock, and can be moved: what falls due on the way happens, in its order. */
export class MovableClock implements Clock {
  #offset: number;
  readonly #timers = new Set<Timer>();

  /** `ahead` milliseconds from now; below zero, in the past. */
  constructor(ahead = 0) {
    this.#offset = ahead;
  }

  now(): Date {
    return new Date(Date.now() + this.#offset);
  }

  after(ms: number, work: () => void): Disposable {
    const real = setTimeout(() => this.#fire(timer), ms);
    const timer: Timer = { due: this.now().getTime() + ms, work, real };
    this.#timers.add(timer);
    return {
      [Symbol.dispose]: () => {
        clearTimeout(real);
        this.#timers.delete(timer);
      },
    };
  }

  /** Moves on by `ms`; timers on the way run, each at its own time. */
  async move(ms: number): Promise<void> {
    const end = this.now().getTime() + ms;
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.due <= end)
        .sort((a, b) => a.due - b.due)[0];
      if (!due) break;
      this.#offset += Math.max(0, due.due - this.now().getTime());
      this.#fire(due);
      await quiet(); // what the timer began gets its turn
    }
    this.#offset += Math.max(0, end - this.now().getTime());
  }

  /** Moves on by `ms` as a machine that slept: timers come late, all at once or, for short skips, when they would. */
  skip(ms: number): void {
    this.#offset += ms;
  }

  #fire(timer: Timer): void {
    clearTimeout(timer.real);
    if (this.#timers.delete(timer)) timer.work();
  }
}

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Looks every few milliseconds until `look` gives something; fails after `within` milliseconds. */
export async function eventually<T>(
  look: () => T | Promise<T>,
  { within = 5_000, what = "it" } = {},
): Promise<NonNullable<T>> {
  for (const end = Date.now() + within; Date.now() < end; await pause(10)) {
    const found = await look();
    if (found) return found as NonNullable<T>;
  }
  throw new assert.AssertionError({ message: `${what} did not happen within ${within} ms` });
}

// ---- the app ------------------------------------------------------------------------------------

export interface TestOptions {
  readonly env?: Record<string, string>;
  readonly articles?: readonly Article[];
  readonly llm?: LlmClient;
  readonly clock?: MovableClock;
  /** An open store, which stays the caller's; else a fresh one. */
  readonly store?: Store;
  readonly demo?: boolean;
  /** Lines of the log go here, at level debug. */
  readonly logged?: string[];
}

export interface TestSite extends AsyncDisposable {
  readonly site: Site;
  readonly store: Store;
  readonly clock: MovableClock;
  readonly logged: readonly string[];
  /** Where it listens, for sockets and browsers: `http://127.0.0.1:12345`. */
  readonly url: string;
  /** A request from this host, without cookies, unless given. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Registers and signs in a customer / an agent (the first one is admin, others are invited by the first). */
  customer(name: string): Promise<Person>;
  agent(name: string): Promise<Person>;
  /** Somebody of another site over the same store, at this one. */
  known(who: Person): Person;
}

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly token: string;
  readonly cookie: string;
  /** With the bearer token. */
  get(path: string): Promise<Answer>;
  post(path: string, body?: unknown): Promise<Answer>;
  /** Opens `/ws` with a ticket; `query` as in `sessionId=…&after=3`. */
  socket(query: string): Promise<Listener>;
  /** A page by its cookie. */
  page(path: string): Promise<string>;
  /** A plain form by its cookie and this site's Origin. */
  form(path: string, fields: Record<string, string>): Promise<Response>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // deno-lint-ignore no-explicit-any -- answers are looked at field by field, by assertions
  readonly body: any;
}

export const PASSWORD = "correct horse battery";

export async function testSite(options: TestOptions = {}): Promise<TestSite> {
  const logged = options.logged ?? [];
  const log = openLog("debug", (line) => logged.push(line));
  const clock = options.clock ?? new MovableClock();
  const store = options.store ?? await freshStore();
  const site = openSite({
    config: parseConfig({ RATE_LIMITS: "off", ...options.env }),
    store,
    log,
    library: new Library(options.articles ?? []),
    passwords: await Passwords.open(log, 4),
    llm: options.llm ?? new BuiltInAssistant({ pause: () => Promise.resolve() }),
    clock,
    company: "Northwind",
    demo: options.demo ?? false,
  });
  const serving = await serve(site.app, { port: 0, host: "127.0.0.1", log });
  const url = `http://127.0.0.1:${serving.port}`;
  const listeners = new Set<Listener>();
  const people = new People(url, store, listeners);
  return {
    site,
    store,
    clock,
    logged,
    url,
    fetch: (path, init) => fetch(url + path, { redirect: "manual", ...init }),
    customer: (name) => people.customer(name),
    agent: (name) => people.agent(name),
    known: ({ id, name, email, token, cookie }) =>
      person(url, listeners, { id, name, email, token, cookie }),
    async [Symbol.asyncDispose]() {
      for (const listener of listeners) await listener[Symbol.asyncDispose]();
      await site[Symbol.asyncDispose]();
      await serving.close();
      if (!options.store) await store[Symbol.asyncDispose]();
    },
  };
}

class People {
  readonly #url: string;
  readonly #store: Store;
  readonly #listeners: Set<Listener>;
  #admin: Person | undefined;

  constructor(url: string, store: Store, listeners: Set<Listener>) {
    this.#url = url;
    this.#store = store;
    this.#listeners = listeners;
  }

  async customer(name: string): Promise<Person> {
    const email = `${name.toLowerCase().match(/[a-z0-9]+/g)?.join(".")}@example.com`;
    await this.#ok("/api/user/register", { name, email, password: PASSWORD });
    return await this.#signIn("user", email);
  }

  async agent(name: string): Promise<Person> {
    const email = `${name.toLowerCase().match(/[a-z0-9]+/g)?.join(".")}@agents.example`;
    const invite = this.#admin && (await this.#admin.post("/api/agent/invite", {})).body.invite;
    await this.#ok("/api/agent/register", {
      name,
      email,
      password: PASSWORD,
      ...(invite && { invite }),
    });
    const agent = await this.#signIn("agent", email);
    this.#admin ??= agent;
    return agent;
  }

  async #signIn(side: "user" | "agent", email: string): Promise<Person> {
    const { answer, cookie } = await this.#ok(`/api/${side}/login`, { email, password: PASSWORD });
    return person(this.#url, this.#listeners, {
      id: answer.userId ?? answer.agentId,
      name: answer.name,
      email,
      token: answer.token,
      cookie,
    });
  }

  async #ok(path: string, body: unknown) {
    const response = await fetch(this.#url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    assert.ok(response.ok, `${path}: ${JSON.stringify(answer)}`);
    return {
      answer,
      cookie: response.headers.getSetCookie().map((c) => c.split(";")[0]).join("; "),
    };
  }
}

type Identity = Pick<Person, "id" | "name" | "email" | "token" | "cookie">;

function person(url: string, listeners: Set<Listener>, identity: Identity): Person {
  const { token, cookie } = identity;
  const call = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(url + path, {
      method,
      redirect: "manual",
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json");
    return {
      status: response.status,
      headers: response.headers,
      body: isJson ? JSON.parse(text) : text,
    };
  };
  return {
    ...identity,
    get: (path) => call("GET", path),
    post: (path, body = {}) => call("POST", path, body),
    async socket(query) {
      const { body } = await call("POST", "/api/ws-ticket", {});
      const listener = await listen(
        `${url.replace("http", "ws")}/ws?ticket=${body.ticket}&${query}`,
      );
      listeners.add(listener);
      return listener;
    },
    async page(path) {
      const response = await fetch(url + path, { headers: { cookie } });
      return await response.text();
    },
    form: (path, fields) =>
      fetch(url + path, {
        method: "POST",
        redirect: "manual",
        headers: { cookie, origin: url },
        body: new URLSearchParams(fields),
      }),
  };
}

// ---- sockets ------------------------------------------------------------------------------------

// deno-lint-ignore no-explicit-any -- frames are looked at field by field, by assertions
export type Frame = any;

/** One end of a socket: what has come, in order. */
export class Listener implements AsyncDisposable {
  /** All frames that have come, JSON parsed; HTML as it is. */
  readonly frames: Frame[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #socket: WebSocket;
  #read = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      try {
        const frame = JSON.parse(data);
        if (Object.keys(frame).length > 0) this.frames.push(frame); // {} is the heartbeat
      } catch {
        this.frames.push(data);
      }
    });
    this.closed = new Promise((done) =>
      socket.addEventListener("close", ({ code, reason }) => done({ code, reason }))
    );
  }

  send(frame: unknown): void {
    this.#socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  /** The next frame that `is`, past those already taken by this method. */
  async next(is: (frame: Frame) => boolean = () => true): Promise<Frame> {
    return await eventually(() => {
      const index = this.frames.findIndex((frame, i) => i >= this.#read && is(frame));
      if (index < 0) return undefined;
      this.#read = index + 1;
      return this.frames[index];
    }, { what: "a frame like that" });
  }

  type(type: string): Promise<Frame> {
    return this.next((frame) => frame.type === type);
  }

  /** Whether nothing that `is` comes for a while. */
  async silence(is: (frame: Frame) => boolean = () => true, ms = 300): Promise<boolean> {
    const from = this.frames.length;
    await pause(ms);
    return !this.frames.slice(from).some(is);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.readyState <= WebSocket.OPEN) this.#socket.close();
    await this.closed;
  }
}

/** Opens a socket; throws when the upgrade is refused. */
export async function listen(
  url: string,
  init?: { headers?: Record<string, string> },
): Promise<Listener> {
  const socket = new WebSocket(url, init as never);
  const listener = new Listener(socket);
  await new Promise<void>((done, fail) => {
    socket.addEventListener("open", () => done(), { once: true });
    socket.addEventListener("close", () => fail(new Error("refused")), { once: true });
    socket.addEventListener("error", () => {});
  });
  return listener;
}
