/** Puts misspelt words right by the words of some texts, and takes apart what was written as one. */
// @ts-types="@types/damerau-levenshtein"
import distanceBetween from "damerau-levenshtein";
import { stemmer } from "stemmer";
import { type Spelling, VARIANTS, wordsOf } from "./words.ts";

/** As many words are remembered; made-up texts must not fill the memory. */
const MAX_REMEMBERED = 10_000;
/** The shortest part of a word that was written as one ("lampshade"). */
const MIN_PART = 3;

export class Speller implements Spelling {
  readonly #known: ReadonlySet<string>;
  readonly #roots: ReadonlySet<string>;
  /** Only words that begin alike are compared. */
  readonly #byLetter: ReadonlyMap<string | undefined, readonly string[]>;
  readonly #remembered = new Map<string, readonly string[]>();

  constructor(texts: readonly string[]) {
    const words = [...texts.flatMap(wordsOf), ...VARIANTS];
    this.#known = new Set(words.filter((word) => !/\d/.test(word)));
    this.#roots = new Set([...this.#known].map(stemmer));
    this.#byLetter = Map.groupBy(this.#known, (word) => word[0]);
  }

  /** The nearest word that is known, or the two that it is made of; the word itself where none is near. */
  correct(word: string): readonly string[] {
    if (word.length < 5 || this.#roots.has(stemmer(word))) return [word];
    const before = this.#remembered.get(word);
    if (before) return before;
    const now = this.#parts(word) ?? [this.#nearest(word)];
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(word, now);
    return now;
  }

  #parts(word: string): readonly string[] | undefined {
    for (let at = word.length - MIN_PART; at >= MIN_PART; at--) {
      const parts = [word.slice(0, at), word.slice(at)];
      if (parts.every((part) => this.#known.has(part))) return parts;
    }
  }

  #nearest(word: string): string {
    const allowed = word.length < 10 ? 1 : 2;
    let best = { word, distance: allowed + 1 };
    for (const known of this.#byLetter.get(word[0]) ?? []) {
      if (Math.abs(known.length - word.length) > allowed) continue;
      const distance = distanceBetween(word, known).steps;
      if (distance < best.distance) best = { word: known, distance };
    }
    return best.word;
  }
}
