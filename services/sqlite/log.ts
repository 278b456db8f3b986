/** What is appended to a session: messages at the next `seq`, and the events that explain it. */
import {
  type EventDraft,
  lineOf,
  type Message,
  newId,
  type Sender,
  SENDER_NAMES,
  type SessionEvent,
  type Source,
} from "../domain.ts";
import { Kept } from "../kept.ts";
import type { Database } from "./database.ts";
import { given } from "./rows.ts";
import { Tallies, type Tally } from "./tallies.ts";

const SQL = {
  say: `
    INSERT INTO messages (
      id, session, seq, sender, senderId, senderName, text, timestamp, clientId, sources, counted
    ) VALUES (
      :id, :session, :seq, :sender, :senderId, :senderName, :text, :timestamp, :clientId, :sources, 1
    ) ON CONFLICT (session, clientId) WHERE clientId IS NOT NULL DO NOTHING`,
  note: `INSERT INTO events (id, sessionId, at, data) VALUES (:id, :sessionId, :at, :data)`,
  events: `SELECT id, at, data FROM events WHERE sessionId = :sessionId ORDER BY rowId`,
};

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

/** A message is announced a moment after it was written: until then, and a little longer, it is kept. */
const RECENT = 2_000;

export class SessionLog {
  readonly #sql;
  readonly #tallies: Tallies;
  readonly #recent = new Kept<Message>(RECENT);

  constructor(db: Database) {
    this.#sql = db.prepare(SQL);
    this.#tallies = new Tallies(db);
  }

  /** Part of an append: the session, as it is with all that this transaction appends. */
  tally(sessionId: string): Readonly<Tally> | undefined {
    return this.#tallies.of(sessionId);
  }

  /** An append: the message at the next `seq`, or undefined where its `clientId` was used before. */
  append(sessionId: string, saying: Saying): Message | undefined {
    const tally = this.#tallies.of(sessionId);
    if (!tally) throw new Error(`No session ${sessionId} to write to`);
    const { id, sender, senderId, senderName, text, timestamp, clientId, sources } = saying;
    const seq = tally.lastSeq + 1;
    const added = this.#sql.say.run({
      id,
      session: tally.number,
      seq,
      sender,
      senderId,
      senderName,
      text,
      timestamp,
      clientId,
      sources: sources && JSON.stringify(sources),
    });
    if (added === 0) return undefined;
    this.#tallies.count(sessionId, sender, text, timestamp.getTime());
    const rest = given({ clientId, sources });
    const message = { id, sessionId, seq, sender, senderName, text, timestamp, ...rest };
    this.#recent.set(id, message);
    return message;
  }

  /** Part of a write. */
  say(sessionId: string, saying: Saying): Message {
    try {
      const message = this.append(sessionId, saying);
      if (!message) throw new Error("A message of the server's own has a clientId");
      return message;
    } finally {
      this.#tallies.settle(); // where it failed, the session that was read is going to be undone
    }
  }

  /** A message that this process wrote lately, by its id. */
  recent(id: string): Message | undefined {
    return this.#recent.get(id);
  }

  /** Part of a write: keeps an event, and the line that the customer reads of it. */
  note(sessionId: string, event: EventDraft, at: Date): void {
    this.#sql.note.run({ id: newId(at), sessionId, at, data: JSON.stringify(event) });
    const text = lineOf(event);
    if (text === undefined) return;
    const line = { sender: "system", senderName: SENDER_NAMES.system } as const;
    this.say(sessionId, { ...line, id: newId(at), text, timestamp: at });
  }

  events(sessionId: string): readonly SessionEvent[] {
    const rows = this.#sql.events.all<{ id: string; at: number; data: string }>({ sessionId });
    return rows.map(({ id, at, data }) => {
      return { ...JSON.parse(data) as EventDraft, id, at: new Date(at) };
    });
  }
}
