/** Full text search: each word by prefix, in the messages and the customer's name and e-mail. */
import type { ObjectId } from "mongodb";
import type { SessionRow } from "../domain.ts";
import type { Database } from "./database.ts";
import { toSessionRow } from "./rows.ts";

const MAX_WORDS = 12;
/** Of a longer word only this much is kept, and looked for. */
const MAX_LENGTH = 40;
const WORD = /[\p{L}\p{N}]+/gu;

/** The words of a text without case and accents, each once. */
export function wordsIn(text: string): string[] {
  const plain = text.normalize("NFKD").replace(/\p{M}+/gu, "").toLowerCase();
  return [...new Set(plain.match(WORD)?.map((word) => word.slice(0, MAX_LENGTH)))];
}

export class Search {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async sessions(text: string, limit: number): Promise<readonly SessionRow[]> {
    const words = wordsIn(text).slice(0, MAX_WORDS);
    if (words.length === 0) return [];
    const [first, ...others] = await Promise.all(words.map((word) => this.#having(word)));
    const ids = [...first ?? []].filter(([id]) => others.every((other) => other.has(id)));
    if (ids.length === 0) return [];
    const found = await this.#db.run(({ sessions }) =>
      sessions.find({ _id: { $in: ids.map(([, _id]) => _id) } })
        .sort({ lastActivity: -1, _id: -1 }).limit(limit).toArray()
    );
    return found.map(toSessionRow);
  }

  /** Sessions in whose messages or customer's name or e-mail a word begins so. */
  async #having(word: string): Promise<Map<string, ObjectId>> {
    // of letters and digits only, so it has no meaning of its own in an expression
    const words = { $regex: `^${word}` };
    const hint = { words: 1 } as const;
    const [said, named] = await Promise.all([
      this.#db.run(({ messages }) =>
        messages.aggregate<{ _id: ObjectId }>([
          { $match: { words } },
          { $group: { _id: "$sessionId" } },
        ], { hint }).toArray()
      ),
      this.#db.run(({ users }) =>
        users.find({ words }, { hint, projection: { _id: 1 } }).toArray()
      ),
    ]);
    const theirs = await this.#sessionsOf(named.map(({ _id }) => _id.toHexString()));
    return new Map([...said, ...theirs].map(({ _id }) => [_id.toHexString(), _id]));
  }

  async #sessionsOf(userIds: readonly string[]): Promise<readonly { _id: ObjectId }[]> {
    if (userIds.length === 0) return [];
    return await this.#db.run(({ sessions }) =>
      sessions.find({ userId: { $in: [...userIds] } }, { projection: { _id: 1 } }).toArray()
    );
  }
}
