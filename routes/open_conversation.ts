/** What the desk says of a session around its log. */
import { briefing, type BriefingFacts } from "../services/briefing.ts";
import { type Customer, MAX_PAGE, type Session, type SessionEvent } from "../services/domain.ts";
import type { Parts } from "./parts.ts";

const OTHERS = 10;

export interface Surroundings {
  readonly customer: Customer;
  readonly briefing: BriefingFacts | undefined;
  /** The customer's other sessions, newest first. */
  readonly others: readonly Session[];
  readonly events: readonly SessionEvent[];
}

export async function surroundingsOf(
  { chat, store }: Parts,
  session: Session,
): Promise<Surroundings> {
  const events = await store.sessions.events(session.id);
  const { messages } = await store.messages.page(session.id, { after: 0, limit: MAX_PAGE });
  const all = await store.sessions.ofCustomer(session.userId, { limit: OTHERS + 1 });
  return {
    customer: await chat.customer({ id: session.userId }),
    briefing: briefing(session, messages, events),
    others: all.filter(({ id }) => id !== session.id).slice(0, OTHERS),
    events,
  };
}

/** What stands under an open conversation: a composer for who has it, or words. */
export function footOf(session: Session, agentId: string): string {
  if (session.status === "closed") return "closed";
  return session.assignedAgent === agentId ? "mine" : session.assignedAgent ?? "ai";
}
