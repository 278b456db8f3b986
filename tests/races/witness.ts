/** Keeps every state that a session ever had in the database, and says whether a frame shows one. */
import { type Data, serverNow } from "../databases.ts";
import type { Frame } from "../helpers.ts";
import { type Histories, shown } from "./histories.ts";
import { mongoWitness } from "./mongo_witness.ts";
import { sqliteWitness } from "./sqlite_witness.ts";

export interface Witness extends AsyncDisposable {
  /** Of each session all states up to now. */
  histories(): Promise<Histories>;
  /**
   * What was wrong with agents' places: a session without one, one given beyond the capacity, or a status that denies it. `ended`: when
   * nothing is under way any more a place without a session is wrong too.
   */
  miscounted(when?: { ended: true }): Promise<readonly unknown[]>;
}

/** From now on, whichever process writes; to be called when a store has been opened there. */
export const witnessOf = (data: Data): Promise<Witness> =>
  serverNow() ? mongoWitness(data) : sqliteWitness(data);

/** The first of the frames that shows no state of the history, or an older one than a frame before it. */
export function impossible(
  frames: readonly Frame[],
  history: readonly string[],
): Frame | undefined {
  let from = 0;
  return frames.find((frame) => {
    const at = history.indexOf(shown(frame), from);
    if (at < 0) return true;
    from = at;
    return false;
  });
}
