/** What a JSON socket says and hears: of one session, or of everything that concerns an agent. */
import { z } from "zod";
import { type Actor, type Message, Seq, type Session, type Side } from "../services/domain.ts";
import { Fault } from "../services/errors.ts";
import type { Follower, Update } from "../services/feed.ts";
import { messageJson, sessionJson } from "./api/json.ts";
import { SentMessage } from "./api/messages.ts";
import { invalid } from "./api/openapi.ts";
import { faultJson } from "./faults.tsx";
import type { Parts } from "./parts.ts";
import type { Connection } from "./sockets.ts";

const MAX_FRAME = 16 * 1024;
const BAD_FRAMES = 3;
/** Frames waiting for their turn; who sends faster than they are stored is sent away. */
const MAX_WAITING = 1_000;
const MAX_LINE = 200;

const Signal = z.discriminatedUnion("type", [
  z.object({ type: z.literal("typing"), sessionId: z.string().optional() }),
  z.object({ type: z.literal("seen"), sessionId: z.string().optional(), seq: Seq }),
]);

// ---- frames -------------------------------------------------------------------------------------

function messageFrame(message: Message): string {
  const { text, ...rest } = messageJson(message);
  return JSON.stringify({ type: "message", ...rest, message: text });
}

const sessionFrame = (session: Session, queuePosition: number | undefined): string =>
  JSON.stringify({ type: "session", ...sessionJson(session, queuePosition) });

const nameOf = (session: Session, side: Side): string =>
  (side === "user" ? session.userName : session.agentName) ?? "";

/** Makes a frame once for all who get it. */
function once({ rendered }: Update, key: string, make: () => string): string {
  const frame = rendered.get(key) ?? make();
  rendered.set(key, frame);
  return frame;
}

/** The frames of an update for `actor`, in their order; `own` tells which messages this very socket has sent. */
function* framesOf(
  update: Update,
  actor: Actor,
  own: (message: Message) => boolean,
): Generator<string> {
  const { session, dropped, messages, answer, typing, seen } = update;
  const sessionId = session.id;
  if (dropped) {
    const delta = { type: "delta", sessionId, id: dropped, text: "", dropped: true };
    yield once(update, "json dropped", () => JSON.stringify(delta));
  }
  for (const message of messages) {
    if (!own(message)) yield once(update, `json ${message.seq}`, () => messageFrame(message));
  }
  if (update.sessionChanged) {
    yield once(update, "json session", () => sessionFrame(session, update.queuePosition));
  }
  if (answer?.text) {
    const delta = { type: "delta", sessionId, id: answer.id, text: answer.text };
    yield once(update, "json delta", () => JSON.stringify(delta));
  }
  const others = (side: Side) =>
    side === "user" ? actor.side !== "user" : session.assignedAgent !== actor.id;
  for (const sender of typing.filter(others)) {
    if (!session.typing[sender]) continue;
    const senderName = nameOf(session, sender);
    yield JSON.stringify({ type: "typing", sessionId, sender, senderName });
  }
  for (const sender of seen.filter(others)) {
    yield JSON.stringify({ type: "seen", sessionId, sender, seq: session.seen[sender]?.seq });
  }
}

// ---- speaking -----------------------------------------------------------------------------------

/** Takes what the other end says, a frame at a time and in order. */
class Speaker {
  readonly #parts: Parts;
  readonly #connection: Connection;
  readonly #actor: Actor;
  readonly #sessionId: string | undefined;
  /** `clientId`s sent here, each with its message if that came by before the acknowledgement. */
  readonly #own = new Map<string, Message | undefined>();
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #bad = 0;

  constructor(
    parts: Parts,
    connection: Connection,
    actor: Actor,
    { sessionId }: { sessionId?: string } = {},
  ) {
    this.#parts = parts;
    this.#connection = connection;
    this.#actor = actor;
    this.#sessionId = sessionId;
    connection.onFrame = (frame) => this.#inTurn(frame);
  }

  /** Whether this socket sent the message: it gets the acknowledgement instead. */
  sent(message: Message): boolean {
    const { clientId } = message;
    if (message.sender !== this.#actor.side || clientId === undefined) return false;
    if (!this.#own.has(clientId)) return false;
    this.#own.set(clientId, message);
    return true;
  }

  #inTurn(frame: string | ArrayBuffer): Promise<void> {
    if (this.#waiting >= MAX_WAITING) {
      this.#connection.close(1008, "Too many frames at once");
      return Promise.resolve();
    }
    this.#waiting++;
    this.#turn = this.#turn.then(() => this.#take(frame)).finally(() => this.#waiting--);
    return this.#turn;
  }

  async #take(frame: string | ArrayBuffer): Promise<void> {
    const size = typeof frame === "string" ? frame.length : frame.byteLength;
    if (size > MAX_FRAME) return this.#refuse("too_large", "A frame has at most 16 KiB", 1009);
    const sent = typeof frame === "string" ? parse(frame) : undefined;
    if (sent === undefined) return this.#refuse("malformed", "A frame is a JSON object", 1008);
    const clientId = typeof sent.clientId === "string" ? sent.clientId : undefined;
    try {
      await (sent.type === "typing" || sent.type === "seen" ? this.#signal(sent) : this.#say(sent));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#tell({ type: "error", ...faultJson(error), ...(clientId && { clientId }) });
    }
  }

  async #say(sent: Record<string, unknown>): Promise<void> {
    const parsed = SentMessage.safeParse({ sessionId: this.#sessionId, ...sent });
    if (!parsed.success) throw invalid(parsed.error.issues);
    const { sessionId, clientId = crypto.randomUUID(), ...draft } = parsed.data;
    await this.#parts.limits.count("message", this.#actor.id);
    this.#own.set(clientId, this.#own.get(clientId));
    try {
      const { message } = await this.#parts.chat.post(this.#actor, sessionId, {
        ...draft,
        clientId,
      });
      const { id, seq, timestamp } = message;
      this.#tell({ type: "ack", sessionId, clientId, id, seq, timestamp });
    } catch (error) {
      const heldBack = this.#own.get(clientId);
      this.#own.delete(clientId);
      if (heldBack) this.#connection.send(messageFrame(heldBack)); // somebody else's under the same id
      throw error;
    }
  }

  async #signal(sent: Record<string, unknown>): Promise<void> {
    const parsed = Signal.safeParse(sent);
    if (!parsed.success) throw invalid(parsed.error.issues);
    const sessionId = parsed.data.sessionId ?? this.#sessionId;
    if (sessionId === undefined) throw new Fault("invalid", "sessionId is missing");
    await this.#parts.limits.count("signal", this.#actor.id);
    const { chat } = this.#parts;
    if (parsed.data.type === "typing") await chat.typing(this.#actor, sessionId);
    else await chat.seen(this.#actor, sessionId, parsed.data.seq);
  }

  #refuse(code: string, error: string, closeCode: number): void {
    this.#tell({ type: "error", code, error });
    if (++this.#bad >= BAD_FRAMES) this.#connection.close(closeCode, error);
  }

  #tell(frame: Record<string, unknown>): void {
    this.#connection.send(JSON.stringify(frame));
  }
}

function parse(frame: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(frame);
    return value !== null && typeof value === "object" && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

// ---- one session --------------------------------------------------------------------------------

export class SessionChannel implements Follower {
  readonly #parts: Parts;
  readonly #connection: Connection;
  readonly #actor: Actor;
  readonly #sessionId: string;
  readonly #speaker: Speaker;
  #first = true;

  constructor(parts: Parts, connection: Connection, actor: Actor, sessionId: string) {
    this.#parts = parts;
    this.#connection = connection;
    this.#actor = actor;
    this.#sessionId = sessionId;
    this.#speaker = new Speaker(parts, connection, actor, { sessionId });
  }

  /** `after` as it stands in the address: a `seq` that the session never reached gets `resync` and everything. */
  async open(after: string | undefined): Promise<void> {
    const { lastSeq } = await this.#parts.chat.sessionFor(this.#actor, this.#sessionId);
    const known = after === undefined || (/^\d{1,15}$/.test(after) && Number(after) <= lastSeq);
    if (!known) {
      const error = "This conversation never got that far; here is all of it";
      const sessionId = this.#sessionId;
      this.#connection.send(JSON.stringify({ type: "error", code: "resync", error, sessionId }));
    }
    const from = after === undefined ? undefined : known ? Number(after) : 0;
    this.#connection.keep(await this.#parts.bus.follow(this.#sessionId, this, { after: from }));
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

// ---- all of an agent's --------------------------------------------------------------------------

export class AgentChannel implements Follower {
  readonly #parts: Parts;
  readonly #connection: Connection;
  readonly #agent: Actor;
  readonly #speaker: Speaker;
  readonly #openedAt: Date;
  readonly #following = new Map<string, Disposable>();
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
      const leave = await bus.follow(id, this, { after: await this.#sinceOpened(id) });
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
