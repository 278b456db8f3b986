/** The line of quotes at the end of a model's answer: kept from view while the answer streams, and then read. */
import { z } from "zod";
import type { Quote } from "./llm.ts";

const MAX_QUOTES = 20;

const Trailer = z.object({
  quotes: z.array(z.object({ slug: z.string().max(100), quote: z.string().max(1_000) }))
    .max(MAX_QUOTES),
});

/** How it may begin, without white space: models like to put JSON into a fence. */
const BEGINNINGS = ['{"quotes"', '```json{"quotes"', '```{"quotes"'];
const MAY_BEGIN = /\{|`+/g;
/** So many characters tell; a model that says nothing but "{" must not cost their square. */
const LOOK_AT = 100;

const isTrailer = (text: string) => BEGINNINGS.some((known) => text.startsWith(known));
/** Also where it was cut off, by the end of an answer that was too long. */
const mayBecome = (text: string) => BEGINNINGS.some((known) => known.startsWith(text));

export class Answer {
  /** What has come and has not been shown yet: it is, or may become, the trailer. */
  #held = "";
  /** The last line of what is shown. */
  #line = "";

  /** The part of what has come that may be shown. */
  add(text: string): string {
    this.#held += text;
    return this.#show(beginningOf(this.#held));
  }

  /** The rest, once nothing more comes. The quotes only count on a line of their own at the very end. */
  end(): { text: string; quotes: readonly Quote[] } {
    const isOwnLine = this.#line.trim() === "";
    const held = compact(this.#held);
    if (isTrailer(held) || isOwnLine && mayBecome(held) || held.startsWith('{"')) {
      return { text: "", quotes: isOwnLine ? quotesIn(this.#held) : [] };
    }
    return { text: this.#show(this.#held.length), quotes: [] };
  }

  #show(end: number): string {
    const shown = this.#held.slice(0, end);
    this.#held = this.#held.slice(end);
    this.#line = (this.#line + shown).split("\n").at(-1) ?? "";
    return shown;
  }
}

/** Where the trailer begins, or may begin; the end of the text where neither. */
function beginningOf(text: string): number {
  for (const { index } of text.matchAll(MAY_BEGIN)) {
    const rest = compact(text.slice(index, index + LOOK_AT));
    if (mayBecome(rest) || isTrailer(rest)) return index;
  }
  return text.length;
}

/** Models also write `{"Quotes"`, and put marks into it that nobody sees. */
const compact = (text: string): string => text.replace(/[\s\p{Cf}]+/gu, "").toLowerCase();

function quotesIn(trailer: string): readonly Quote[] {
  const json = trailer.replace(/^```(?:json)?/, "").replace(/```\s*$/, "");
  try {
    return Trailer.parse(JSON.parse(json)).quotes;
  } catch {
    return []; // cut off or made up: then the answer has no source
  }
}
