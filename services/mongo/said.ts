/** What was said before under the same `clientId`. */
import type { Database } from "./database.ts";
import type { MessageDoc, SessionDoc } from "./rows.ts";
import { TEXT } from "./schema.ts";

/** Of a session with more messages the ids are not kept, but asked for. */
const MOST = 300;

export interface Heard {
  /** Of the ids that were asked for those that there are. */
  readonly firsts: ReadonlyMap<string, MessageDoc>;
  /** All ids of the session, where they are few. */
  readonly ids: Set<string> | undefined;
}

export class Said {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** `known`: all ids of the session, as far as they are remembered. */
  async look(
    session: SessionDoc,
    wanted: readonly string[],
    known: Set<string> | undefined,
  ): Promise<Heard> {
    if (wanted.length === 0) return { firsts: new Map(), ids: known };
    const ids = known ?? (session.lastSeq <= MOST ? await this.#idsIn(session) : undefined);
    const there = ids ? wanted.filter((id) => ids.has(id)) : wanted;
    return { firsts: await this.#firsts(session, there), ids };
  }

  async #idsIn({ _id: sessionId }: SessionDoc): Promise<Set<string>> {
    const found = await this.#db.run(({ messages }) =>
      messages.find({ sessionId, clientId: TEXT }, { projection: { clientId: 1 } }).toArray()
    );
    return new Set(found.flatMap(({ clientId }) => clientId ?? []));
  }

  async #firsts(
    { _id: sessionId }: SessionDoc,
    ids: readonly string[],
  ): Promise<Map<string, MessageDoc>> {
    const [only] = ids;
    if (only === undefined) return new Map();
    const clientId = ids.length === 1 ? only : { ...TEXT, $in: [...ids] };
    const found = await this.#db.run(({ messages }) =>
      messages.find({ sessionId, clientId }).toArray()
    );
    return new Map(found.map((message) => [message.clientId ?? "", message]));
  }
}
