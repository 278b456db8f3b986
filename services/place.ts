/** A session with its place in line, as they were at one moment. */
import type { Session } from "./domain.ts";
import type { Store } from "./store.ts";

export interface Placed {
  readonly session: Session;
  /** 1 is next; undefined for a session that is not in line. */
  readonly queuePosition: number | undefined;
}

/** Two reads, and a place that was lost between them is no place: then both are read again. */
export async function placed({ sessions }: Store, session: Session): Promise<Placed> {
  for (let now: Session | undefined = session; now; now = await sessions.find(session.id)) {
    if (!now.waitingSince) return { session: now, queuePosition: undefined };
    const queuePosition = await sessions.queuePosition(now);
    if (queuePosition !== undefined) return { session: now, queuePosition };
  }
  return { session, queuePosition: undefined };
}
