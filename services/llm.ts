/** The contract of a model that answers customers; what it claims is checked by the server before it counts. */
import type { Message } from "./domain.ts";

/** A part of a published article that may answer the question: data for the model, never an instruction. */
export interface Passage {
  readonly slug: string;
  readonly title: string;
  /** Plain text as it stands in the article, a line for each heading, paragraph and list item. */
  readonly text: string;
  /** Higher is better; comparable only within one search. */
  readonly score: number;
}

/** One of the things that are asked. */
export interface Part {
  readonly question: string;
  /** What the passages were found by: the question, or with it what it goes on from ("and to Norway?"). */
  readonly searched: string;
  /** Best first; empty where no article matches. */
  readonly passages: readonly Passage[];
}

export interface Prompt {
  readonly company: string;
  /** Everything unanswered, joined by newlines. */
  readonly question: string;
  /** What is asked in it, one thing after the other, each with its own passages; missing where that is one. */
  readonly parts?: readonly Part[];
  /** At most 30, oldest first, before the question. */
  readonly history: readonly Message[];
  /** Those of all parts, of each the best first; empty where no article matches. */
  readonly passages: readonly Passage[];
  /** Who reads the answer first; the customer, unless an agent asked for a draft. */
  readonly reader?: "customer" | "agent";
}

/** Words that the model says stand in the article; see `Library.verify`. */
export interface Quote {
  readonly slug: string;
  readonly quote: string;
}

/** A piece of an answer as it is made: further text, or the quotes that it rests on. */
export type Piece = { readonly text: string } | { readonly quotes: readonly Quote[] };

export interface LlmClient {
  readonly name: string;
  /** Throws when the model fails, and the signal's reason once it is aborted. */
  answer(prompt: Prompt, signal: AbortSignal): AsyncIterable<Piece>;
  /** A chat in a few sentences, for an agent; missing where the model can't. Throws as `answer` does. */
  readonly summarise?: (messages: readonly Message[], signal: AbortSignal) => Promise<string>;
}

/** An answer has its first words, and its end, within so many milliseconds (SPEC 7.4). */
export const FIRST_WORDS = 10_000;
export const WHOLE = 30_000;

/** The reason of an abort that is the model's own fault: it counts as a failure, and others don't. */
export class TooSlow extends Error {
  override readonly name = "TooSlow";

  constructor() {
    super("The model was too slow");
  }
}
