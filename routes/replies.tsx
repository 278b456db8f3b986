/** What app.js gets back for a text: the message where it belongs, or what holds it back. */
import type { Chat } from "../services/chat.ts";
import { type Actor, MAX_PAGE, type Message } from "../services/domain.ts";
import type { Fault } from "../services/errors.ts";
import { SendProblem } from "../views/composer.tsx";
import { inOrder, MessagePush } from "../views/message.tsx";
import type { Parts } from "./parts.ts";

/** The message as the socket would push it, so that whichever comes first, it stands there once. */
export async function sentReply({ chat }: Parts, actor: Actor, message: Message) {
  const previous = await before(chat, actor, message);
  return (
    <>
      <MessagePush items={inOrder({ messages: [message], previous })} />
      <hx-partial hx-target="#send-error" hx-swap="innerHTML"></hx-partial>
    </>
  );
}

/** Why a text was not sent, to whoever wrote it. */
export const problemOf = ({ code, message }: Fault): string =>
  code === "conflict"
    ? "Another text has gone out from this box. Send again to send this one too."
    : message;

/**
 * An agent's reply that is held, with what its writer hasn't seen. What the form is based on stays as it was, so that an
 * impatient second Enter is held too; whoever types on has seen it (app.js).
 */
export async function heldReply(
  { chat }: Parts,
  { actor, sessionId, basedOn, problem }: {
    actor: Actor;
    sessionId: string;
    basedOn: number;
    problem: string;
  },
) {
  const { messages } = await chat.messages(actor, sessionId, { after: basedOn, limit: MAX_PAGE });
  const [first] = messages;
  const previous = first && await before(chat, actor, first);
  return (
    <>
      <SendProblem problem={problem} held />
      <MessagePush items={inOrder({ messages, previous })} />
    </>
  );
}

async function before(chat: Chat, actor: Actor, { sessionId, seq }: Message) {
  return (await chat.messages(actor, sessionId, { before: seq, limit: 1 })).messages[0];
}
