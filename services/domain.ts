/** The nouns of Handoff, their limits, and the schemas of what people may write. */
import { z } from "zod";

// ---- limits -------------------------------------------------------------------------------------

export const MAX_TEXT = 4_000;
export const MAX_NAME = 100;
export const MAX_EMAIL = 254;
export const MIN_PASSWORD = 8;
/** bcrypt ignores what is beyond this many bytes, so longer ones are refused. */
export const MAX_PASSWORD_BYTES = 72;
export const MAX_CLIENT_ID = 64;
export const MAX_NOTE = 1_000;
export const MAX_CAPACITY = 100;
export const PAGE = 50;
export const MAX_PAGE = 200;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Durations of the rules, in milliseconds (SPEC section 2 and 5). */
export const TIMES = {
  presence: 90 * SECOND,
  releaseAfter: 60 * SECOND,
  silentStart: 10 * MINUTE,
  idle: DAY,
  typing: 6 * SECOND,
  answerLease: 12 * SECOND,
  signIn: 30 * DAY,
  invite: 7 * DAY,
  reset: HOUR,
  ticket: 30 * SECOND,
} as const;

// ---- ids ----------------------------------------------------------------------------------------

export const Id = z.string().regex(/^[0-9a-f]{24}$/, "That is not an id");

/** 24 hex digits: seconds since 1970, then 64 random bits, so that newer ids sort later. */
export function newId(now: Date = new Date()): string {
  const seconds = Math.floor(now.getTime() / SECOND).toString(16).padStart(8, "0");
  const random = crypto.getRandomValues(new Uint8Array(8));
  return seconds + random.toHex();
}

// ---- people -------------------------------------------------------------------------------------

export type Side = "user" | "agent";
export type Role = "admin" | "agent";
export const AgentStatus = z.enum(["available", "busy", "offline"]);
export type AgentStatus = z.infer<typeof AgentStatus>;

export interface Customer {
  readonly id: string;
  readonly name: string;
  /** Missing for a guest. */
  readonly email?: string;
  readonly createdAt: Date;
}

export interface Agent {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
  /** What colleagues see; follows from `chosen`, presence and load. */
  readonly status: AgentStatus;
  /** What the agent asked for. */
  readonly chosen: AgentStatus;
  readonly capacity: number;
  /** Open sessions assigned to this agent. */
  readonly carrying: number;
  readonly presentUntil: Date;
  readonly createdAt: Date;
}

/** Who is doing something: it always follows from a sign-in, never from what a request claims. */
export type Actor =
  | { readonly side: "user"; readonly id: string; readonly name: string; readonly guest?: true }
  | { readonly side: "agent"; readonly id: string; readonly name: string; readonly role: Role };

// ---- sessions -----------------------------------------------------------------------------------

export type Mode = "ai" | "human";

export interface Seen {
  readonly seq: number;
  readonly at: Date;
}

/** An answer that is being made: shown while it grows, stored as a message only when whole. */
export interface GrowingAnswer {
  /** The id that the finished message will have. */
  readonly id: string;
  /** The whole of it so far. */
  readonly text: string;
  /** Its maker is taken for dead after this, and another may begin. */
  readonly until: Date;
}

/** The last words of a person or the assistant. */
export interface LastMessage {
  readonly sender: Sender;
  /** A person's. */
  readonly senderId?: string;
  /** Missing in documents of MongoDB that were written before it was kept there. */
  readonly senderName?: string;
  readonly text: string;
}

export interface Session {
  readonly id: string;
  readonly userId: string;
  readonly userName: string;
  readonly mode: Mode;
  readonly status: "open" | "closed";
  /** In mode `ai`: in line for a person since then. */
  readonly waitingSince?: Date;
  /** In mode `human`: the agent's id and name. A closed session keeps who had it last. */
  readonly assignedAgent?: string;
  readonly agentName?: string;
  readonly createdAt: Date;
  readonly lastActivity: Date;
  readonly closedAt?: Date;
  readonly rating?: number;
  readonly ratingComment?: string;
  /** Raised by every change of owner or status: what was decided under a lower one is void. */
  readonly epoch: number;
  readonly lastSeq: number;
  /** How the customer's first message begins. */
  readonly subject?: string;
  readonly lastMessage?: LastMessage;
  /** `seq` of the customer's latest message, 0 before the first. */
  readonly askedSeq: number;
  /** Up to which `seq` the customer has had an answer, from anyone. */
  readonly answeredSeq: number;
  /** Answers in a row without a matching article, and failures of the model in a row. */
  readonly misses: number;
  readonly failures: number;
  readonly answer?: GrowingAnswer;
  readonly seen: Readonly<Partial<Record<Side, Seen>>>;
  /** Until when each side counts as typing. */
  readonly typing: Readonly<Partial<Record<Side, Date>>>;
}

/** A session as a row of a list. */
export interface SessionRow extends Session {
  /** Customer's messages that no agent has seen or replied to. */
  readonly unread: number;
}

export const DESK_LISTS = ["mine", "waiting", "ai", "others", "closed"] as const;
export type DeskList = typeof DESK_LISTS[number];
/** Counts stop here: "99+" is all that anyone reads. */
export const MAX_COUNT = 100;

export const isUnanswered = (session: Session): boolean =>
  session.status === "open" && session.mode === "ai" && session.askedSeq > session.answeredSeq;

// ---- messages -----------------------------------------------------------------------------------

export type Sender = "user" | "agent" | "ai" | "system";
/** What stands as `senderName` of messages that no person wrote. */
export const SENDER_NAMES = { ai: "Assistant", system: "System" } as const;

export interface Source {
  readonly slug: string;
  readonly title: string;
  readonly quote: string;
}

export interface Message {
  readonly id: string;
  readonly sessionId: string;
  /** 1, 2, 3 … in the session, without gaps. */
  readonly seq: number;
  readonly sender: Sender;
  readonly senderName: string;
  readonly text: string;
  readonly timestamp: Date;
  readonly clientId?: string;
  /** For `ai`: the articles that the answer rests on, checked by the server. */
  readonly sources?: readonly Source[];
}

// ---- what happened, and why ---------------------------------------------------------------------

export type AskRule = "button" | "words" | "cannot_help" | "no_match" | "model_failed";
export type AnswerOutcome = "answered" | "no_match" | "cannot_help" | "small_talk" | "failed";

/** An entry of a session's log of events, which agents read; `lineOf` tells what the customer reads of it. */
export type SessionEvent =
  & { readonly id: string; readonly at: Date }
  & EventDraft;

export type EventDraft =
  | { readonly kind: "started"; readonly reason: string }
  | { readonly kind: "asked"; readonly by: string; readonly rule: AskRule }
  | { readonly kind: "left_line"; readonly by: string }
  | {
    readonly kind: "assigned";
    readonly agentId: string;
    readonly agentName: string;
    readonly reason: string;
  }
  | {
    readonly kind: "taken_over";
    readonly agentId: string;
    readonly agentName: string;
    readonly from: "ai" | "waiting";
  }
  | {
    readonly kind: "transferred";
    readonly by: string;
    readonly agentId: string;
    readonly agentName: string;
    readonly note?: string;
  }
  | { readonly kind: "handed_back"; readonly by: string; readonly note?: string }
  | { readonly kind: "released"; readonly agentName: string; readonly reason: string }
  | {
    readonly kind: "answered";
    readonly outcome: AnswerOutcome;
    readonly articles: readonly string[];
  }
  /** With `by`, a name, the reason tells whose it is: "by the customer". */
  | { readonly kind: "closed"; readonly by?: string; readonly reason: string }
  | { readonly kind: "rated"; readonly rating: number; readonly comment?: string };

/** Why a session began as it did: the words that a store writes of its own, for agents. */
export const START_REASONS = {
  free: "An agent was free",
  nobody: "No agent was free",
  chosen: "Of the free agents the one with the fewest open chats, then the one idle longest",
} as const;

/** The line that stands between the messages for an event, the same for every reader; most events have none. */
export function lineOf(event: EventDraft): string | undefined {
  switch (event.kind) {
    case "asked":
      return event.rule === "button" || event.rule === "words"
        ? `${event.by} asked for a person`
        : "The assistant asked for a person";
    case "left_line":
      return `${event.by} left the line`;
    case "assigned":
    case "taken_over":
    case "transferred":
      return `${event.agentName} joined`;
    case "handed_back":
      return `${event.by} handed over to the assistant`;
    case "released":
      return `${event.agentName} left`;
    case "closed":
      return event.by === undefined ? "The chat was closed" : `${event.by} ended the chat`;
    default:
      return undefined;
  }
}

// ---- announcements ------------------------------------------------------------------------------

/**
 * What a store announces of its own writes, after they are durable. It is a wake-up, never the data: whoever cares
 * reads again, so a change may come twice or late.
 */
export type Change =
  /** With the message itself where the store has it at hand, so that nobody needs to read it again. */
  | { readonly kind: "message"; readonly sessionId: string; readonly message?: Message }
  | { readonly kind: "session"; readonly sessionId: string }
  /** Someone entered or left the line for a person. */
  | { readonly kind: "queue" }
  | { readonly kind: "agent"; readonly agentId: string }
  /** A sign-in ended: its sockets have to go. */
  | { readonly kind: "sign_in"; readonly signInId: string }
  /** The feed lost its place: whatever is watched has to be read again. */
  | { readonly kind: "gap" };

// ---- what people write --------------------------------------------------------------------------

const LONE_SURROGATE_OR_NUL = /\0|\p{Surrogate}/u;

const atMost = (max: number): string => `At most ${max.toLocaleString("en")} characters`;
/** Of a message. */
export const TOO_LONG = atMost(MAX_TEXT);

/** Text kept as written, but that every line end becomes "\n". */
const written = (max: number) =>
  z.string()
    .transform((text) => text.replace(/\r\n?/g, "\n"))
    .pipe(
      z.string()
        .max(max, atMost(max))
        .refine(
          (text) => !LONE_SURROGATE_OR_NUL.test(text),
          "It has characters that can't be kept",
        ),
    );

export const Text = written(MAX_TEXT).refine((text) => /\S/u.test(text), "Write something first");
/** Without marks that turn text round: inside our own sentences an unclosed one would reach beyond the name. */
export const Name = written(MAX_NAME)
  .transform((name) => name.replace(/\p{Bidi_Control}/gu, "").trim().replace(/\s+/gu, " "))
  .refine((name) => name !== "", "Enter a name");
export const Email = z.string()
  .trim()
  .toLowerCase()
  .max(MAX_EMAIL, "That address is too long")
  .pipe(z.email("Enter an e-mail address, like name@example.com"));
export const fitsBcrypt = (password: string): boolean =>
  new TextEncoder().encode(password).length <= MAX_PASSWORD_BYTES;
export const Password = z.string()
  .min(MIN_PASSWORD, `At least ${MIN_PASSWORD} characters`)
  .refine(fitsBcrypt, `At most ${MAX_PASSWORD_BYTES} bytes`)
  .refine(
    (password) => !LONE_SURROGATE_OR_NUL.test(password),
    "It has characters that can't be kept",
  );
export const Note = written(MAX_NOTE).transform((note) => note.trim());
export const Capacity = z.int().min(1, "At least 1").max(MAX_CAPACITY, `At most ${MAX_CAPACITY}`);
export const Rating = z.int().min(1, "From 1 to 5").max(5, "From 1 to 5");
export const Seq = z.int("A whole number").min(0).max(Number.MAX_SAFE_INTEGER);

export const MessageDraft = z.object({
  text: Text,
  /** Chosen by the sender: the same one in a session twice is one message. */
  clientId: z.string().min(1).max(MAX_CLIENT_ID).refine(
    (id) => !LONE_SURROGATE_OR_NUL.test(id),
    "It has characters that can't be kept",
  ).optional(),
  /** The last `seq` that the sender had seen. */
  basedOn: Seq.optional(),
});
export type MessageDraft = z.infer<typeof MessageDraft> & {
  /** The message's, where who sends it has to know it before; never from outside. */
  readonly id?: string;
};
