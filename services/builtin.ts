/** The assistant that needs no key and no network: it answers with the best sentences of the articles that were found. */
import { type SmallTalk, smallTalk } from "./intent.ts";
import type { LlmClient, Piece, Prompt, Quote } from "./llm.ts";
import { bestOf } from "./sentences.ts";
import { latest } from "./words.ts";

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

function compose({ question: asked, searched, passages }: Prompt): Answer {
  const question = latest(asked);
  const talk = smallTalk(question);
  if (talk !== undefined) return { text: SMALL_TALK[talk], quotes: [] };
  const about = searched ?? question;
  const found = bestOf(passages, question, about);
  if (!found) return { text: NOTHING_FOUND, quotes: [] };
  const { said, passage: { slug, title } } = found;
  return {
    text: `${laidOut(said)}\n\nYou can read more in “${title}”.`,
    quotes: said.map((quote) => ({ slug, quote })),
  };
}

function laidOut([first = "", ...rest]: readonly string[]): string {
  const mark = first.endsWith(":") ? "– " : "";
  return [first, ...rest.map((line) => mark + line)].join("\n");
}
