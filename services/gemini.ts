/** Gemini as a model that answers: asked within bounds, tried again where that helps, and left alone while it is down. */
import {
  type GenerateContentRequest,
  type GenerateContentResponse,
  type GenerationConfig,
  type GenerativeModel,
  GoogleGenerativeAI,
  GoogleGenerativeAIFetchError,
} from "@google/generative-ai";
import { z } from "zod";
import { Breaker, type Outcome } from "./breaker.ts";
import { type Clock, fromNow } from "./clock.ts";
import type { GeminiConfig } from "./config.ts";
import type { Message } from "./domain.ts";
import { FIRST_WORDS, type LlmClient, type Piece, type Prompt, TooSlow } from "./llm.ts";
import { answerRequest, type Request, summaryRequest } from "./prompt.ts";
import { Answer } from "./trailer.ts";
import { Wire } from "./wire.ts";

const MAX_TOKENS = 1_024;
/** More characters than so many tokens have. */
const MAX_TEXT = 8_000;
const RETRIES = 2;
const BACK_OFF = 500;
const WORTH_RETRYING: readonly (number | undefined)[] = [429, 500, 503];
const ENDS = ["STOP", "MAX_TOKENS"];
const MAX_LOGGED = 400;

const Chunk = z.object({
  promptFeedback: z.object({ blockReason: z.string().optional() }).optional(),
  candidates: z.array(z.object({
    content: z.object({
      parts: z.array(z.object({ text: z.string().optional(), thought: z.boolean().optional() }))
        .optional(),
    }).optional(),
    finishReason: z.string().optional(),
  })).optional(),
});
const RetryInfo = z.object({ retryDelay: z.string().regex(/^\d+(\.\d+)?s$/) });

/** The model won't say it; that is no sign of its being down. */
class Blocked extends Error {}

export class Gemini implements LlmClient {
  readonly name = "gemini";
  readonly #model: GenerativeModel;
  readonly #key: string;
  readonly #clock: Clock;
  readonly #breaker: Breaker;

  constructor({ apiKey, model, baseUrl, clock }: GeminiConfig & { readonly clock: Clock }) {
    this.#key = apiKey;
    this.#clock = clock;
    this.#breaker = new Breaker(clock);
    this.#model = new GoogleGenerativeAI(apiKey).getGenerativeModel(
      { model, generationConfig: limits(model) },
      baseUrl === undefined ? {} : { baseUrl },
    );
  }

  async *answer(prompt: Prompt, signal: AbortSignal): AsyncGenerator<Piece> {
    const answer = new Answer();
    for await (const said of this.#ask(answerRequest(prompt), signal)) {
      const text = answer.add(said);
      if (text !== "") yield { text };
    }
    const { text, quotes } = answer.end();
    if (text !== "") yield { text };
    if (quotes.length > 0) yield { quotes };
  }

  async summarise(messages: readonly Message[], signal: AbortSignal): Promise<string> {
    const said = await Array.fromAsync(this.#ask(summaryRequest(messages), signal));
    return said.join("").trim();
  }

  async *#ask(request: Request, signal: AbortSignal): AsyncGenerator<string> {
    const call = this.#breaker.begin();
    if (!call) {
      throw new Error("Gemini failed several times in a row and is left alone for a while");
    }
    let outcome: Outcome = "unknown";
    try {
      yield* this.#tries(request, signal);
      outcome = "succeeded";
    } catch (error) {
      outcome = outcomeOf(error, signal);
      throw signal.aborted ? signal.reason : this.#withoutKey(error);
    } finally {
      this.#breaker.end(call, outcome);
    }
  }

  /** Only a refused request is made again: once a word was said, a second try would say it twice. */
  async *#tries(request: Request, signal: AbortSignal): AsyncGenerator<string> {
    const until = fromNow(this.#clock, FIRST_WORDS);
    for (let tried = 0;; tried++) {
      using wire = new Wire(signal);
      try {
        return yield* this.#try(request, wire);
      } catch (error) {
        const pause = tried < RETRIES ? pauseAfter(error, wire.retryAfter, tried) : undefined;
        if (pause === undefined || fromNow(this.#clock, pause) >= until) throw error;
        await this.#pause(pause, signal);
      }
    }
  }

  async *#try({ system, said }: Request, wire: Wire): AsyncGenerator<string> {
    const request: GenerateContentRequest = {
      systemInstruction: system,
      contents: [{ role: "user", parts: [{ text: said }] }],
    };
    try {
      const { stream, response } = await wire.carry(() =>
        this.#model.generateContentStream(request)
      );
      response.catch(() => undefined); // the SDK's second copy of the stream fails unheard
      yield* textsOf(stream);
    } catch (error) {
      throw wire.broken ?? error;
    }
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    const timer = this.#clock.after(ms, resolve);
    return promise.finally(() => {
      timer[Symbol.dispose]();
      signal.removeEventListener("abort", stop);
    });
  }

  /** What an interface says of a rejected key may hold the key. */
  #withoutKey(error: unknown): Error {
    const said = error instanceof Error ? error.message : String(error);
    return new Error(said.replaceAll(this.#key, "[key]").slice(0, MAX_LOGGED));
  }
}

/** Thinking counts as output, so with thoughts of the usual length nothing of the answer would be left. */
function limits(model: string): GenerationConfig & { thinkingConfig?: object } {
  const thinkingConfig = /gemini-3(\.5)?-flash/.test(model)
    ? { thinkingLevel: "minimal" }
    : /gemini-[3-9]/.test(model)
    ? { thinkingLevel: "low" }
    : /gemini-2\.5-flash/.test(model)
    ? { thinkingBudget: 0 }
    : undefined;
  return { maxOutputTokens: MAX_TOKENS, ...(thinkingConfig && { thinkingConfig }) };
}

/** The words of an answer. Throws where it was blocked, cut off, or has none. */
async function* textsOf(stream: AsyncIterable<GenerateContentResponse>): AsyncGenerator<string> {
  let length = 0;
  let spoke = false;
  let end: string | undefined;
  for await (const chunk of stream) {
    const { promptFeedback, candidates: [candidate] = [] } = Chunk.parse(chunk);
    const parts = candidate?.content?.parts ?? [];
    const text = parts.map((part) => part.thought ? "" : part.text ?? "").join("");
    if ((length += text.length) > MAX_TEXT) throw new Error("Gemini's answer is longer than asked");
    if (text !== "") yield text;
    spoke ||= text.trim() !== "";
    end = promptFeedback?.blockReason ?? candidate?.finishReason ?? end;
    if (end !== undefined && !ENDS.includes(end)) throw new Blocked(`Gemini won't answer: ${end}`);
  }
  if (end === undefined) throw new Error("Gemini's answer has no end");
  if (!spoke) throw new Error(`Gemini said nothing: ${end}`);
}

/** Milliseconds until another try is worth it; undefined where it isn't. Jitter keeps instances from trying all at once. */
function pauseAfter(
  error: unknown,
  retryAfter: number | undefined,
  tried: number,
): number | undefined {
  if (!(error instanceof GoogleGenerativeAIFetchError)) return undefined;
  if (!WORTH_RETRYING.includes(error.status)) return undefined;
  const asked = delayIn(error) ?? retryAfter ?? BACK_OFF * 2 ** tried;
  return asked + Math.random() * BACK_OFF;
}

function delayIn({ errorDetails }: GoogleGenerativeAIFetchError): number | undefined {
  return [errorDetails ?? []].flat().flatMap((detail) => {
    const info = RetryInfo.safeParse(detail);
    return info.success ? [Number.parseFloat(info.data.retryDelay) * 1_000] : [];
  })[0];
}

function outcomeOf(error: unknown, { aborted, reason }: AbortSignal): Outcome {
  if (aborted) return reason instanceof TooSlow ? "failed" : "unknown";
  return error instanceof Blocked ? "succeeded" : "failed";
}
