/** A chat in its own words: what was asked, what was answered last, and whether that was the end of it. */
import type { Message } from "./domain.ts";
import { isSmallTalk } from "./intent.ts";

const QUESTIONS = 3;
const EXCERPT = 160;

export function extract(messages: readonly Message[]): string {
  const spoken = messages.filter(({ sender }) => sender !== "system");
  const asked = spoken.filter(({ sender, text }) => sender === "user" && !isSmallTalk(text));
  if (asked.length === 0) return "The customer has asked nothing yet.";
  const answer = spoken.findLast(({ sender }) => sender !== "user");
  const isOpen = spoken.at(-1)?.sender === "user";
  return [
    ended(`${asked[0]?.senderName} wrote: ${chosen(asked).map(quoted).join(", then ")}`),
    answer && ended(`${byWhom(answer)} last answered: ${quoted(answer)}`),
    isOpen && "The last message has no answer yet.",
  ].filter(Boolean).join(" ");
}

/** The first says what it is about, the last ones where it stands. */
function chosen(asked: readonly Message[]): readonly Message[] {
  return asked.length <= QUESTIONS ? asked : [asked[0]!, ...asked.slice(1 - QUESTIONS)];
}

const byWhom = ({ sender, senderName }: Message): string =>
  sender === "ai" ? "The assistant" : senderName;

function quoted({ sender, text }: Message): string {
  const sentences = [...new Intl.Segmenter("en", { granularity: "sentence" }).segment(text)]
    .map(({ segment }) => segment.trim()).filter(Boolean);
  const question = sender === "user" ? sentences.find((one) => one.endsWith("?")) : undefined;
  return `“${shortened(question ?? sentences[0] ?? text)}”`;
}

/** A quoted sentence has brought its own end. */
const ended = (text: string): string => /[.!?…]”$/u.test(text) ? text : `${text}.`;

function shortened(text: string): string {
  const line = text.replace(/\s+/gu, " ");
  return line.length <= EXCERPT ? line : `${line.slice(0, EXCERPT - 1).trimEnd()}…`;
}
