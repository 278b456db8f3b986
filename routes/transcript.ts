/** A conversation as plain text. */
import type { Message, Session } from "../services/domain.ts";

const time = (at: Date): string => at.toISOString().slice(0, 16).replace("T", " ");

export async function transcript(
  session: Session,
  messages: AsyncIterable<Message>,
): Promise<string> {
  const lines = [`Chat of ${session.userName}, ${time(session.createdAt)} UTC`, ""];
  for await (const message of messages) lines.push(...entry(message));
  return lines.join("\n") + "\n";
}

function* entry({ sender, senderName, text, timestamp, sources = [] }: Message): Generator<string> {
  if (sender === "system") {
    yield `[${time(timestamp)}] — ${text}`;
    return;
  }
  const name = sender === "ai" ? "Assistant (AI)" : senderName;
  yield `[${time(timestamp)}] ${name}: ${text.replaceAll("\n", "\n    ")}`;
  for (const [index, { title, slug }] of sources.entries()) {
    yield `    [${index + 1}] ${title} (/help/${slug})`;
  }
}
