/** The parts of articles that are found and answered from. */
import type { Article } from "./articles.ts";
import { termsOf } from "./words.ts";

/** A section longer than this is cut between its blocks. */
const MAX_SECTION = 1_000;

export interface Section {
  readonly id: number;
  readonly slug: string;
  readonly title: string;
  readonly heading: string;
  readonly text: string;
  /** 0 for the first of its article. */
  readonly place: number;
}

/** An article cut at its headings, and where a part is very long between its blocks. */
export function sectionsOf({ slug, title, blocks }: Article): Omit<Section, "id">[] {
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

/** In how many sections each term occurs. */
export function spreadOf(sections: readonly Section[]): Map<string, number> {
  const spread = new Map<string, number>();
  for (const { title, heading, text } of sections) {
    for (const term of new Set(termsOf(`${title} ${heading} ${text}`))) {
      spread.set(term, (spread.get(term) ?? 0) + 1);
    }
  }
  return spread;
}
