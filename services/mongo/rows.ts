/** Documents, with the field names of `origin.md`, and the nouns of the domain. */
import { ObjectId } from "mongodb";
import type {
  Agent,
  AgentStatus,
  Customer,
  EventDraft,
  GrowingAnswer,
  LastMessage,
  Message,
  Mode,
  Role,
  Seen,
  Sender,
  Session,
  SessionEvent,
  SessionRow,
  Side,
  Source,
} from "../domain.ts";
import { Fault } from "../errors.ts";
import type { SignIn, Voucher } from "../store.ts";

/** By whom, and when by the server's clock, something was last written that readers are told of. */
export interface Told {
  readonly by: string;
  readonly at: Date;
}

export interface UserDoc {
  readonly _id: ObjectId;
  readonly name: string;
  readonly email?: string;
  readonly password?: string;
  readonly createdAt: Date;
  /** What a search finds the customer by. */
  readonly words: readonly string[];
}

/** A place that an agent's session takes, or is about to take: of the session as it was at `epoch`. */
export interface Place {
  readonly session: string;
  readonly epoch: number;
  readonly at: Date;
}

export interface AgentDoc {
  readonly _id: ObjectId;
  readonly name: string;
  /** The name without case, for the order of lists. */
  readonly nameKey: string;
  readonly email: string;
  readonly password: string;
  readonly role: Role;
  readonly status: AgentStatus;
  readonly chosen: AgentStatus;
  /** Lapsed: `offline` whatever was chosen. */
  readonly away: boolean;
  readonly capacity: number;
  readonly carried: readonly Place[];
  /** How many are in `carried`. */
  readonly carrying: number;
  readonly idleSince: Date;
  readonly presentUntil: Date;
  readonly createdAt: Date;
  /** The very first has this, and by a unique index nobody else; the others have the invitation they spent. */
  readonly first?: true;
  readonly invite?: string;
  readonly told: Told;
}

export interface SignInDoc extends Omit<SignIn, "id"> {
  readonly _id: string;
  /** Ended ones stay for a while, so that pollers see them. */
  readonly endedAt?: Date;
  readonly endedBy?: string;
}

export interface VoucherDoc {
  readonly _id: string;
  readonly kind: Voucher["grant"]["kind"];
  readonly grant: Voucher["grant"];
  readonly expiresAt: Date;
  /** Who spent it: asked again after a lost answer they get the same one. */
  readonly spentBy?: string;
}

export interface TriesDoc {
  readonly _id: string;
  readonly count: number;
  readonly until: Date;
}

export interface MessageDoc {
  readonly _id: ObjectId;
  readonly sessionId: ObjectId;
  readonly seq: number;
  readonly sender: Sender;
  readonly senderId?: string;
  readonly senderName: string;
  readonly text: string;
  readonly timestamp: Date;
  readonly clientId?: string;
  readonly sources?: readonly Source[];
  /** What a search finds it by. */
  readonly words?: readonly string[];
  /** The write that made it: its own process has told of it already. */
  readonly via?: string;
}

export type EventDoc = EventDraft & {
  readonly _id: ObjectId;
  readonly sessionId: ObjectId;
  /** 1, 2, 3 … in the session. */
  readonly n: number;
  readonly at: Date;
};

/** What is to be written to `messages` or `events`. */
export type Entry = { readonly message: MessageDoc } | { readonly event: EventDoc };

export type State = "human" | "waiting" | "ai" | "closed";

export interface SessionDoc {
  readonly _id: ObjectId;
  readonly userId: string;
  readonly userName: string;
  readonly mode: Mode;
  readonly status: "open" | "closed";
  /** In which of the desk's lists it is: follows from mode, status and line. */
  readonly state: State;
  /** The customer's id while open, then the session's own: unique, so a customer has one open session. */
  readonly openKey: string;
  readonly waitingSince?: Date;
  readonly assignedAgent?: string;
  readonly agentName?: string;
  /** With `assignedAgent`: which of that agent's places it has. */
  readonly placeEpoch?: number;
  readonly createdAt: Date;
  readonly lastActivity: Date;
  readonly closedAt?: Date;
  readonly silentUntil?: Date;
  readonly rating?: number;
  readonly ratingComment?: string;
  readonly epoch: number;
  /** Raised by every change but those of `seen` and `typing`. */
  readonly rev: number;
  /** The last writes, so that one whose answer was lost can see whether it stands. */
  readonly by: readonly string[];
  readonly lastSeq: number;
  readonly lastEvent: number;
  readonly lastMessage?: LastMessage;
  /** The last `seq` of each who spoke: people's ids, and "ai". */
  readonly voices: readonly { readonly by: string; readonly seq: number }[];
  /** The customer's latest messages since an agent's last one. */
  readonly unreplied: readonly number[];
  readonly subject?: string;
  readonly askedSeq: number;
  readonly answeredSeq: number;
  readonly misses: number;
  readonly failures: number;
  readonly answer?: GrowingAnswer;
  /** When unanswered: from when on somebody may begin an answer. */
  readonly dueAt?: Date;
  readonly seen?: Readonly<Partial<Record<Side, Seen>>>;
  readonly typing?: Readonly<Partial<Record<Side, Date>>>;
  /** Begun, but not yet decided who gets it. */
  readonly starting?: true;
  /** Written with the change itself, then to `messages` and `events`, before anything newer gets a `seq`. */
  readonly outbox?: readonly Entry[];
  readonly outboxId?: string;
  /** Since when there is an outbox or a start to be settled, should its process have died. */
  readonly unsettled?: Date;
  readonly told?: { readonly [K in "session" | "queue" | "agent" | "message"]?: Told };
  readonly changedAt?: Date;
}

const NOWHERE = new ObjectId("0".repeat(24));

/** The key of an id; of anything else one that nothing has. */
export const keyOf = (id: string): ObjectId =>
  typeof id === "string" && /^[0-9a-f]{24}$/.test(id) ? ObjectId.createFromHexString(id) : NOWHERE;

/** Makes sure that what goes into a query is a string, never an object with operators. */
export function plain(value: string): string {
  if (typeof value === "string") return value;
  throw new Fault("malformed", "That has to be text");
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], null | undefined> };

/** Without what is null or undefined. */
export function given<T extends object>(values: T): Given<T> {
  const kept: Given<T> = {};
  for (const key in values) {
    if (values[key] !== null && values[key] !== undefined) {
      kept[key] = values[key] as Exclude<T[typeof key], null | undefined>;
    }
  }
  return kept;
}

export const toCustomer = ({ _id, name, email, createdAt }: UserDoc): Customer => ({
  id: _id.toHexString(),
  name,
  createdAt,
  ...given({ email }),
});

export const toAgent = (doc: AgentDoc): Agent => ({
  id: doc._id.toHexString(),
  name: doc.name,
  email: doc.email,
  role: doc.role,
  status: doc.status,
  chosen: doc.chosen,
  capacity: doc.capacity,
  carrying: doc.carrying,
  presentUntil: doc.presentUntil,
  createdAt: doc.createdAt,
});

export const toSession = (doc: SessionDoc): Session => ({
  id: doc._id.toHexString(),
  userId: doc.userId,
  userName: doc.userName,
  mode: doc.mode,
  status: doc.status,
  createdAt: doc.createdAt,
  lastActivity: doc.lastActivity,
  epoch: doc.epoch,
  lastSeq: doc.lastSeq,
  askedSeq: doc.askedSeq,
  answeredSeq: doc.answeredSeq,
  misses: doc.misses,
  failures: doc.failures,
  seen: given({ user: doc.seen?.user, agent: doc.seen?.agent }),
  typing: given({ user: doc.typing?.user, agent: doc.typing?.agent }),
  ...given({
    waitingSince: doc.waitingSince,
    assignedAgent: doc.assignedAgent,
    agentName: doc.agentName,
    closedAt: doc.closedAt,
    rating: doc.rating,
    ratingComment: doc.ratingComment,
    subject: doc.subject,
    lastMessage: doc.lastMessage,
    answer: doc.answer,
  }),
});

export function toSessionRow(doc: SessionDoc): SessionRow {
  const seen = doc.seen?.agent?.seq ?? 0;
  return { ...toSession(doc), unread: doc.unreplied.filter((seq) => seq > seen).length };
}

export const toMessage = (doc: MessageDoc): Message => ({
  id: doc._id.toHexString(),
  sessionId: doc.sessionId.toHexString(),
  seq: doc.seq,
  sender: doc.sender,
  senderName: doc.senderName,
  text: doc.text,
  timestamp: doc.timestamp,
  ...given({ clientId: doc.clientId, sources: doc.sources }),
});

export function toEvent({ _id, sessionId: _, n: __, at, ...event }: EventDoc): SessionEvent {
  return { ...event, id: _id.toHexString(), at } as SessionEvent;
}
