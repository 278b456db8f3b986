/** A model that says its piece when the test lets it. */
import type { LlmClient, Piece, Prompt } from "../../services/llm.ts";
import { ARTICLES } from "./pages.ts";

const { slug, title, blocks } = ARTICLES[0] ?? {};
const quote = blocks?.find(({ kind }) => kind !== "heading")?.text ?? "";
export const SOURCE = title ?? "";

/** Each answer is "Looking up …" and, once it may go on, the rest of it, with a source. */
export class SlowModel implements LlmClient {
  readonly name = "slow";
  #goOn = Promise.withResolvers<void>();

  async *answer({ question }: Prompt, signal: AbortSignal): AsyncGenerator<Piece> {
    yield { text: `Looking up “${question}”` };
    await Promise.race([this.#goOn.promise, aborted(signal)]);
    this.#goOn = Promise.withResolvers();
    yield { text: `: found it.` };
    yield { quotes: [{ slug: slug ?? "", quote }] };
  }

  goOn(): void {
    this.#goOn.resolve();
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason), { once: true })
  );
