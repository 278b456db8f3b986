/** Which sentences of some passages answer a question best. */
import type { Passage } from "./llm.ts";
import { Speller } from "./speller.ts";
import { termsOf } from "./words.ts";

const MAX_SENTENCES = 4;
const MAX_ITEMS = 8;
const BONUS = 0.75;
/** A passage this much weaker than the best adds nothing. */
const WORTH_READING = 0.3;

/** A line of a passage, cut into sentences. */
type Line = readonly string[];

interface Pick {
  readonly passage: Passage;
  readonly lines: readonly Line[];
  readonly line: number;
  readonly sentence: number;
  readonly score: number;
}

/**
 * What to say, line by line, and of which passage; undefined where there is none. `about` is what the passages were
 * found by: the question, or with it what it goes on from.
 */
export function bestOf(
  passages: readonly Passage[],
  question: string,
  about: string,
): { readonly passage: Passage; readonly said: readonly string[] } | undefined {
  const pick = bestPick(question, about, passages);
  return pick && { passage: pick.passage, said: linesSaid(pick, asksHow(about)) };
}

/** By the words of the question itself; what kind of answer it wants may stand in what it goes on from. */
function bestPick(
  question: string,
  searched: string,
  passages: readonly Passage[],
): Pick | undefined {
  const [first] = passages;
  const near = passages.filter(({ slug, score }) =>
    slug === first?.slug && score >= first.score * WORTH_READING
  );
  const speller = new Speller(near.map((passage) => passage.text));
  const fits: Fits = {
    asked: new Set(termsOf(question, speller)),
    spread: spreadOf(near.flatMap((passage) => bodyOf(passage).flat())),
    number: asksForNumber(question) ?? asksForNumber(searched),
    how: asksHow(searched),
  };
  return near.flatMap((passage) => picksOf(passage, fits)).toSorted((a, b) => b.score - a.score)[0];
}

/** What makes a sentence fit. */
interface Fits {
  readonly asked: ReadonlySet<string>;
  /** In how many sentences each term occurs. */
  readonly spread: ReadonlyMap<string, number>;
  readonly number: RegExp | undefined;
  readonly how: boolean;
}

/** Each sentence of a passage with how well it answers: by the words asked for, its passage and its place. */
function picksOf(passage: Passage, { asked, spread, number, how }: Fits): Pick[] {
  const lines = bodyOf(passage);
  const recipe = how && /^how\b/i.test(passage.text) ? BONUS : 0;
  return lines.flatMap((sentences, line) =>
    sentences.map((text, sentence) => {
      const known = new Set(termsOf(text).filter((term) => asked.has(term)));
      const fit = [...known].reduce((sum, term) => sum + 1 / (spread.get(term) ?? 1), 0);
      const does = how && TELLS_TO.test(text) ? BONUS : 0;
      const worth = 1 + fit + recipe + does + (number?.test(text) ? BONUS : 0) -
        lateness(lines, line, sentence);
      return { passage, lines, line, sentence, score: worth * passage.score ** 0.25 };
    })
  );
}

/** The first sentences of a section say the most, so a later one has to fit better. */
function lateness(lines: readonly Line[], line: number, sentence: number): number {
  const before = lines.slice(0, line).reduce((sum, sentences) => sum + sentences.length, sentence);
  return Math.min(before, 4) / 10;
}

function spreadOf(sentences: readonly string[]): Map<string, number> {
  const spread = new Map<string, number>();
  for (const term of sentences.flatMap((text) => [...new Set(termsOf(text))])) {
    spread.set(term, (spread.get(term) ?? 0) + 1);
  }
  return spread;
}

/** The lines of a passage without its heading: a first line that doesn't end as a sentence does. */
function bodyOf({ text }: Passage): Line[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const headed = lines.length > 1 && !/[.!:,…]$/u.test(lines[0] ?? "");
  return lines.slice(headed ? 1 : 0).map(sentencesOf);
}

const SEGMENTS = new Intl.Segmenter("en", { granularity: "sentence" });

/** "Choose Forgot password? on the page" is one sentence: what begins small belongs to what stands before it. */
function sentencesOf(line: string): Line {
  const sentences: string[] = [];
  for (const { segment } of SEGMENTS.segment(line)) {
    if (/^\p{Ll}/u.test(segment) && sentences.length > 0) sentences.push(sentences.pop() + segment);
    else sentences.push(segment);
  }
  return sentences.map((sentence) => sentence.trim());
}

/** What is said of the passage: the sentence picked, and what it can't be understood without. */
function linesSaid({ lines, line, sentence }: Pick, how: boolean): string[] {
  const sentences = lines[line] ?? [];
  const from = firstSaid(sentences, sentence);
  const said = sentences.slice(from, from + MAX_SENTENCES).join(" ");
  const lead = /^\p{Ll}/u.test(said) ? leadOf(lines, line) : undefined;
  if (lead !== undefined) return [lead, said];
  if (said.endsWith(":")) return [said, ...itemsAfter(lines, line)];
  return how && line === 0
    ? [said, ...itemsAfter(lines, line).slice(0, MAX_SENTENCES - 1)]
    : [said];
}

/** A paragraph that is short is said whole, since its sentences belong together. */
function firstSaid(sentences: Line, best: number): number {
  if (sentences.length <= MAX_SENTENCES) return 0;
  return best > 0 && LEANS_BACK.test(sentences[best] ?? "") ? best - 1 : best;
}

/** What an item of a list is about ("We can't take back:"): without it, the item might say the opposite. */
function leadOf(lines: readonly Line[], line: number): string | undefined {
  return lines.slice(0, line).findLast((sentences) => sentences.at(-1)?.endsWith(":"))?.at(-1);
}

const LEANS_BACK =
  /^(?:it|its|this|that|these|those|then|they|otherwise|but|after that|afterwards|until then|if it)\b/i;

function itemsAfter(lines: readonly Line[], line: number): string[] {
  return lines.slice(line + 1, line + 1 + MAX_ITEMS).map((sentences) => sentences.join(" "));
}

/** What an answer to "how do I" begins with. */
const TELLS_TO =
  /^(?:to \w+,? )?(?:ask|bring|call|check|choose|click|contact|create|download|enter|fill|find|give|go|hand|keep|look|open|pick|place|press|print|put|select|send|sign|switch|take|tell|try|turn|upload|use|visit|wait|write)\b/i;

function asksHow(question: string): boolean {
  return /\bhow (?:do|can|could|should|to|does)\b|\bwhat (?:should|must|do) i\b/i.test(question);
}

/** What a sentence that answers "how long", "how much" or "when" would hold. */
function asksForNumber(question: string): RegExp | undefined {
  if (/\bhow much\b|\bcosts?\b|\bprices?\b|\bfees?\b|\bcharge\b/i.test(question)) {
    return /[€£$%]|\bfree\b/iu;
  }
  if (/\bhow (?:long|many|soon|fast|late)\b|\bwhen\b|\bwhat time\b/i.test(question)) {
    return /\d+[^.]*\b(?:minutes?|hours?|days?|weeks?|months?|years?|from \d)/iu;
  }
}
