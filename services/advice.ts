/** What the assistant does for agents when they ask: a reply to look over, and a summary. Nothing is sent by itself. */
import type { Clock } from "./clock.ts";
import type { Message, Source } from "./domain.ts";
import { cleaned } from "./growth.ts";
import { isSmallTalk } from "./intent.ts";
import type { Library } from "./library.ts";
import { type LlmClient, type Piece, type Prompt, type Quote, TooSlow } from "./llm.ts";
import type { Log } from "./log.ts";
import { extract } from "./summary.ts";

export interface AdviceOptions {
  readonly library: Library;
  readonly llm: LlmClient;
  /** Stands in for a model that fails: the built-in one, which can't. */
  readonly fallback: LlmClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly company: string;
}

export interface Suggestion {
  readonly text: string;
  /** Checked, as those under an answer are. */
  readonly sources: readonly Source[];
}

const HISTORY = 30;
/** An agent looks at a button that does nothing yet, so this is all the time there is. */
const WITHIN = 10_000;

export class Advice {
  readonly #options: AdviceOptions;

  constructor(options: AdviceOptions) {
    this.#options = options;
  }

  /** A reply to what the customer said last; undefined where there is nothing to reply to, or no article to reply from. */
  async suggest(messages: readonly Message[]): Promise<Suggestion | undefined> {
    const { library, llm, fallback, company } = this.#options;
    const { history, question } = lastAsked(messages.slice(-HISTORY));
    const found = library.lookUp(question, textsOf(history));
    if (found.passages.length === 0 && !isSmallTalk(question)) return undefined;
    const prompt: Prompt = { company, question, history, reader: "agent", ...found };
    const by = (model: LlmClient) => (signal: AbortSignal) => said(model.answer(prompt, signal));
    const made = await this.#inTime(by(llm)) ?? await this.#inTime(by(fallback));
    return made && { text: made.text, sources: library.verify(made.quotes) };
  }

  /** In a few sentences: the model's, or else the chat's own. */
  async summarise(messages: readonly Message[]): Promise<string> {
    const { llm } = this.#options;
    const made = llm.summarise &&
      await this.#inTime((signal) => llm.summarise!(messages.slice(-HISTORY), signal));
    return made ? cleaned(made) : extract(messages);
  }

  /** Undefined where the model fails or takes too long. */
  async #inTime<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const { clock, log, llm } = this.#options;
    const stop = new AbortController();
    const { promise: late, reject } = Promise.withResolvers<never>();
    using _timer = clock.after(WITHIN, () => {
      stop.abort(new TooSlow());
      reject(stop.signal.reason);
    });
    try {
      return await Promise.race([ask(stop.signal), late]);
    } catch (error) {
      log.warn("model_failed", { model: llm.name, error });
      return undefined;
    }
  }
}

interface Said {
  readonly text: string;
  readonly quotes: readonly Quote[];
}

async function said(answer: AsyncIterable<Piece>): Promise<Said> {
  const pieces = await Array.fromAsync(answer);
  const text = cleaned(pieces.map((piece) => "text" in piece ? piece.text : "").join("")).trim();
  if (text === "") throw new Error("The model said nothing");
  return { text, quotes: pieces.flatMap((piece) => "quotes" in piece ? piece.quotes : []) };
}

const textsOf = (messages: readonly Message[]): string[] =>
  messages.filter(({ sender }) => sender === "user").map(({ text }) => text);

/** The customer's last words in a row, whoever has answered them since, and all that was said before. */
function lastAsked(messages: readonly Message[]): { history: Message[]; question: string } {
  const last = messages.findLastIndex(({ sender }) => sender === "user");
  const before = messages.slice(0, last + 1)
    .findLastIndex(({ sender }) => sender === "ai" || sender === "agent");
  return {
    history: messages.slice(0, before + 1),
    question: textsOf(messages.slice(before + 1, last + 1)).join("\n"),
  };
}
