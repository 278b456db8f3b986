/** What is asked in a text, question by question. */
import { isSmallTalk } from "./intent.ts";
import { termsOf } from "./words.ts";

/** What follows belongs to the last of them: more would be a page to read, and work to find. */
const MAX_QUESTIONS = 5;

const OPENERS =
  "how|what|whats|which|where|wheres|when|who|why|(?:can|could|may|do|does|did|is|are|will|would|should) (?:i|we|you|it|they|there|the|my|your|this|that|an?)";
/** Not everyone types the mark, but "When it came it was broken." asks nothing. */
const ASKS = new RegExp(
  `\\?\\W*$|^(?:(?:and|but|also|or|so|then|hi|hello|ok)\\W+)*(?:${OPENERS})\\b.*[^.!]$`,
  "iu",
);

/** In their order, each with what was said before it; the whole text where it doesn't ask several things. */
export function questionsOf(text: string): string[] {
  const questions: string[] = [];
  let said: string[] = [];
  for (const sentence of sentencesOf(text)) {
    said.push(sentence);
    const isWhole = ASKS.test(sentence) && termsOf(said.join(" ")).length > 0;
    if (!isWhole || questions.length === MAX_QUESTIONS) continue;
    questions.push(said.join(" "));
    said = [];
  }
  if (questions.length < 2) return [text];
  return [...questions.slice(0, -1), [questions.at(-1), ...said].join(" ")];
}

export function asksSomething(text: string): boolean {
  return sentencesOf(text).some((sentence) => ASKS.test(sentence));
}

/** Without small talk. */
function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.!?])\s+|\n/u).map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== "" && !isSmallTalk(sentence));
}
