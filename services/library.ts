/** The published help articles: to list, to search, to answer from, and to check quotes against. */
import MiniSearch from "minisearch";
import type { Article } from "./articles.ts";
import type { Source } from "./domain.ts";
import type { Part, Passage, Quote } from "./llm.ts";
import { questionsOf } from "./questions.ts";
import { type Section, sectionsOf, spreadOf } from "./sections.ts";
import { Speller } from "./speller.ts";
import { DURATION, indexTerms, latest, pairsOf, termsOf } from "./words.ts";

const PASSAGES = 4;
/** The share of a question's words, by weight, that a section has to know about. */
const MIN_COVERAGE = 0.51;
/** In parts of a rare word's weight: what is said everywhere ("my lamp") finds nothing on its own. */
const MIN_WEIGHT = 0.38;
/** Writers put the general before the particular, so of equals the first section wins. */
const EARLY = 0.2;
const DURATION_WEIGHT = 1.5;
const UNHEARD = "";
const PAIR_WEIGHT = 3;
const MAX_SENTENCES = 12;
/** Shorter ones stand in any article, and say nothing. */
const MIN_QUOTE = 10;
/** Of what was asked before, this much may be meant by "and to Norway?". */
const EARLIER = 3;

/** Begins a question that goes on from the one before. */
const GOES_ON =
  /^\W*(?:and|or|but|also|what about|how about|what if|und|oder|et|ou|y|och|eller|og|ed)\b/i;

interface Ranked {
  readonly section: Section;
  /** The words of the question that it has. */
  readonly matched: readonly string[];
  readonly score: number;
}

export interface Found {
  readonly parts: readonly Part[];
  readonly passages: readonly Passage[];
}

export class Library {
  readonly #articles: ReadonlyMap<string, Article>;
  readonly #pages: MiniSearch<Article>;
  readonly #sections: readonly Section[];
  readonly #passages: MiniSearch<Section & { pairs: string }>;
  readonly #speller: Speller;
  readonly #vocabulary: ReadonlyMap<string, ReadonlySet<string>>;
  /** In how many sections each term occurs. */
  readonly #spread: ReadonlyMap<string, number>;

  constructor(articles: readonly Article[]) {
    this.#articles = new Map(articles.map((article) => [article.slug, article]));
    this.#sections = articles.flatMap(sectionsOf).map((section, id) => ({ id, ...section }));
    this.#spread = spreadOf(this.#sections);
    this.#vocabulary = new Map(
      articles.map(({ slug, title, text }) => [slug, new Set(termsOf(`${title} ${text}`))]),
    );
    this.#speller = new Speller(articles.map(({ title, text }) => `${title} ${text}`));
    this.#pages = new MiniSearch<Article>({
      fields: ["title", "text"],
      idField: "slug",
      tokenize: indexTerms,
      processTerm: (term) => term,
    });
    this.#pages.addAll(articles);
    this.#passages = new MiniSearch<Section & { pairs: string }>({
      fields: ["title", "heading", "text", "pairs"],
      tokenize: (text, field) => field === "pairs" ? pairsOf(termsOf(text)) : termsOf(text),
      processTerm: (term) => term,
    });
    this.#passages.addAll(this.#sections.map((section) => ({ ...section, pairs: section.text })));
  }

  all(): Article[] {
    return [...this.#articles.values()];
  }

  find(slug: string): Article | undefined {
    return this.#articles.get(slug);
  }

  /** For people who look something up: parts of words and misspelt ones match too. */
  search(query: string): Article[] {
    const found = this.#pages.search(query, {
      boost: { title: 3 },
      prefix: true,
      fuzzy: (term) => term.length > 4 ? 0.2 : false,
    });
    return found.flatMap(({ id }) => this.find(id) ?? []);
  }

  /**
   * The sections that may answer a question, best first; none where nothing fits well enough. Each of its sentences is
   * tried too, since a long story around it would drown the question.
   */
  passages(question: string, n: number = PASSAGES): Passage[] {
    const found = new Map<number, Ranked>();
    const sentences = question.split(/(?<=[.!?])\s|\n/u).filter((part) => part.trim() !== "");
    for (const part of new Set([question, ...sentences.slice(0, MAX_SENTENCES)])) {
      for (const ranked of this.#ranked(part)) {
        if (ranked.score > (found.get(ranked.section.id)?.score ?? 0)) {
          found.set(ranked.section.id, ranked);
        }
      }
    }
    return best([...found.values()], n);
  }

  /** What fits each thing that is asked. "And to Norway?" is understood by what was asked before it, `earlier`, oldest first. */
  lookUp(asked: string, earlier: readonly string[]): Found {
    const questions = questionsOf(latest(asked));
    const parts = questions.map((question, i) =>
      this.#lookUpOne(question, [...earlier, ...questions.slice(0, i)])
    );
    const passages = parts.flatMap((part) => part.passages);
    const distinct = new Map(
      passages.map((passage) => [`${passage.slug} ${passage.text}`, passage]),
    );
    return { parts, passages: [...distinct.values()] };
  }

  #lookUpOne(question: string, earlier: readonly string[]): Part {
    for (const before of this.#goesOn(question) ? earlier.slice(-EARLIER).reverse() : []) {
      const searched = `${before} ${question}`;
      const own = termsOf(question, this.#speller).filter((term) => term !== DURATION);
      const fitting = this.#ranked(searched)
        .filter(({ matched }) => own.every((term) => matched.includes(term)));
      if (fitting.length > 0) return { question, searched, passages: best(fitting, PASSAGES) };
    }
    return { question, searched: question, passages: this.passages(question) };
  }

  #goesOn(question: string): boolean {
    const own = termsOf(question, this.#speller);
    return own.length === 1 || own.length > 1 && GOES_ON.test(question);
  }

  #ranked(question: string): Ranked[] {
    const said = termsOf(question, this.#speller);
    const asked = [...new Set(said)].filter((term) => term !== DURATION);
    const found = this.#passages.search(question, {
      tokenize: () => [...new Set([...said, ...pairsOf(said)])],
      boost: { title: 2, heading: 2 },
      boostTerm: (term) => this.#boost(term),
    });
    return found.flatMap(({ id, score, queryTerms: matched }) => {
      const section = this.#sections[id];
      const covered = section ? this.#covered(asked, matched, section.slug) : 0;
      if (!section || covered < MIN_COVERAGE) return [];
      return [{ section, matched, score: score * covered * (1 + EARLY / (1 + section.place)) }];
    });
  }

  /** The share of what was asked that a section knows about; what only the rest of its article knows counts half. */
  #covered(asked: readonly string[], matched: readonly string[], slug: string): number {
    const weight = (terms: readonly string[]) =>
      terms.reduce((sum, term) => sum + this.#weight(term), 0);
    const here = asked.filter((term) => matched.includes(term));
    const near = asked.filter((term) =>
      !matched.includes(term) && this.#vocabulary.get(slug)?.has(term)
    );
    if (weight(here) < MIN_WEIGHT * this.#weight(UNHEARD)) return 0;
    return (weight(here) + weight(near) / 2) / weight(asked);
  }

  /** What a model's quotes rest on: those that really stand in the article named, the first of each article. */
  verify(quotes: readonly Quote[]): Source[] {
    const sources = new Map<string, Source>();
    for (const { slug, quote } of quotes) {
      const article = this.find(slug);
      const words = article && wordsAsWritten(article.text, quote);
      if (article && words !== undefined && !sources.has(slug)) {
        sources.set(slug, { slug, title: article.title, quote: words });
      }
    }
    return [...sources.values()];
  }

  #boost(term: string): number {
    if (term === DURATION) return DURATION_WEIGHT;
    return term.includes(" ") ? PAIR_WEIGHT : this.#weight(term);
  }

  #weight(term: string): number {
    return Math.log(1 + this.#sections.length / (1 + (this.#spread.get(term) ?? 1)));
  }
}

function best(found: readonly Ranked[], n: number): Passage[] {
  return found.toSorted((a, b) => b.score - a.score).slice(0, n)
    .map(({ score, section: { slug, title, text } }) => ({ slug, title, text, score }));
}

/** The quote as the text has it, whatever its case and white space; undefined where the text does not. */
function wordsAsWritten(text: string, quote: string): string | undefined {
  const words = quote.trim();
  if (words.length < MIN_QUOTE) return undefined;
  const pattern = words.split(/\s+/u).map(RegExp.escape).join("\\s+");
  const whole = `(?<![\\p{L}\\p{N}])${pattern}(?![\\p{L}\\p{N}])`;
  return text.match(new RegExp(whole, "iu"))?.[0].replace(/\s+/gu, " ");
}
