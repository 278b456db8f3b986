/** A day at the desk: whatever people do, step by step; each step goes well or says "not now", and is then done again. */
import assert from "node:assert/strict";
import { newId, TIMES } from "../../services/domain.ts";
import { Fault } from "../../services/errors.ts";
import { call } from "../crowd.ts";
import {
  type Answer,
  eventually,
  type Frame,
  listen,
  type Listener,
  PASSWORD,
  pause,
  type TestSite,
} from "../helpers.ts";

const TRIES = 20;
const AGAIN_AFTER = 20;
const FORGETS_AFTER = 61 * 60_000;
const NEW_PASSWORD = `${PASSWORD}!`;

/** Somebody who signed in. */
interface Signed {
  readonly id: string;
  readonly token: string;
}

/** Called before each step, and when it went well. */
export interface Around {
  readonly before: (step: string) => Promise<void>;
  readonly after: (step: string) => Promise<void>;
}

/** What there is in the end; the same whatever went wrong meanwhile. */
export interface Outcome {
  readonly log: readonly string[];
  readonly events: readonly string[];
  readonly sessions: number;
  readonly carrying: number;
}

export class Day {
  /** How often a step was told to come back. */
  refusals = 0;
  readonly #site: TestSite;
  readonly #around: Around;
  readonly #name = newId();
  readonly #sockets: Listener[] = [];
  readonly #closed = new Set<Listener>();
  /** By clientId the ids that were acknowledged. */
  readonly #acked = new Map<string, string>();
  #admin: Signed;
  #linus: Signed = NOBODY;
  #ada: Signed = NOBODY;
  #grace: Signed = NOBODY;
  #sessionId = "";

  constructor(site: TestSite, admin: Signed, around: Around) {
    this.#site = site;
    this.#admin = admin;
    this.#around = around;
  }

  async live(): Promise<Outcome> {
    try {
      await this.#signUp();
      await this.#talk();
      await this.#handOver();
      await this.#look();
      const outcome = await this.#end();
      await this.#leave();
      return outcome;
    } finally {
      for (const socket of this.#sockets) await socket[Symbol.asyncDispose]();
    }
  }

  async #signUp(): Promise<void> {
    const linus = this.#account("linus");
    const [ada, grace] = [this.#account("ada"), this.#account("grace")];
    await this.#registers("user", linus);
    this.#linus = await this.#signsIn("user", linus);
    await this.#step("a guest comes", () => this.#json("", "/api/user/guest", { name: "Alan" }));
    for (const account of [grace, ada]) await this.#joins(account);
    this.#grace = await this.#signsIn("agent", grace);
    await this.#set(this.#grace, { status: "busy" });
    this.#ada = await this.#signsIn("agent", ada);
    await this.#set(this.#ada, { capacity: 3 });
  }

  async #talk(): Promise<void> {
    const { body } = await this.#step("start", () => this.#act(this.#linus, "start"));
    assert.equal(body.mode, "human");
    this.#sessionId = body.sessionId;
    await this.#says(this.#linus, "Hello?");
    await this.#says(this.#ada, "Good morning", { basedOn: 99 });
    await this.#step("a socket", () => this.#connect());
    await this.#speaks("By socket");
    await this.#form("typing", this.#linus, "typing", {});
    await this.#form("seen", this.#linus, "seen", { seq: "2" });
    await this.#form("a page's message", this.#linus, "messages", {
      text: "By form",
      clientId: newId(),
    });
  }

  async #handOver(): Promise<void> {
    const [ada, grace, linus] = [this.#ada, this.#grace, this.#linus];
    await this.#does(ada, "transfer", { agentId: grace.id, note: "Yours" });
    await this.#does(grace, "transfer", { agentId: "ai" });
    await this.#isAnswered(1); // what nobody has answered yet
    await this.#says(linus, "How long may I send it back?");
    await this.#isAnswered(2);
    await this.#does(ada, "claim");
    await this.#does(ada, "transfer", { agentId: "ai" });
    await this.#set(ada, { status: "busy" });
    await this.#does(linus, "handoff");
    await this.#does(linus, "handoff", { cancel: true });
    await this.#does(linus, "handoff");
    await this.#set(ada, { status: "available" });
    await eventually(async () => (await this.#info()).assignedAgent === ada.id, { what: "Ada" });
  }

  async #look(): Promise<void> {
    const [linus, ada] = [this.#linus, this.#ada];
    const id = this.#sessionId;
    const pages = [
      [linus, `/api/session/messages?sessionId=${id}&after=1&limit=2`],
      [linus, `/api/session/info?sessionId=${id}`],
      [linus, `/chat/${id}/transcript.json`],
      [linus, "/history"],
      [ada, `/api/session/agent/${ada.id}`],
      [ada, `/agent/sessions/${id}?list=others`],
      [ada, "/agent?q=hello"],
      [linus, "/readyz"],
    ] as const;
    for (const [who, path] of pages) {
      const name = `GET ${path.replace(/[0-9a-f]{24}/g, ":id")}`;
      await this.#step(name, () => this.#get(who, path));
    }
    await this.#step("a suggestion", () => this.#post(ada, `/agent/sessions/${id}/suggestion`, {}));
  }

  async #end(): Promise<Outcome> {
    await this.#does(this.#linus, "end");
    await this.#does(this.#linus, "rate", { rating: 5, comment: "Thanks" });
    await this.#step("the sweep", () => this.#sweep()); // gives places back that nobody could
    const { store } = this.#site;
    const { messages } = await store.messages.page(this.#sessionId, { limit: 200 });
    for (const { frames } of this.#sockets) {
      const seqs = frames.flatMap(({ type, seq }) => type === "message" ? [seq] : []);
      assert.deepEqual(seqs, [...new Set(seqs)].sort((one, other) => one - other));
    }
    for (const [clientId, id] of this.#acked) {
      assert.equal(
        messages.find((one) => one.clientId === clientId)?.id,
        id,
        "not as acknowledged",
      );
    }
    assert.deepEqual(messages.map(({ seq }) => seq), messages.map((_, index) => index + 1));
    const agent = await store.agents.find(this.#ada.id);
    return {
      log: messages.map(({ sender, text }) => `${sender}: ${text}`),
      events: (await store.sessions.events(this.#sessionId)).map(({ kind }) => kind),
      sessions: (await store.sessions.ofCustomer(this.#linus.id, { limit: 9 })).length,
      carrying: agent?.carrying ?? -1,
    };
  }

  async #leave(): Promise<void> {
    const [linus, ada] = [this.#linus, this.#ada];
    await this.#step("a new name", () => this.#post(linus, "/account/name", { name: "Linus T." }));
    const passwords = { current: PASSWORD, password: NEW_PASSWORD };
    await this.#step(
      "a new password",
      () => this.#post(ada, "/agent/account/password", passwords),
      [422],
    );
    const reset = `/agent/team/${ada.id}/reset`;
    const { body } = await this.#step("a reset link", () => this.#post(this.#admin, reset, {}));
    const [, link = ""] = /(\/reset\/[\w-]+)/.exec(body) ?? [];
    const renewed = () => this.#post(ada, link, { password: NEW_PASSWORD });
    await this.#step("a password by a link", renewed, [404]);
    const again = await this.#signsIn("agent", { ...this.#account("ada"), password: NEW_PASSWORD });
    for (const who of [linus, again, this.#grace]) {
      await this.#step("log out", () => this.#json(who.token, "/api/logout", {}), [401]);
    }
    this.#site.clock.skip(FORGETS_AFTER);
    await this.#step("the late sweep", () => this.#sweep());
  }

  // ---- what people do -----------------------------------------------------------------------------

  #account(name: string) {
    return { name, email: `${name}.${this.#name}@example.com`, password: PASSWORD };
  }

  /** Who was told to come back may have been registered all the same. */
  async #registers(side: "user" | "agent", account: object): Promise<void> {
    const register = () => this.#json("", `/api/${side}/register`, account);
    await this.#step(`a ${side} registers`, register, [409, 403]);
  }

  async #joins(account: object): Promise<void> {
    const invite = await this.#step(
      "invite",
      () => this.#json(this.#admin.token, "/api/agent/invite", {}),
    );
    await this.#registers("agent", { ...account, invite: invite.body.invite });
  }

  async #signsIn(side: "user" | "agent", account: object): Promise<Signed> {
    const { body } = await this.#step(
      `a ${side} signs in`,
      () => this.#json("", `/api/${side}/login`, account),
    );
    return { id: body.userId ?? body.agentId, token: body.token };
  }

  async #set(who: Signed, wish: object): Promise<void> {
    const what = `set ${Object.values(wish)}`;
    await this.#step(what, () => this.#json(who.token, "/api/agent/status", wish));
  }

  async #does(who: Signed, verb: string, more: object = {}): Promise<void> {
    await this.#step(verb, () => this.#act(who, verb, { sessionId: this.#sessionId, ...more }));
  }

  async #says(who: Signed, text: string, more: object = {}): Promise<void> {
    const clientId = newId();
    const message = { sessionId: this.#sessionId, text, clientId, ...more };
    const say = () => this.#act(who, "message", message);
    this.#acked.set(clientId, (await this.#step("a message", say)).body.id);
    assert.equal((await say()).body.id, this.#acked.get(clientId), "a repeat is the first");
  }

  /** As a client does whose socket was closed: it opens another, and says it again. */
  async #speaks(text: string): Promise<void> {
    const clientId = newId();
    const frame = { sessionId: this.#sessionId, message: text, clientId };
    const isAnswer = (one: Frame) => one.clientId === clientId && /ack|error/.test(one.type);
    const { body } = await this.#step("a message by socket", async () => {
      const socket = this.#sockets.at(-1);
      if (!socket || this.#closed.has(socket)) return await this.#connect(503);
      const from = socket.frames.length;
      socket.send(frame);
      const answer = await eventually(
        () => this.#closed.has(socket) ? CLOSED : socket.frames.slice(from).find(isAnswer),
        { within: 15_000, what: "an answer on the socket" },
      );
      if (answer.type === "ack") return answered(200, answer);
      return answered(answer.code === "unavailable" ? 503 : 500, answer);
    });
    this.#acked.set(clientId, body.id);
  }

  /** `opened` is what it counts for. */
  async #connect(opened = 200): Promise<Answer> {
    const ticket = await this.#json(this.#linus.token, "/api/ws-ticket", {});
    if (ticket.status !== 200) return ticket;
    const query = `sessionId=${this.#sessionId}&ticket=${ticket.body.ticket}`;
    const address = `${this.#site.url.replace("http", "ws")}/ws?${query}`;
    const socket = await listen(address).catch(() => undefined);
    if (!socket) return answered(503, "");
    this.#sockets.push(socket);
    void socket.closed.then(() => this.#closed.add(socket));
    return answered(opened, "");
  }

  async #form(what: string, who: Signed, verb: string, fields: Record<string, string>) {
    await this.#step(what, () => this.#post(who, `/chat/${this.#sessionId}/${verb}`, fields));
  }

  /** By the assistant, so often up to now. An answer that was claimed, but not known to be, is claimed again later. */
  async #isAnswered(count: number): Promise<void> {
    const { store: { messages }, clock } = this.#site;
    const isThere = async () => {
      const page = await messages.page(this.#sessionId, { limit: 200 }).catch(unlessAway);
      return page && page.messages.filter(({ sender }) => sender === "ai").length === count;
    };
    const what = `answer ${count} of the assistant`;
    await eventually(isThere, { within: 2_000 }).catch(async () => {
      clock.skip(TIMES.answerLease);
      await eventually(isThere, { within: 10_000, what });
    });
  }

  async #info() {
    return (await this.#get(this.#linus, `/api/session/info?sessionId=${this.#sessionId}`)).body;
  }

  #sweep(): Promise<Answer> {
    return this.#site.site.sweeps.sweep().then(() => answered(200, ""), (error) => {
      unlessAway(error);
      return answered(503, "");
    });
  }

  // ---- how it is asked ----------------------------------------------------------------------------

  /** Until it goes well. `later`: statuses that mean that it had, though it said "not now". */
  async #step(
    what: string,
    work: () => Promise<Answer>,
    later: readonly number[] = [],
  ): Promise<Answer> {
    await this.#around.before(what);
    for (let tries = 0; tries < TRIES; tries++) {
      const answer = await work();
      const { status, body } = answer;
      const isDone = status < 400 || (tries > 0 && later.includes(status));
      if (isDone) {
        await this.#around.after(what);
        return answer;
      }
      assert.equal(status, 503, `${what}: ${status} ${JSON.stringify(body)}`);
      this.refusals++;
      await pause(AGAIN_AFTER);
    }
    throw new Error(`${what} never went well`);
  }

  #act(who: Signed, verb: string, more: object = {}): Promise<Answer> {
    return this.#json(who.token, `/api/session/${verb}`, more);
  }

  #json(token: string, path: string, body: object): Promise<Answer> {
    const headers = {
      "content-type": "application/json",
      ...token && { authorization: `Bearer ${token}` },
    };
    return call(this.#site.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  #get({ token }: Signed, path: string): Promise<Answer> {
    return call(this.#site.url + path, { headers: { authorization: `Bearer ${token}` } });
  }

  #post({ token }: Signed, path: string, fields: Record<string, string>): Promise<Answer> {
    const headers = { authorization: `Bearer ${token}` };
    const body = new URLSearchParams(fields);
    return call(this.#site.url + path, { method: "POST", headers, body });
  }
}

const CLOSED: Frame = { type: "closed", code: "unavailable" };
const NOBODY: Signed = { id: "", token: "" };

const answered = (status: number, body: unknown): Answer => ({
  status,
  headers: new Headers(),
  body,
});

export function unlessAway(error: unknown): false {
  if (error instanceof Fault && error.code === "unavailable") return false;
  throw error;
}
