/** What the other end of a JSON socket says: a frame at a time, in order, through the same doors as everything else. */
import { z } from "zod";
import { type Actor, type Message, type MessageDraft, newId, Seq } from "../services/domain.ts";
import { Fault } from "../services/errors.ts";
import { Kept } from "../services/kept.ts";
import { SentMessage } from "./api/messages.ts";
import { invalid } from "./api/openapi.ts";
import { faultJson } from "./faults.tsx";
import { messageFrame } from "./frames.ts";
import type { Parts } from "./parts.ts";
import type { Connection } from "./sockets.ts";

const MAX_FRAME = 16 * 1024;
const TOO_LARGE = { code: "too_large", error: "A frame has at most 16 KiB" };
const NO_OBJECT = { code: "malformed", error: "A frame is a JSON object" };
const BAD_FRAMES = 3;
const SENDING = "sending";
const ACKNOWLEDGED = "acknowledged";
/** A message's copy comes by a moment after its acknowledgement; what was sent long before needs no remembering. */
const REMEMBERED = 1_000;

/** Messages of one socket in the store's hands, so that whoever sends thousands takes no more of a commit than others. */
const AT_ONCE = 16;
/** Milliseconds in which who sends too much is not read. */
const REST = 1_000;

/** A frame that is in the store's hands, and what comes of it. */
interface Taken {
  readonly done: Promise<void>;
}
const DONE: Taken = { done: Promise.resolve() };

const Signal = z.discriminatedUnion("type", [
  z.object({ type: z.literal("typing"), sessionId: z.string().optional() }),
  z.object({ type: z.literal("seen"), sessionId: z.string().optional(), seq: Seq }),
]);

export class Speaker {
  readonly #parts: Parts;
  readonly #connection: Connection;
  readonly #actor: Actor;
  readonly #sessionId: string | undefined;
  /** What was sent here lately: being sent, acknowledged, or the message itself if that came by before it was. */
  readonly #own = new Kept<typeof SENDING | typeof ACKNOWLEDGED | Message>(REMEMBERED);
  #turn: Promise<void> = Promise.resolve();
  #resting: Disposable | undefined;
  #inHand = 0;
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
    connection.onTooLarge = () => {
      this.#tell({ type: "error", ...TOO_LARGE });
      connection.close(1009, TOO_LARGE.error);
    };
    connection.keep({ [Symbol.dispose]: () => this.#resting?.[Symbol.dispose]() });
  }

  /** Whether this socket sent the message: it gets the acknowledgement instead. */
  sent(message: Message): boolean {
    if (message.sender !== this.#actor.side) return false;
    const key = keyOf(message.sessionId, message);
    const own = this.#own.get(key);
    if (own === SENDING) this.#own.set(key, message);
    return own !== undefined;
  }

  /** In their order as far as the store, which keeps it: a few frames needn't wait for the disk of the ones before. */
  async #inTurn(frame: string | undefined): Promise<void> {
    const taken = this.#turn.then(() => this.#take(frame));
    this.#turn = taken.then(({ done }) => ++this.#inHand < AT_ONCE ? undefined : done);
    this.#turn.catch(() => {}); // whoever handed the frame in meets it
    try {
      await (await taken).done;
    } finally {
      this.#inHand--;
    }
  }

  async #take(frame: string | undefined): Promise<Taken> {
    if (this.#bad >= BAD_FRAMES) return DONE; // it is being closed
    if (frame !== undefined && isTooLarge(frame)) {
      return this.#refuse(TOO_LARGE, 1009);
    }
    const sent = frame === undefined ? undefined : parse(frame);
    if (sent === undefined) return this.#refuse(NO_OBJECT, 1008);
    try {
      if (sent.type === "typing" || sent.type === "seen") await this.#signal(sent);
      else return await this.#say(sent);
    } catch (error) {
      await this.#excuse(error, sent);
    }
    return DONE;
  }

  async #say(sent: Record<string, unknown>): Promise<Taken> {
    const parsed = SentMessage.safeParse({ sessionId: this.#sessionId, ...sent });
    if (!parsed.success) throw invalid(parsed.error.issues);
    await this.#parts.limits.count("message", this.#actor.id);
    const { sessionId, ...draft } = parsed.data;
    const id = newId(this.#parts.clock.now());
    return { done: this.#post(sessionId, { ...draft, id }, sent) };
  }

  async #post(
    sessionId: string,
    draft: MessageDraft & { id: string },
    sent: Record<string, unknown>,
  ): Promise<void> {
    const { clientId = null } = draft;
    const key = keyOf(sessionId, draft);
    if (!this.#own.has(key)) this.#own.set(key, SENDING);
    try {
      const { message } = await this.#parts.chat.post(this.#actor, sessionId, draft);
      const { id, seq, timestamp } = message;
      this.#tell({ type: "ack", sessionId, clientId, id, seq, timestamp });
      this.#own.set(key, ACKNOWLEDGED);
    } catch (error) {
      const kept = this.#own.get(key);
      if (kept !== ACKNOWLEDGED) this.#own.delete(key);
      if (typeof kept === "object") this.#connection.send(messageFrame(kept)); // another tab's, under the same id
      await this.#excuse(error, sent);
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

  #refuse(fault: { code: string; error: string }, closeCode: number): Taken {
    this.#tell({ type: "error", ...fault });
    if (++this.#bad >= BAD_FRAMES) this.#connection.close(closeCode, fault.error);
    return DONE;
  }

  /** Says why a frame came to nothing. Who sends too much is not read again for a while. */
  async #excuse(error: unknown, { clientId }: Record<string, unknown>): Promise<void> {
    if (!(error instanceof Fault)) throw error;
    const which = typeof clientId === "string" ? { clientId } : {};
    this.#tell({ type: "error", ...faultJson(error), ...which });
    if (error.code === "rate_limited") await this.#rest();
  }

  #rest(): Promise<void> {
    return new Promise((over) => this.#resting = this.#parts.clock.after(REST, over));
  }

  #tell(frame: Record<string, unknown>): void {
    this.#connection.send(JSON.stringify(frame));
  }
}

/** A message comes again under its `clientId`, with the first one's id; without one it has only its own. */
const keyOf = (
  sessionId: string,
  { clientId, id }: { clientId?: string | undefined; id: string },
) => `${sessionId} ${clientId ?? id}`;

/** A unit of text is three bytes at most, so most frames need no counting. */
const isTooLarge = (frame: string): boolean =>
  frame.length * 3 > MAX_FRAME && new TextEncoder().encode(frame).length > MAX_FRAME;

function parse(frame: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(frame);
    return value !== null && typeof value === "object" && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
