/** Sessions as they were last written here: good to decide on, since a write proves that nobody wrote since. */
import { Kept } from "../kept.ts";
import type { SessionDoc } from "./rows.ts";

const MAX_SESSIONS = 1_000;
const MAX_IDS = 1_000;

export interface Known {
  readonly session: SessionDoc;
  /** The `clientId` of each of its messages; missing where that isn't known. */
  readonly ids: Set<string> | undefined;
}

export class Memory {
  readonly #known = new Kept<Known>(MAX_SESSIONS);

  keep({ session, ids }: Known): void {
    const few = ids && ids.size <= MAX_IDS ? ids : undefined;
    this.#known.set(session._id.toHexString(), { session, ids: few });
  }

  /** What is remembered, which is forgotten with that. */
  take(id: string): Known | undefined {
    const known = this.#known.get(id);
    this.#known.delete(id);
    return known;
  }
}
