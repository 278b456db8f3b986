/** The published help articles: to list, to search, to answer from, and to check quotes against. */
import MiniSearch from "minisearch";
import type { Article } from "./articles.ts";
import type { Source } from "./domain.ts";
import type { Passage, Quote } from "./llm.ts";

const PASSAGES = 4;
/** A section longer than this is cut between its blocks. */
const MAX_SECTION = 1_000;
/** The share of a question's words, by weight, that a section has to know about. */
const MIN_COVERAGE = 0.51;
/** In parts of a rare word's weight: what is said everywhere ("my lamp") finds nothing on its own. */
const MIN_WEIGHT = 0.38;
/** Writers put the general before the particular, so of equals the first section wins. */
const EARLY = 0.2;
const UNHEARD = "";
const PAIR_WEIGHT = 3;
const MAX_SENTENCES = 12;
const MIN_QUOTE = 4;

interface Section {
  readonly id: number;
  readonly slug: string;
  readonly title: string;
  readonly heading: string;
  readonly text: string;
  /** 0 for the first of its article. */
  readonly place: number;
}

interface Ranked {
  readonly section: Section;
  readonly score: number;
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
    const best = new Map<number, Ranked>();
    const sentences = question.split(/(?<=[.!?])\s|\n/u).filter((part) => part.trim() !== "");
    for (const part of new Set([question, ...sentences.slice(0, MAX_SENTENCES)])) {
      for (const ranked of this.#ranked(part)) {
        if (ranked.score > (best.get(ranked.section.id)?.score ?? 0)) {
          best.set(ranked.section.id, ranked);
        }
      }
    }
    return [...best.values()].sort((a, b) => b.score - a.score).slice(0, n)
      .map(({ score, section: { slug, title, text } }) => ({ slug, title, text, score }));
  }

  #ranked(question: string): Ranked[] {
    const said = termsOf(question, this.#speller);
    const asked = [...new Set(said)];
    const found = this.#passages.search(question, {
      tokenize: () => [...asked, ...pairsOf(said)],
      boost: { title: 2, heading: 2 },
      boostTerm: (term) => term.includes(" ") ? PAIR_WEIGHT : this.#weight(term),
    });
    return found.flatMap(({ id, score, queryTerms }) => {
      const section = this.#sections[id];
      const covered = section ? this.#covered(asked, queryTerms, section.slug) : 0;
      if (!section || covered < MIN_COVERAGE) return [];
      return [{ section, score: score * covered * (1 + EARLY / (1 + section.place)) }];
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

  #weight(term: string): number {
    return Math.log(1 + this.#sections.length / (1 + (this.#spread.get(term) ?? 1)));
  }
}

/** The quote as the text has it, whatever its case and white space; undefined where the text does not. */
function wordsAsWritten(text: string, quote: string): string | undefined {
  const words = quote.trim();
  if (words.length < MIN_QUOTE) return undefined;
  const pattern = words.split(/\s+/u).map(RegExp.escape).join("\\s+");
  return text.match(new RegExp(pattern, "iu"))?.[0].replace(/\s+/gu, " ");
}

/** An article cut at its headings, and where a part is very long between its blocks. */
function sectionsOf({ slug, title, blocks }: Article): Omit<Section, "id">[] {
  const sections: { heading: string; lines: string[]; length: number }[] = [];
  let heading = "";
  for (const block of blocks) {
    if (block.kind === "heading") heading = block.text;
    const last = sections.at(-1);
    if (!last || last.heading !== heading || last.length > MAX_SECTION) {
      sections.push({ heading, lines: [], length: 0 });
    }
    const section = sections.at(-1)!;
    section.lines.push(block.text);
    section.length += block.text.length;
  }
  return sections
    .filter(({ heading, lines }) => lines.some((line) => line !== heading))
    .map(({ heading, lines }, place) => ({ slug, title, heading, text: lines.join("\n"), place }));
}

function spreadOf(sections: readonly Section[]): Map<string, number> {
  const spread = new Map<string, number>();
  for (const { title, heading, text } of sections) {
    for (const term of new Set(termsOf(`${title} ${heading} ${text}`))) {
      spread.set(term, (spread.get(term) ?? 0) + 1);
    }
  }
  return spread;
}

// ---- words --------------------------------------------------------------------------------------

/** Turns of phrase that mean one word; `$1` keeps what stands between. */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  [
    /\b(?:send|sends|sent|sending|give|bring|take|ship|post|mail)((?: \w+){0,3}?) back\b/g,
    "return$1",
  ],
  [/\b(?:get|gets|come|comes|coming) (?:here|to me)\b/g, "deliver"],
  [/\b(?:send|ship|deliver)(?: \w+)? to (?!me|us|my)\b/g, "deliver country "],
  [
    /\b(?:never|not|havent|hasnt|didnt|nothing) (?:yet )?(?:there|get|got|come|came|receive|received|arrive|arrived)\b/g,
    "missing",
  ],
  [/\b(?:get|have|got|receive) (?:my|your|the|our) money(?: back)?\b|\bmoney back\b/g, "refund"],
  [/\b(?:what|how much) (?:do|does|would|will) (?:you|it|they) charge\b/g, "cost"],
  [/\b(?:log|sign)(?:ed|ging|ging)? ?[io]n\b/g, "signin"],
  [
    /\b(?:stopp?(?:ed|s)? working|(?:not|doesnt|does not|dont|isnt|wont) (?:work|working|turn on|switch on|light up))\b/g,
    "faulty",
  ],
  [/\bhow much\b/g, "cost"],
  [/\bhow long\b/g, "time"],
  [
    /\bwhen (?:will|does|do|is|are)((?: \w+){1,4}?) (?:arrive|arriving|come|deliver|delivered|here)\b/g,
    "time$1 deliver",
  ],
  [/\bwhat time\b|\bopening (?:times|hours)\b/g, "hours"],
  [/\bwhere(?:s| is| are) (?:my|the|our)\b/g, "track"],
  [/\b(?:two|2) times\b/g, "twice"],
  [/\be mail\b/g, "email"],
  [/\bset up\b|\bput(?:ting)? up\b|\bhang(?:ing)? up\b/g, "install"],
];

/** Each line: words of shopping that customers use for one another. The first stands for all. */
const SYNONYMS = `
parcel package packet shipment consignment
deliver delivery ship shipping shipped arrive arrival dispatch postage post transit
refund reimburse reimbursement repay
self myself yourself yourselves diy
abroad overseas worldwide international internationally foreign
express tomorrow overnight fast faster urgent urgently asap
return withdraw withdrawal
cost price fee expensive cheap
discount rebate reduction promo promotion sale
voucher coupon
damage broken broke break smash crack shatter tear torn dent scratch
fault faulty defect defective malfunction dead
warranty guarantee guaranty
invoice receipt bill
lamp luminaire fixture
colour color black white red blue green grey gray yellow silver gold
metre meter
instalment installment
exchange swap
signin login logon
vat tax taxes
decline refuse refusal reject rejection deny denial
missing lost lose incomplete
track trace locate whereabouts
phone telephone call ring
email mail
hour hours
cancel revoke
business company firm corporate b2b
unsubscribe optout
install installation mount assemble assembly
clean wash wipe
pay payment
dim dimmer dimmable
spare replacement
change modify amend edit alter update
address addresses
forget forgot forgotten remember
delete erase erasure remove
custom customs duty duties
expire expiry valid validity
person human people agent
plug socket
`;

const STOP = new Set(
  `a about actually after again all already also am an and any anybody anyone anything are aren arent as ask at be
  because been before being but by bye can cannot cant could couldnt did didnt do does doesnt doing dont each either else
  ever every find for from get gets getting give go goes going gonna got had has hasnt have havent having he hello help her here hey
  hi him his how i id if ill im in into is isnt it its ive just keep keeps know let like long look lot make many may maybe me mean
  might mine much must my need needs no not now of off ok okay on one only or other our out over please pls possible put quite really
  said same say says she should since so some somebody someone something still stuff such sure take takes tell than
  thank thanks that thats the their them then there these they thing things think this those through till to too try u ur
  until up us use very via want wanted wants was wasnt we well were what whats when where which while who why will
  with without wont work works would wouldnt yes yet you your youre northwind question wonder wondering everything
  came come comes live lives living made morning evening afternoon today tonight yesterday turn turned down suddenly another
  `
    .split(/\s+/),
);

const STANDS_FOR = new Map(
  SYNONYMS.trim().split("\n").flatMap((line) => {
    const words = line.split(" ");
    return words.map((word) => [stem(word), stem(words[0] ?? word)] as const);
  }),
);

const VARIANTS = SYNONYMS.split(/\s+/).filter((word) => word !== "");

/** Words without accents, apostrophes and case, with turns of phrase made one word. */
function wordsOf(text: string): string[] {
  const plain = text.normalize("NFKD").toLowerCase().replace(/[\p{M}'’`´]/gu, "")
    .replace(/[^\p{L}\p{N}]+/gu, " ");
  const said = PHRASES.reduce((words, [phrase, word]) => words.replace(phrase, word), plain);
  return said.split(" ").filter((word) => word !== "" && !STOP.has(word));
}

/** The words of a text that carry meaning, each cut to its stem and replaced by the one that stands for its synonyms. */
export function termsOf(text: string, speller?: Speller): string[] {
  return wordsOf(text).map((word) => {
    const root = stem(speller?.correct(word) ?? word);
    return STANDS_FOR.get(root) ?? root;
  });
}

/** Neighbouring terms, so that words that stand together count for more than the same words far apart. */
function pairsOf(terms: readonly string[]): string[] {
  return terms.slice(1).map((term, i) => `${terms[i]} ${term}`);
}

const indexTerms = (text: string) => termsOf(text);

/** A light stemmer for English: it joins the forms of a word more often than it joins two words. */
function stem(word: string): string {
  if (word.length < 4 || /\d/.test(word)) return word;
  let root = word.replace(/(?:(ss)es|(i)es|([^us])s)$/, "$1$2$3");
  if (/[aeiouy].*(?:ing|ed)$/.test(root) && root.length > 5) root = root.replace(/(?:ing|ed)$/, "");
  if (root.length > 7) root = root.replace(/ation$/, "");
  if (root.length > 6) root = root.replace(/ment$|ly$/, "");
  root = root.replace(/e$/, "").replace(/y$/, "i");
  return root.replace(/([^aeious])\1$/, "$1");
}

/** Puts misspelt words right by the words of some texts. */
export class Speller {
  readonly #known: ReadonlySet<string>;
  readonly #roots: ReadonlySet<string>;

  constructor(texts: readonly string[]) {
    const words = [...texts.flatMap(wordsOf), ...VARIANTS];
    this.#known = new Set(words.filter((word) => !/\d/.test(word)));
    this.#roots = new Set([...this.#known].map(stem));
  }

  /** The nearest word that is known; the word itself where none is near. */
  correct(word: string): string {
    if (word.length < 5 || this.#roots.has(stem(word))) return word;
    const allowed = word.length < 10 ? 1 : 2;
    let best = { word, distance: allowed + 1 };
    for (const known of this.#known) {
      if (known[0] !== word[0] || Math.abs(known.length - word.length) > allowed) continue;
      const distance = editsBetween(word, known);
      if (distance < best.distance) best = { word: known, distance };
    }
    return best.word;
  }
}

/** Insertions, deletions, replacements and swaps of neighbours that make one word the other. */
function editsBetween(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const edits = [row[j - 1]! + 1, rows[i - 1]![j]! + 1, rows[i - 1]![j - 1]! + same];
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        edits.push(rows[i - 2]![j - 2]! + 1);
      }
      row.push(Math.min(...edits));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
