/** Gemini's streaming interface as the SDK sees it, saying what a test tells it to, and keeping what it was asked. */
import assert from "node:assert/strict";
import type { Article } from "../services/articles.ts";
import { Gemini } from "../services/gemini.ts";
import type { Quote } from "../services/llm.ts";
import type { Store } from "../services/store.ts";
import { MovableClock, type Person, type TestSite, testSite } from "./helpers.ts";
import { ARTICLES, say, start, untilSaid } from "./talk.ts";

export const KEY = "AIza-canary-key-4711";
export const MODEL = "gemini-3.5-flash";
export const RETURNS: Quote = {
  slug: "returns",
  quote: "You can return a lamp within 30 days.",
};

export interface Asked {
  readonly path: string;
  readonly headers: Headers;
  /** All of the request as it came. */
  readonly raw: string;
  readonly system: string;
  /** What is not in the system's slot. */
  readonly said: string;
  /** What stands between the tags `<question>`. */
  readonly question: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** `gone` aborts when the client has hung up. */
export type Reply = (asked: Asked, gone: AbortSignal) => Response | Promise<Response>;

export class StandIn implements AsyncDisposable {
  readonly asked: Asked[] = [];
  /** Requests being answered. */
  running = 0;
  reply: Reply;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(reply: Reply = () => says("Within 30 days.", [RETURNS])) {
    this.reply = reply;
    this.#server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      (request) => this.#answer(request),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const gone = request.signal; // later it would not hear of the end any more
    const asked = read(request, await request.text());
    this.asked.push(asked);
    this.running++;
    const response = await this.reply(asked, gone);
    if (!response.body) this.running--;
    return new Response(response.body && this.#counted(response.body), response);
  }

  #counted(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const done = () => void this.running--;
    const reader = body.getReader();
    return new ReadableStream({
      async pull(controller) {
        try {
          const { value, done: ended } = await reader.read();
          if (value) return controller.enqueue(value);
          assert.ok(ended);
          controller.close();
        } catch (error) {
          controller.error(error);
        }
        done();
      },
      async cancel() {
        done();
        await reader.cancel();
      },
    });
  }
}

function read({ url, headers }: Request, raw: string): Asked {
  const body = JSON.parse(raw);
  const said = textOf(body.contents);
  return {
    path: new URL(url).pathname + new URL(url).search,
    headers,
    raw,
    system: textOf([body.systemInstruction]),
    said,
    question: /<question>\n([^]*)\n<\/question>$/.exec(said)?.[1] ?? "",
    config: body.generationConfig,
  };
}

const textOf = (contents: { parts: { text: string }[] }[]): string =>
  contents.flatMap(({ parts }) => parts.map(({ text }) => text)).join("\n");

// ---- replies ------------------------------------------------------------------------------------

export const event = (chunk: unknown): string => `data: ${JSON.stringify(chunk)}\r\n\r\n`;
export const words = (text: string): string =>
  event({ candidates: [{ content: { role: "model", parts: [{ text }] }, index: 0 }] });
export const ends = (finishReason = "STOP"): string =>
  event({ candidates: [{ content: { parts: [{ text: "" }] }, finishReason, index: 0 }] });
export const trailer = (quotes: readonly Quote[]): string => JSON.stringify({ quotes });

/** An answer as Gemini makes it: text, a line of quotes, an end; `cut` into pieces of so many characters. */
export function says(text: string, quotes: readonly Quote[] = [], cut = 7): Response {
  const whole = `${text}\n${trailer(quotes)}`;
  const pieces = whole.match(new RegExp(`[^]{1,${cut}}`, "gu")) ?? [];
  return streams(...pieces.map(words), ends());
}

export const streams = (...events: string[]): Response =>
  stream(ReadableStream.from(events).pipeThrough(new TextEncoderStream()));

export const stream = (body: ReadableStream<Uint8Array>): Response =>
  new Response(body, { headers: { "content-type": "text/event-stream" } });

/** Pieces as a generator makes them, each sent at once. */
export const live = (pieces: AsyncIterable<string>): Response =>
  stream(ReadableStream.from(pieces).pipeThrough(new TextEncoderStream()));

/** A failure as Google words it. */
export function fails(status: number, message: string, details: readonly object[] = []): Response {
  return Response.json({ error: { code: status, message, status: "FAILED", details } }, { status });
}

export const retryIn = (seconds: number) => [
  { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: `${seconds}s` },
];

export const until = (signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    if (signal.aborted) done();
    signal.addEventListener("abort", () => done(), { once: true });
  });

// ---- a site that asks it ------------------------------------------------------------------------

export interface GeminiOptions {
  readonly url: string;
  readonly store?: Store;
  readonly articles?: readonly Article[];
  readonly clock?: MovableClock;
  readonly logged?: string[];
}

export const gemini = (url: string, clock = new MovableClock()): Gemini =>
  new Gemini({ apiKey: KEY, model: MODEL, baseUrl: url, clock });

export function geminiSite({ url, ...options }: GeminiOptions): Promise<TestSite> {
  const clock = options.clock ?? new MovableClock();
  return testSite({ articles: ARTICLES, ...options, clock, llm: gemini(url, clock) });
}

/** A session of one's own with one question asked. */
export async function asks(site: TestSite, name: string, text = "May I return my lamp?") {
  const who = await site.customer(name);
  const { sessionId } = await start(who);
  const { seq } = await say(who, sessionId, text);
  return { who, sessionId, seq };
}

// deno-lint-ignore no-explicit-any -- answers are looked at field by field, by assertions
export const answerTo = (who: Person, sessionId: string, seq: number): Promise<any> =>
  untilSaid(who, sessionId, (m) => m.sender === "ai" && m.seq > seq);
