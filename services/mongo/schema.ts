/** The collections and their indexes, made at start where they are missing. */
import type { Collection, Db, IndexDescription } from "mongodb";
import type {
  AgentDoc,
  EventDoc,
  MessageDoc,
  SessionDoc,
  SignInDoc,
  UserDoc,
  VoucherDoc,
} from "./rows.ts";

export interface Collections {
  readonly users: Collection<UserDoc>;
  readonly agents: Collection<AgentDoc>;
  readonly signIns: Collection<SignInDoc>;
  readonly vouchers: Collection<VoucherDoc>;
  readonly sessions: Collection<SessionDoc>;
  readonly messages: Collection<MessageDoc>;
  readonly events: Collection<EventDoc>;
  readonly marks: Collection<{ readonly _id: string; readonly value: number }>;
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
    { key: { "told.at": 1 } },
  ],
  signIns: [
    { key: { side: 1, accountId: 1 } },
    { key: { expiresAt: 1 } },
    { key: { endedAt: 1 }, sparse: true, expireAfterSeconds: KEEP_ENDED },
  ],
  vouchers: [{ key: { expiresAt: 1 } }],
  sessions: [
    { key: { openKey: 1 }, unique: true },
    { key: { state: 1, lastActivity: -1, _id: -1 } },
    { key: { assignedAgent: 1, state: 1 } },
    { key: { waitingSince: 1, _id: 1 }, partialFilterExpression: { waitingSince: SINCE_EVER } },
    { key: { userId: 1, createdAt: -1, _id: -1 } },
    { key: { silentUntil: 1 }, sparse: true },
    { key: { dueAt: 1 }, sparse: true },
    { key: { unsettled: 1 }, sparse: true },
    { key: { changedAt: 1 }, sparse: true },
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

export const collectionsOf = (db: Db): Collections => ({
  users: db.collection("users"),
  agents: db.collection("agents"),
  signIns: db.collection("signIns"),
  vouchers: db.collection("vouchers"),
  sessions: db.collection("sessions"),
  messages: db.collection("messages"),
  events: db.collection("events"),
  marks: db.collection("marks"),
});

export async function makeIndexes(db: Db): Promise<void> {
  for (const [name, indexes] of Object.entries(INDEXES)) {
    if (indexes.length > 0) await db.collection(name).createIndexes([...indexes]);
  }
}
