/** Everybody who may ask for anything, what they ask for, and what must not change when they are refused. */
import assert from "node:assert/strict";
import type { AgentActor } from "../services/desk.ts";
import type { Side } from "../services/domain.ts";
import { type Person, type TestSite, testSite } from "./helpers.ts";
import { type HttpAnswer, upgrade } from "./raw_socket.ts";
import { ARTICLES } from "./talk.ts";

export const CALLERS = [
  "nobody",
  "the customer",
  "another customer",
  "the agent",
  "another agent",
  "an admin",
  "a signed-out customer",
  "a signed-out agent",
] as const;
export type Caller = typeof CALLERS[number];
export const MEANS = ["cookie", "bearer"] as const;
export type Means = typeof MEANS[number];
/** What of whom an address names. */
export const TARGETS = ["own", "others", "random", "malformed"] as const;
export type Target = typeof TARGETS[number];
export type Thing = "session" | "closed session" | "agent" | "customer";

/** One request, but for who sends it. */
export interface Request_ {
  readonly method: string;
  readonly path: string;
  readonly json?: object | undefined;
  readonly form?: Record<string, string> | undefined;
  readonly isSocket?: boolean;
}

interface Pair {
  readonly linus: string;
  readonly barbara: string;
}

export class World implements AsyncDisposable {
  readonly site: TestSite;
  readonly linus: Person;
  readonly barbara: Person;
  readonly root: Person;
  readonly ada: Person;
  readonly grace: Person;
  #sessions: Pair = { linus: "", barbara: "" };
  readonly #closed: Pair;
  #n = 0;

  private constructor(site: TestSite, people: Record<string, Person>, closed: Pair) {
    this.site = site;
    this.#closed = closed;
    this.root = people.root!;
    this.ada = people.ada!;
    this.grace = people.grace!;
    this.linus = people.linus!;
    this.barbara = people.barbara!;
  }

  /** The demo too, so that its routes are looked at with the others, unless it is in the way. */
  static async open(
    env: Record<string, string> = {},
    { demo = true, logged = [] }: { demo?: boolean; logged?: string[] } = {},
  ): Promise<World> {
    const site = await testSite({ articles: ARTICLES, demo, env, logged });
    const root = await site.agent("Root");
    const people = {
      root,
      ada: await site.agent("Ada"),
      grace: await site.agent("Grace"),
      linus: await site.customer("Linus"),
      barbara: await site.customer("Barbara"),
    };
    const closed = async (who: Person) => {
      const { sessionId } = (await who.post("/api/session/start")).body;
      await who.post("/api/session/message", { sessionId, message: `By ${who.name}` });
      await who.post("/api/session/end", { sessionId });
      return sessionId;
    };
    const world = new World(site, people, {
      linus: await closed(people.linus),
      barbara: await closed(people.barbara),
    });
    await world.restore();
    return world;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.site[Symbol.asyncDispose]();
  }

  /** Linus with Ada, Barbara with Grace, all there: as if nobody had done anything. */
  async restore(): Promise<void> {
    const { desk, chat, presence } = this.site.site.parts;
    for (const { id } of [this.root, this.ada, this.grace]) {
      await presence.signIn(id);
      await desk.set(id, { capacity: 5 });
    }
    const by: AgentActor = { side: "agent", id: this.root.id, name: "Root", role: "admin" };
    const talk = async (customer: Person, agent: Person) => {
      const actor = { side: "user" as const, id: customer.id, name: customer.name };
      const { session } = await chat.start(actor);
      await chat.transfer(by, session.id, agent.id);
      return session.id;
    };
    this.#sessions = {
      linus: await talk(this.linus, this.ada),
      barbara: await talk(this.barbara, this.grace),
    };
  }

  /** Different at each call: for what may be there only once. */
  fresh(): string {
    return `n${++this.#n}`;
  }

  /** The id of a `thing` as `target` for `caller`. */
  idOf(thing: Thing, target: Target, caller: Caller): string {
    const { linus, barbara, ada, grace } = this;
    const pair: Pair = {
      "session": this.#sessions,
      "closed session": this.#closed,
      "agent": { linus: ada.id, barbara: grace.id },
      "customer": { linus: linus.id, barbara: barbara.id },
    }[thing];
    const isSecond = caller === "another customer" || caller === "another agent";
    const [own, others] = isSecond ? [pair.barbara, pair.linus] : [pair.linus, pair.barbara];
    if (target === "own") return own;
    if (target === "others") return others;
    if (target === "random") return crypto.getRandomValues(new Uint8Array(12)).toHex();
    const malformed = ["nonsense", `${own}0`, ` ${own}`, `${own}\0`, "__proto__", "../chat", "%"];
    return malformed[++this.#n % malformed.length] ?? "";
  }

  /** Sends it as `caller`, with a sign-in made for this one request. */
  async ask(
    request: Request_,
    { caller, means, origin = this.site.url }: {
      caller: Caller;
      means: Means;
      origin?: string | undefined;
    },
  ): Promise<HttpAnswer> {
    const headers = new Headers(await this.credentials(caller, means));
    if (means === "cookie" && origin !== "") headers.set("origin", origin);
    return await this.send(request, headers);
  }

  async send(request: Request_, headers: Headers): Promise<HttpAnswer> {
    const { method, path, json, form, isSocket } = request;
    const { url } = this.site;
    if (isSocket) return await upgrade(url, path, Object.fromEntries(headers));
    if (json) headers.set("content-type", "application/json");
    const body = json ? JSON.stringify(json) : form && new URLSearchParams(form);
    const response = await this.site.fetch(path, { method, headers, ...(body && { body }) });
    return { status: response.status, headers: response.headers, body: await response.text() };
  }

  async credentials(caller: Caller, means: Means): Promise<Record<string, string>> {
    if (caller === "nobody") return {};
    const { signIns } = this.site.site.parts;
    const { side, id } = this.#whoIs(caller);
    const token = await signIns.begin(side, id);
    if (caller.startsWith("a signed-out")) {
      const signedIn = await signIns.behind(token);
      assert.ok(signedIn); // so that having ended means something
      await signIns.end(signedIn.signInId);
    }
    if (means === "bearer") return { authorization: `Bearer ${token}` };
    return { cookie: `handoff_${side}=${token}` };
  }

  /** All that a request could have changed. */
  async snapshot(): Promise<string> {
    const { sessions, agents, customers } = this.site.store;
    const found = await Promise.all(
      [this.#sessions, this.#closed].flatMap(({ linus, barbara }) => [linus, barbara])
        .map(async (id) => [await sessions.find(id), (await sessions.events(id)).length]),
    );
    const staff = (await agents.all()).map(({ presentUntil: _, ...rest }) => rest);
    const hashes = [
      ...await Promise.all([this.linus, this.barbara].map(({ id }) => customers.passwordHash(id))),
      ...await Promise.all(staff.map(({ id }) => agents.passwordHash(id))),
    ];
    const names = await Promise.all([this.linus, this.barbara].map(({ id }) => customers.find(id)));
    return JSON.stringify([found, staff, hashes, names]);
  }

  #whoIs(caller: Exclude<Caller, "nobody">): { side: Side; id: string } {
    return {
      "the customer": { side: "user", id: this.linus.id },
      "another customer": { side: "user", id: this.barbara.id },
      "the agent": { side: "agent", id: this.ada.id },
      "another agent": { side: "agent", id: this.grace.id },
      "an admin": { side: "agent", id: this.root.id },
      "a signed-out customer": { side: "user", id: this.linus.id },
      "a signed-out agent": { side: "agent", id: this.ada.id },
    }[caller] as { side: Side; id: string };
  }
}
