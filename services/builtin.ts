/** The assistant that needs no key and no network: it answers with the best sentences of the articles that were found. */
import { type SmallTalk, smallTalk } from "./intent.ts";
import type { LlmClient, Part, Piece, Prompt, Quote } from "./llm.ts";
import { bestOf } from "./sentences.ts";
import { latest } from "./words.ts";

/** So many questions are answered at a time. */
const MAX_ANSWERS = 3;
const MAX_NAMED = 100;

const PAUSE = 25;
const WORDS_A_PIECE = /(?:\S+\s*){1,3}/gu;

const NOTHING_FOUND = "I found nothing about that in our help articles. Could you put it in other" +
  " words? If you would rather not, a person can help: choose “Talk to a person”.";

const SMALL_TALK: Readonly<Record<SmallTalk, string>> = {
  hello: "Hello! What can I do for you?",
  thanks: "You're welcome! Is there anything else you would like to know?",
  bye: "Goodbye, and have a lovely day!",
  fine: "Good! Write again whenever you have a question.",
};

interface Answer {
  readonly text: string;
  readonly quotes: readonly Quote[];
}

export class BuiltInAssistant implements LlmClient {
  readonly name = "built-in";
  readonly #pause: (signal: AbortSignal) => Promise<void>;

  /** `pause` stands between the pieces of an answer, so that it is seen to grow. */
  constructor(options: { pause?: (signal: AbortSignal) => Promise<void> } = {}) {
    this.#pause = options.pause ?? shortPause;
  }

  async *answer(prompt: Prompt, signal: AbortSignal): AsyncGenerator<Piece> {
    const { text, quotes } = compose(prompt);
    for (const words of text.match(WORDS_A_PIECE) ?? []) {
      signal.throwIfAborted();
      yield { text: words };
      await this.#pause(signal);
    }
    signal.throwIfAborted();
    if (quotes.length > 0) yield { quotes };
  }
}

function shortPause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, PAUSE);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}

function compose({ question: asked, passages, parts, reader }: Prompt): Answer {
  const question = latest(asked);
  const talk = smallTalk(question);
  if (talk !== undefined) return { text: SMALL_TALK[talk], quotes: [] };
  const answers = new Map<string, Answer>();
  const [unknown, left]: [string[], string[]] = [[], []];
  for (const part of parts ?? [{ question, searched: question, passages }]) {
    const answer = answerTo(part);
    if (!answer) unknown.push(named(part.question));
    else if (answers.size < MAX_ANSWERS || answers.has(answer.text)) {
      answers.set(answer.text, answer);
    } else left.push(named(part.question));
  }
  if (answers.size === 0) return { text: NOTHING_FOUND, quotes: [] };
  const rest = reader === "agent" ? [] : unanswered(unknown, left);
  return {
    text: [...answers.keys(), ...rest].join("\n\n"),
    quotes: [...answers.values()].flatMap(({ quotes }) => quotes),
  };
}

function answerTo({ question, searched, passages }: Part): Answer | undefined {
  const found = bestOf(passages, question, searched);
  if (!found) return undefined;
  const { said, passage: { slug, title } } = found;
  return {
    text: `${laidOut(said)}\n\nYou can read more in “${title}”.`,
    quotes: said.map((quote) => ({ slug, quote })),
  };
}

function unanswered(unknown: readonly string[], left: readonly string[]): string[] {
  const nothing = `I found nothing about ${unknown.join(" or ")} in our help articles. ` +
    "A person can help with that: choose “Talk to a person”.";
  return [
    ...unknown.length > 0 ? [nothing] : [],
    ...left.length > 0 ? [`Please ask me again: ${left.join(" ")}`] : [],
  ];
}

/** A question by its end, which asks. */
function named(question: string): string {
  const letters = [...question.replace(/\s+/gu, " ").trim()];
  const end = letters.slice(-MAX_NAMED).join("");
  return letters.length > MAX_NAMED ? `“…${end}”` : `“${end}”`;
}

function laidOut([first = "", ...rest]: readonly string[]): string {
  const mark = first.endsWith(":") ? "– " : "";
  return [first, ...rest.map((line) => mark + line)].join("\n");
}
