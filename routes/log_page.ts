/** The part of a conversation that a page shows. */
import type { Chat } from "../services/chat.ts";
import { type Actor, type Message, PAGE, type Session } from "../services/domain.ts";

export interface LogPage {
  readonly messages: readonly Message[];
  /** The message before the first of them: it decides on the first one's name, time and day. */
  readonly previous: Message | undefined;
  readonly hasEarlier: boolean;
  readonly hasLater: boolean;
}

/** The latest messages, or those before the `seq` that an address names. */
export async function pageOf(
  chat: Chat,
  actor: Actor,
  session: Session,
  beforeText: string | undefined,
): Promise<LogPage> {
  const before = /^\d{1,15}$/.test(beforeText ?? "") ? Number(beforeText) : undefined;
  const { messages } = await chat.messages(actor, session.id, {
    limit: PAGE + 1,
    ...(before !== undefined && { before }),
  });
  const hasEarlier = messages.length > PAGE;
  return {
    messages: hasEarlier ? messages.slice(1) : messages,
    previous: hasEarlier ? messages[0] : undefined,
    hasEarlier,
    hasLater: before !== undefined && before <= session.lastSeq,
  };
}
