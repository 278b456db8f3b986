/** A change of a session in the making: its fields, and what is appended to its log of messages and of events. */
import {
  type Change,
  type EventDraft,
  lineOf,
  newId,
  type Sender,
  SENDER_NAMES,
  type Side,
  type Source,
} from "../domain.ts";
import { type Entry, given, keyOf, type MessageDoc, type SessionDoc, type State } from "./rows.ts";

const SUBJECT = 200;
/** So many of the customer's unread messages are counted. */
const MAX_UNREPLIED = 100;

export interface Saying {
  readonly id: string;
  readonly sender: Sender;
  readonly senderId?: string;
  readonly senderName: string;
  readonly text: string;
  readonly timestamp: Date;
  readonly clientId?: string;
  readonly sources?: readonly Source[];
}

export type Telling = Extract<Change["kind"], "session" | "queue" | "agent">;

/** `undefined` takes a field away. */
export type Fields = { readonly [K in keyof SessionDoc]?: SessionDoc[K] | undefined };

export class Draft {
  readonly #before: SessionDoc;
  readonly entries: Entry[] = [];
  /** Of whom it is told; `agent` is the one who has the session then. */
  readonly tells = new Set<Telling>();
  /** Whose typing ends. */
  readonly quiet = new Set<Side>();
  #fields: Fields = {};

  constructor(before: SessionDoc) {
    this.#before = before;
  }

  get before(): SessionDoc {
    return this.#before;
  }

  /** The session as it will be. */
  get after(): SessionDoc {
    return given({ ...this.#before, ...this.#fields }) as SessionDoc;
  }

  /** What changes, with the fields that follow from others. */
  get fields(): Fields {
    const { after } = this;
    return { ...this.#fields, state: stateOf(after), dueAt: dueAt(after) };
  }

  set(fields: Fields): void {
    this.#fields = { ...this.#fields, ...fields };
  }

  tell(kind: Telling): void {
    this.tells.add(kind);
  }

  /** Appends a message at the next `seq`. */
  say({ id, timestamp, ...words }: Saying): void {
    const { _id: sessionId, lastSeq, lastActivity } = this.after;
    const message = { _id: keyOf(id), sessionId, seq: lastSeq + 1, timestamp, ...words };
    this.entries.push({ message });
    this.set({ lastSeq: message.seq, lastActivity: later(lastActivity, timestamp) });
    if (message.sender !== "system") this.#spoke(message);
  }

  /** Appends an event, and the line that the customer reads of it. */
  note(event: EventDraft, at: Date): void {
    const { _id: sessionId, lastEvent } = this.after;
    const n = lastEvent + 1;
    this.entries.push({ event: { ...event, _id: keyOf(newId(at)), sessionId, n, at } });
    this.set({ lastEvent: n });
    const text = lineOf(event);
    if (text === undefined) return;
    const line = { sender: "system", senderName: SENDER_NAMES.system } as const;
    this.say({ ...line, id: newId(at), text, timestamp: at });
  }

  #spoke({ seq, sender, senderId, senderName, text }: MessageDoc): void {
    const { voices, unreplied, subject } = this.after;
    const by = senderId ?? sender;
    this.set({
      lastMessage: { sender, senderName, text, ...given({ senderId }) },
      voices: [...voices.filter((voice) => voice.by !== by), { by, seq }],
    });
    if (sender === "agent") this.set({ answeredSeq: seq, unreplied: [] });
    if (sender === "user") {
      this.set({
        askedSeq: seq,
        unreplied: [...unreplied, seq].slice(-MAX_UNREPLIED),
        subject: subject ?? [...text].slice(0, SUBJECT).join(""),
        silentUntil: undefined,
      });
    }
    if (sender === "agent" || sender === "user") this.quiet.add(sender);
  }
}

const later = (one: Date, other: Date): Date => one > other ? one : other;

function stateOf({ status, mode, waitingSince }: SessionDoc): State {
  if (status === "closed") return "closed";
  if (mode === "human") return "human";
  return waitingSince ? "waiting" : "ai";
}

function dueAt({ status, mode, askedSeq, answeredSeq, answer }: SessionDoc): Date | undefined {
  const isUnanswered = status === "open" && mode === "ai" && askedSeq > answeredSeq;
  return isUnanswered ? answer?.until ?? new Date(0) : undefined;
}
