/** Rows of tables as the nouns of the domain. */
import {
  type LastMessage,
  MAX_COUNT,
  type Message,
  type Mode,
  type Seen,
  type Sender,
  type Session,
  type SessionRow,
  type Source,
} from "../domain.ts";

export interface SessionRecord {
  readonly id: string;
  readonly userId: string;
  readonly userName: string;
  readonly mode: Mode;
  readonly status: "open" | "closed";
  readonly waitingSince: number | null;
  readonly assignedAgent: string | null;
  readonly agentName: string | null;
  readonly createdAt: number;
  readonly lastActivity: number;
  readonly closedAt: number | null;
  readonly rating: number | null;
  readonly ratingComment: string | null;
  readonly epoch: number;
  readonly lastSeq: number;
  readonly lastSender: Sender | null;
  readonly lastSenderId: string | null;
  readonly lastSenderName: string | null;
  readonly lastText: string | null;
  readonly askedSeq: number;
  readonly answeredSeq: number;
  readonly subject: string | null;
  readonly misses: number;
  readonly failures: number;
  readonly answerId: string | null;
  readonly answerText: string | null;
  readonly answerUntil: number | null;
  readonly userSeenSeq: number | null;
  readonly userSeenAt: number | null;
  readonly agentSeenSeq: number | null;
  readonly agentSeenAt: number | null;
  readonly userTyping: number | null;
  readonly agentTyping: number | null;
  /** Only in rows of lists. */
  readonly unread?: number;
}

export interface MessageRecord {
  readonly id: string;
  readonly sessionId: string;
  readonly seq: number;
  readonly sender: Sender;
  readonly senderName: string;
  readonly text: string;
  readonly timestamp: number;
  readonly clientId: string | null;
  readonly sources: string | null;
}

const LAST_MESSAGE =
  `LEFT JOIN messages last ON last.session = s.number AND last.seq = s.spokenSeq`;
const UNREAD = `
  SELECT count(*) FROM (
    SELECT 1 FROM messages
    WHERE session = s.number AND seq > max(ifnull(s.agentSeenSeq, 0), s.repliedSeq) AND sender = 'user'
    LIMIT ${MAX_COUNT}
  )`;

const LAST = `last.sender AS lastSender, last.senderId AS lastSenderId,
  last.senderName AS lastSenderName, last.text AS lastText`;

/** Begins a query for sessions, known in it as `s`. */
export const SESSION = `SELECT s.*, ${LAST} FROM sessions s ${LAST_MESSAGE}`;
/** The same with what is unread. */
export const SESSION_ROW = `
  SELECT s.*, ${LAST}, (${UNREAD}) AS unread FROM sessions s ${LAST_MESSAGE}`;
/** Begins a query for messages of the session `:sessionId`. */
export const MESSAGE = `
  SELECT id, :sessionId AS sessionId, seq, sender, senderName, text, timestamp, clientId, sources
  FROM messages WHERE session = (SELECT number FROM sessions WHERE id = :sessionId)`;

export function toSession(row: SessionRecord): Session {
  return {
    id: row.id,
    userId: row.userId,
    userName: row.userName,
    mode: row.mode,
    status: row.status,
    createdAt: new Date(row.createdAt),
    lastActivity: new Date(row.lastActivity),
    epoch: row.epoch,
    lastSeq: row.lastSeq,
    askedSeq: row.askedSeq,
    answeredSeq: row.answeredSeq,
    misses: row.misses,
    failures: row.failures,
    seen: given({
      user: seen(row.userSeenSeq, row.userSeenAt),
      agent: seen(row.agentSeenSeq, row.agentSeenAt),
    }),
    typing: given({ user: date(row.userTyping), agent: date(row.agentTyping) }),
    ...given({
      waitingSince: date(row.waitingSince),
      assignedAgent: row.assignedAgent,
      agentName: row.agentName,
      closedAt: date(row.closedAt),
      rating: row.rating,
      ratingComment: row.ratingComment,
      subject: row.subject,
      lastMessage: lastMessage(row),
      answer: growing(row),
    }),
  };
}

export const toSessionRow = (row: SessionRecord): SessionRow => ({
  ...toSession(row),
  unread: row.unread ?? 0,
});

export function toMessage({ timestamp, clientId, sources, ...row }: MessageRecord): Message {
  return {
    ...row,
    timestamp: new Date(timestamp),
    ...given({ clientId, sources: sources && JSON.parse(sources) as readonly Source[] }),
  };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], null | undefined | ""> };

/** What is null in a row is missing in the domain. */
export function given<T extends object>(values: T): Given<T> {
  const kept: Given<T> = {};
  for (const key in values) {
    if (values[key] !== null && values[key] !== undefined) {
      kept[key] = values[key] as Exclude<T[typeof key], null | undefined | "">;
    }
  }
  return kept;
}

const date = (at: number | null): Date | undefined => at === null ? undefined : new Date(at);

const seen = (seq: number | null, at: number | null): Seen | undefined =>
  seq === null || at === null ? undefined : { seq, at: new Date(at) };

function lastMessage(row: SessionRecord): LastMessage | undefined {
  const { lastSender: sender, lastText: text } = row;
  if (sender === null || text === null) return undefined;
  return {
    sender,
    text,
    ...given({ senderId: row.lastSenderId, senderName: row.lastSenderName }),
  };
}

function growing({ answerId: id, answerText: text, answerUntil: until }: SessionRecord) {
  return id === null || text === null || until === null
    ? undefined
    : { id, text, until: new Date(until) };
}
