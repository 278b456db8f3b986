/** Whom a JSON socket hears of: one session, or everything that concerns an agent. */
import type { Actor, Session } from "../services/domain.ts";
import type { Follower, Update } from "../services/feed.ts";
import { framesOf, sessionFrame } from "./frames.ts";
import type { Parts } from "./parts.ts";
import type { Connection } from "./sockets.ts";
import { Speaker } from "./speaker.ts";

const MAX_LINE = 200;

export class SessionChannel implements Follower {
  readonly #parts: Parts;
  readonly #connection: Connection;
  readonly #actor: Actor;
  readonly #session: Pick<Session, "id" | "lastSeq">;
  readonly #speaker: Speaker;
  #first = true;

  /** `session` as it was when its reader was let in: what is said from then on is theirs to hear. */
  constructor(
    parts: Parts,
    connection: Connection,
    actor: Actor,
    { id, lastSeq }: Pick<Session, "id" | "lastSeq">,
  ) {
    this.#parts = parts;
    this.#connection = connection;
    this.#actor = actor;
    this.#session = { id, lastSeq };
    this.#speaker = new Speaker(parts, connection, actor, { sessionId: id });
  }

  /** `after` as it stands in the address: a `seq` that the session never reached gets `resync` and everything. */
  async open(after: string | undefined): Promise<void> {
    const { id: sessionId, lastSeq } = this.#session;
    const known = after === undefined || (/^\d{1,15}$/.test(after) && Number(after) <= lastSeq);
    if (!known) {
      const error = "This conversation never got that far; here is all of it";
      this.#connection.send(JSON.stringify({ type: "error", code: "resync", error, sessionId }));
    }
    const from = known ? Number(after ?? lastSeq) : 0;
    this.#connection.keep(await this.#parts.bus.follow(sessionId, this, { after: from }));
  }

  deliver(update: Update): void {
    const first = this.#first;
    this.#first = false;
    const fresh = first ? { ...update, typing: [], seen: [] } : update;
    for (const frame of framesOf(fresh, this.#actor, (message) => this.#speaker.sent(message))) {
      this.#connection.send(frame);
    }
  }
}

export class AgentChannel implements Follower {
  readonly #parts: Parts;
  readonly #connection: Connection;
  readonly #agent: Actor;
  readonly #speaker: Speaker;
  readonly #openedAt: Date;
  readonly #following = new Map<string, Disposable>();
  /** The last `seq` of each session that was told here: one that comes back goes on from there. */
  readonly #told = new Map<string, number>();
  #line = new Map<string, number>();
  #turn: Promise<void> = Promise.resolve();

  constructor(parts: Parts, connection: Connection, agent: Actor) {
    this.#parts = parts;
    this.#connection = connection;
    this.#agent = agent;
    this.#openedAt = parts.clock.now();
    this.#speaker = new Speaker(parts, connection, agent);
  }

  async open(): Promise<void> {
    this.#connection.keep(this.#parts.bus.listen((change) => {
      if (change.kind === "agent" && change.agentId === this.#agent.id) this.#later("sessions");
      else if (change.kind === "queue") this.#later("line");
      else if (change.kind === "gap") this.#later("sessions", "line");
    }));
    this.#connection.keep({
      [Symbol.dispose]: () => this.#following.forEach((leave) => leave[Symbol.dispose]()),
    });
    await this.#followMine();
    await this.#tellLine();
  }

  deliver(update: Update): void {
    const { session } = update;
    for (const frame of framesOf(update, this.#agent, (message) => this.#speaker.sent(message))) {
      this.#connection.send(frame);
    }
    this.#told.set(session.id, session.lastSeq);
    if (session.status === "open" && session.assignedAgent === this.#agent.id) return;
    this.#following.get(session.id)?.[Symbol.dispose](); // it went to somebody else: that was the last of it
    this.#following.delete(session.id);
  }

  #later(...what: readonly ("sessions" | "line")[]): void {
    this.#turn = this.#turn.then(async () => {
      if (what.includes("sessions")) await this.#followMine();
      if (what.includes("line")) await this.#tellLine();
    }).catch((error) => {
      this.#parts.log.warn("agent_channel", { error });
      this.#connection.close(1011, "Try again");
    });
  }

  async #followMine(): Promise<void> {
    const { bus, store } = this.#parts;
    for (const { id } of await store.sessions.carriedBy(this.#agent.id)) {
      if (this.#following.has(id)) continue;
      this.#following.set(id, { [Symbol.dispose]: () => {} });
      const after = this.#told.get(id) ?? await this.#sinceOpened(id);
      const leave = await bus.follow(id, this, { after });
      if (this.#following.has(id)) this.#following.set(id, leave);
      else leave[Symbol.dispose]();
    }
  }

  /** The last `seq` from before this socket: what was said between an assignment and our hearing of it is not lost. */
  async #sinceOpened(sessionId: string): Promise<number> {
    const { messages } = await this.#parts.store.messages.page(sessionId, { limit: 200 });
    const earlier = messages.findLast(({ timestamp }) => timestamp < this.#openedAt);
    return earlier?.seq ?? (messages[0]?.seq ?? 1) - 1;
  }

  /** Who entered the line, moved up in it, or left it. */
  async #tellLine(): Promise<void> {
    const { sessions } = this.#parts.store;
    const waiting = await sessions.waiting(MAX_LINE);
    const line = new Map(waiting.map(({ id }, index) => [id, index + 1]));
    const left = [...this.#line.keys()].filter((id) => !line.has(id) && !this.#following.has(id));
    for (const session of waiting) {
      const place = line.get(session.id);
      if (this.#line.get(session.id) !== place) this.#connection.send(sessionFrame(session, place));
    }
    for (const id of left) {
      const session = await sessions.find(id);
      if (session) this.#connection.send(sessionFrame(session, undefined));
    }
    this.#line = line;
  }
}
