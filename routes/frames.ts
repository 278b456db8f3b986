/** What the JSON socket tells: each update of a session as frames, made once for all who get them. */
import type { Actor, Message, Session, Side } from "../services/domain.ts";
import type { Update } from "../services/feed.ts";
import { messageJson, sessionJson } from "./api/json.ts";

export function messageFrame(message: Message): string {
  const { text, ...rest } = messageJson(message);
  return JSON.stringify({ type: "message", ...rest, message: text });
}

export const sessionFrame = (session: Session, queuePosition: number | undefined): string =>
  JSON.stringify({ type: "session", ...sessionJson(session, queuePosition) });

const nameOf = (session: Session, side: Side): string =>
  (side === "user" ? session.userName : session.agentName) ?? "";

/** Makes a frame once for all who get it. */
function once({ rendered }: Update, key: string, make: () => string): string {
  const frame = rendered.get(key) ?? make();
  rendered.set(key, frame);
  return frame;
}

/** The frames of an update for `actor`, in their order; `own` tells which messages this very socket has sent. */
export function* framesOf(
  update: Update,
  actor: Actor,
  own: (message: Message) => boolean,
): Generator<string> {
  const { session, dropped, messages, answer, typing, seen } = update;
  const sessionId = session.id;
  if (dropped) {
    const delta = { type: "delta", sessionId, id: dropped, text: "", dropped: true };
    yield once(update, "json dropped", () => JSON.stringify(delta));
  }
  for (const message of messages) {
    if (!own(message)) yield once(update, `json ${message.seq}`, () => messageFrame(message));
  }
  if (update.sessionChanged) {
    yield once(update, "json session", () => sessionFrame(session, update.queuePosition));
  }
  if (update.answerGrew && answer?.text) {
    const delta = { type: "delta", sessionId, id: answer.id, text: answer.text };
    yield once(update, "json delta", () => JSON.stringify(delta));
  }
  const others = (side: Side) =>
    side === "user" ? actor.side !== "user" : session.assignedAgent !== actor.id;
  for (const sender of typing.filter(others)) {
    if (!session.typing[sender]) continue;
    const senderName = nameOf(session, sender);
    yield JSON.stringify({ type: "typing", sessionId, sender, senderName });
  }
  for (const sender of seen.filter(others)) {
    yield JSON.stringify({ type: "seen", sessionId, sender, seq: session.seen[sender]?.seq });
  }
}
