/** What a text asks for or admits, by fixed rules: no model has a say in them. */
import { GIVES_UP, ONLY_SMALL_TALK, SAYS, SENDS_ON } from "./phrases.ts";
import { TONGUES } from "./tongues.ts";

/** The customer asks in words for a person. */
export function wantsPerson(text: string): boolean {
  return clausesOf(text).some((clause) =>
    TONGUES.some(({ asks, refuses }) =>
      asks.some((rule) => rule.test(clause)) && !refuses?.test(clause)
    )
  );
}

/** What is left of a text without the words that ask for a person. */
export function besidesPerson(text: string): string {
  return text.split(/(?<=[.!?;:,\n…])/u).filter((clause) => !wantsPerson(clause)).join("").trim();
}

/** Longer texts are never small talk; it also bounds the work that a made-up text can cause. */
const MAX_SMALL_TALK = 100;

export type SmallTalk = "hello" | "thanks" | "bye" | "fine";

/** The kind of a text that is nothing but small talk; the last word of "hi … thanks … bye" counts most. */
export function smallTalk(text: string): SmallTalk | undefined {
  const words = folded(text).replace(/[^\p{L}\p{N}]+/gu, " ").trim();
  if (words === "") return /\p{Extended_Pictographic}/u.test(text) ? "fine" : undefined;
  if (words.length > MAX_SMALL_TALK || !ONLY_SMALL_TALK.test(words)) return undefined;
  return (["bye", "thanks", "hello"] as const).find((kind) => SAYS[kind].test(words)) ?? "fine";
}

export function isSmallTalk(text: string): boolean {
  return smallTalk(text) !== undefined;
}

/** A model's answer says that it can't help, or that a person has to. "I found nothing" is not that. */
export function cannotHelp(answer: string, { hasSource = false } = {}): boolean {
  const rules = hasSource ? GIVES_UP : [...GIVES_UP, ...SENDS_ON];
  const clauses = folded(answer).split(/[.!?;:\n]+/).map(spaced);
  return clauses.some((clause) => rules.some((rule) => rule.test(clause)));
}

// ---- reading ------------------------------------------------------------------------------------

const LETTERS: Readonly<Record<string, string>> = {
  "ł": "l",
  "ß": "ss",
  "ø": "o",
  "æ": "ae",
  "œ": "oe",
  "ð": "d",
  "þ": "th",
  "ı": "i",
};

/** Without case and accents; "don’t" becomes "dont", and "quelqu’un" two words. */
function folded(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase()
    .replace(/[łßøæœðþı]/g, (letter) => LETTERS[letter] ?? letter)
    .replace(/[’‘ʼ`´]/g, "'")
    .replace(/'(?=(?:t|s|re|ve|ll|m|d)\b)/g, "")
    .replace(/'/g, " ");
}

const spaced = (text: string) => text.replace(/[^\p{L}\p{N}]+/gu, " ").trim();

function clausesOf(text: string): string[] {
  return folded(text).split(/[.!?;:,\n¿¡…]+/).map(spaced).filter((clause) => clause !== "");
}
