/** The part of a conversation that a page shows, drawn. */
import type { Chat } from "../services/chat.ts";
import { type Actor, PAGE, type Session } from "../services/domain.ts";
import { Kept } from "../services/kept.ts";
import { drawn } from "../views/drawn.tsx";
import { MessageList } from "../views/message.tsx";

export interface LogPage {
  /** The `<ol>` of messages, drawn. */
  readonly log: Uint8Array;
  /** `seq` of the first of them. */
  readonly first: number | undefined;
  readonly hasEarlier: boolean;
  readonly hasLater: boolean;
}

/** Pages kept drawn: messages never change, so a log is known by its session and last `seq`. */
const pages = new Kept<LogPage>(300);

/** The latest messages, or those before the `seq` that an address names. The caller may see the session. */
export async function pageOf(
  chat: Chat,
  actor: Actor,
  session: Session,
  beforeText: string | undefined,
): Promise<LogPage> {
  const before = /^\d{1,15}$/.test(beforeText ?? "") ? Number(beforeText) : undefined;
  const key = `${session.id} ${session.lastSeq}`;
  const kept = before === undefined ? pages.get(key) : undefined;
  if (kept) return kept;
  const page = await draw(chat, actor, session, before);
  if (before === undefined) pages.set(key, page);
  return page;
}

async function draw(
  chat: Chat,
  actor: Actor,
  session: Session,
  before: number | undefined,
): Promise<LogPage> {
  const until = Math.min(before ?? Infinity, session.lastSeq + 1); // not what came after the session was read
  const { messages } = await chat.messages(actor, session.id, { before: until, limit: PAGE + 1 });
  const hasEarlier = messages.length > PAGE;
  // The one before the first decides on the first one's name, time and day.
  const [previous] = hasEarlier ? messages : [];
  const shown = hasEarlier ? messages.slice(1) : messages;
  return {
    log: drawn(<MessageList messages={shown} previous={previous} />),
    first: shown[0]?.seq,
    hasEarlier,
    hasLater: until <= session.lastSeq,
  };
}
