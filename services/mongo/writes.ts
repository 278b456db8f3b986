/** Sessions' changes, many by one command, each only if its session still is as it was read. */
import { MongoBulkWriteError, type ObjectId, type UpdateFilter } from "mongodb";
import { Batch } from "./batch.ts";
import type { Database } from "./database.ts";
import { isAway, unavailable } from "./faults.ts";
import type { SessionDoc } from "./rows.ts";
import type { Collections } from "./schema.ts";

/** Tokens of so many writes stand in a session's `by`. */
export const LAST_WRITES = 5;

export interface Write {
  readonly _id: ObjectId;
  /** As it was read. */
  readonly rev: number;
  /** Raises `rev`, and adds `by` to the session's. */
  readonly update: UpdateFilter<SessionDoc>;
  /** By which the write is known again, should its answer get lost. */
  readonly by: string;
}
type Outcome = "written" | "raced" | Error;

export class SessionWrites {
  readonly #db: Database;
  readonly #batch = new Batch<Write, Outcome>((writes) => this.#write(writes));

  constructor(db: Database) {
    this.#db = db;
  }

  /** False where somebody else was faster; throws `unavailable` where that can't be told. */
  async write(write: Write): Promise<boolean> {
    const outcome = await this.#batch.add(write);
    if (typeof outcome === "object") throw outcome;
    return outcome === "written";
  }

  async #write(writes: readonly Write[]): Promise<readonly Outcome[]> {
    return await this.#db.run(async (collections, { again }) => {
      const updates = writes.map(({ _id, rev, update }) => ({
        updateOne: { filter: { _id, rev }, update },
      }));
      const refused = new Map<number, Error>();
      const { matchedCount } = await collections.sessions.bulkWrite(updates, { ordered: false })
        .catch((error) => allBut(error, refused));
      if (matchedCount === writes.length) return writes.map(() => "written");
      const outcomes = await outcomesOf(collections, writes, again);
      return outcomes.map((outcome, index) => refused.get(index) ?? outcome);
    });
  }
}

/** One session that can't be changed so is no reason to deny the others their change. */
function allBut(error: unknown, refused: Map<number, Error>): { matchedCount: number } {
  if (!(error instanceof MongoBulkWriteError) || isAway(error)) throw error;
  for (const { index, errmsg } of [error.writeErrors].flat()) {
    refused.set(index, new Error(errmsg, { cause: error }));
  }
  if (refused.size === 0) throw error;
  return error;
}

/** Of each whether it stands: not all did, or the answer to a first attempt was lost. */
async function outcomesOf(
  { sessions }: Collections,
  writes: readonly Write[],
  again: boolean,
): Promise<readonly Outcome[]> {
  const ids = writes.map(({ _id }) => _id);
  const now = await sessions.find({ _id: { $in: ids } }, { projection: { by: 1, rev: 1 } })
    .toArray();
  const byId = new Map(now.map((session) => [session._id.toHexString(), session]));
  return writes.map(({ _id, rev, by }) => {
    const session = byId.get(_id.toHexString());
    if (session?.by.includes(by)) return "written";
    const mayBeForgotten = again && session && session.rev > rev + LAST_WRITES;
    return mayBeForgotten ? unavailable(new Error("An answer was lost")) : "raced";
  });
}
