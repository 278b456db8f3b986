/** The collections and their indexes, made at start where they are missing. */
import type { Collection, Db, Document, IndexDescription } from "mongodb";
import { bounded } from "./bounded.ts";
import type {
  AgentDoc,
  EventDoc,
  MessageDoc,
  SessionDoc,
  SignInDoc,
  TriesDoc,
  UserDoc,
  VoucherDoc,
} from "./rows.ts";

export interface Collections {
  readonly users: Collection<UserDoc>;
  readonly agents: Collection<AgentDoc>;
  readonly signIns: Collection<SignInDoc>;
  readonly vouchers: Collection<VoucherDoc>;
  readonly tries: Collection<TriesDoc>;
  readonly sessions: Collection<SessionDoc>;
  readonly messages: Collection<MessageDoc>;
  readonly events: Collection<EventDoc>;
  readonly marks: Collection<MarkDoc>;
}

interface MarkDoc {
  readonly _id: string;
  readonly value: number;
}

/** In seconds: long enough for every poller to have seen that a sign-in ended. */
const KEEP_ENDED = 3_600;
/** "is there", said in a way that every planner sees implied by a string or a number. */
export const TEXT = { $gt: "" };
export const SINCE_EVER = { $gt: new Date(0) };

const INDEXES: Readonly<Record<keyof Collections, readonly IndexDescription[]>> = {
  users: [
    { key: { email: 1 }, unique: true, partialFilterExpression: { email: TEXT } },
    { key: { words: 1 } },
  ],
  agents: [
    { key: { email: 1 }, unique: true },
    { key: { first: 1 }, unique: true, sparse: true },
    { key: { invite: 1 }, unique: true, sparse: true },
    { key: { nameKey: 1, _id: 1 } },
    { key: { status: 1, presentUntil: 1 } },
    { key: { presentUntil: 1 }, partialFilterExpression: { carrying: { $gt: 0 } } },
    { key: { "carried.session": 1 } },
  ],
  signIns: [
    { key: { side: 1, accountId: 1 } },
    { key: { expiresAt: 1 } },
    { key: { endedAt: 1 }, sparse: true, expireAfterSeconds: KEEP_ENDED },
  ],
  vouchers: [{ key: { expiresAt: 1 } }],
  tries: [{ key: { until: 1 } }],
  sessions: [
    { key: { openKey: 1 }, unique: true },
    { key: { state: 1, lastActivity: -1, _id: -1 } },
    { key: { assignedAgent: 1, state: 1 } },
    { key: { waitingSince: 1, _id: 1 }, partialFilterExpression: { waitingSince: SINCE_EVER } },
    { key: { userId: 1, createdAt: -1, _id: -1 } },
    { key: { silentUntil: 1 }, sparse: true },
    { key: { dueAt: 1 }, sparse: true },
    { key: { unsettled: 1 }, sparse: true },
  ],
  messages: [
    { key: { sessionId: 1, seq: 1 }, unique: true },
    {
      key: { sessionId: 1, clientId: 1 },
      unique: true,
      partialFilterExpression: { clientId: TEXT },
    },
    { key: { words: 1 } },
  ],
  events: [{ key: { sessionId: 1, n: 1 }, unique: true }],
  marks: [],
};

/** Only where somebody is refused change streams: each index makes every write of a session dearer. */
const POLLED: Readonly<Record<string, readonly IndexDescription[]>> = {
  sessions: [{ key: { changedAt: 1 }, sparse: true }],
  agents: [{ key: { "told.at": 1 } }],
};

/** All that is asked of them ends when `signal` aborts. */
export function collectionsOf(db: Db, signal: AbortSignal): Collections {
  const named = <T extends Document>(name: string) => bounded(db.collection<T>(name), signal);
  return {
    get users() {
      return named<UserDoc>("users");
    },
    get agents() {
      return named<AgentDoc>("agents");
    },
    get signIns() {
      return named<SignInDoc>("signIns");
    },
    get vouchers() {
      return named<VoucherDoc>("vouchers");
    },
    get tries() {
      return named<TriesDoc>("tries");
    },
    get sessions() {
      return named<SessionDoc>("sessions");
    },
    get messages() {
      return named<MessageDoc>("messages");
    },
    get events() {
      return named<EventDoc>("events");
    },
    get marks() {
      return named<MarkDoc>("marks");
    },
  };
}

export async function makeIndexes(
  db: Db,
  signal: AbortSignal,
  { polled = false } = {},
): Promise<void> {
  // at once: one after the other they would take too long where the database is far away
  const making = Object.entries(polled ? POLLED : INDEXES)
    .filter(([, indexes]) => indexes.length > 0)
    .map(([name, indexes]) => bounded(db.collection(name), signal).createIndexes([...indexes]));
  // where one fails the driver still tries the others again, and none may outlast a store that is closed
  await Promise.allSettled(making);
  await Promise.all(making);
}
