/** What the other end of a JSON socket says: a frame at a time, in order, through the same doors as everything else. */
import { z } from "zod";
import { type Actor, type Message, Seq } from "../services/domain.ts";
import { Fault } from "../services/errors.ts";
import { SentMessage } from "./api/messages.ts";
import { invalid } from "./api/openapi.ts";
import { faultJson } from "./faults.tsx";
import { messageFrame } from "./frames.ts";
import type { Parts } from "./parts.ts";
import type { Connection } from "./sockets.ts";

const MAX_FRAME = 16 * 1024;
const BAD_FRAMES = 3;
const SENDING = "sending";
const ACKNOWLEDGED = "acknowledged";
/** A message's copy comes by a moment after its acknowledgement; what was sent long before needs no remembering. */
const REMEMBERED = 1_000;

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
  readonly #own = new Map<string, typeof SENDING | typeof ACKNOWLEDGED | Message>();
  #turn: Promise<void> = Promise.resolve();
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
    const key = `${message.sessionId} ${clientId}`;
    const own = this.#own.get(key);
    if (own === SENDING) this.#own.set(key, message);
    return own !== undefined;
  }

  #inTurn(frame: string | undefined): Promise<void> {
    return this.#turn = this.#turn.then(() => this.#take(frame));
  }

  async #take(frame: string | undefined): Promise<void> {
    if (frame && new TextEncoder().encode(frame).length > MAX_FRAME) {
      return this.#refuse("too_large", "A frame has at most 16 KiB", 1009);
    }
    const sent = frame === undefined ? undefined : parse(frame);
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
    const key = `${sessionId} ${clientId}`;
    if (!this.#own.has(key)) this.#own.set(key, SENDING);
    try {
      const { message } = await this.#parts.chat.post(this.#actor, sessionId, {
        ...draft,
        clientId,
      });
      const { id, seq, timestamp } = message;
      this.#tell({ type: "ack", sessionId, clientId, id, seq, timestamp });
      this.#own.set(key, ACKNOWLEDGED);
      if (this.#own.size > REMEMBERED) this.#own.delete(this.#own.keys().next().value ?? key);
    } catch (error) {
      const kept = this.#own.get(key);
      if (kept !== ACKNOWLEDGED) this.#own.delete(key);
      if (typeof kept === "object") this.#connection.send(messageFrame(kept)); // another tab's, under the same id
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
