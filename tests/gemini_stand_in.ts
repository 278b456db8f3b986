/** Gemini's streaming interface as the SDK sees it, saying what a test tells it to, and keeping what it was asked. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
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

/** By node:http: `Deno.serve` isn't told when a client hangs up on a request whose body it has read. */
export class StandIn implements AsyncDisposable {
  readonly asked: Asked[] = [];
  /** Requests being answered. */
  running = 0;
  reply: Reply;
  readonly #server: Server;

  constructor(reply: Reply = () => says("Within 30 days.", [RETURNS])) {
    this.reply = reply;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** Where it listens, for as long as it is not disposed. */
  static async open(reply?: Reply): Promise<StandIn> {
    const standIn = new StandIn(reply);
    await new Promise<void>((done) => standIn.#server.listen(0, "127.0.0.1", done));
    return standIn;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((done) => this.#server.close(done));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, out: ServerResponse): Promise<void> {
    const gone = new AbortController();
    out.on("close", () => gone.abort());
    this.running++;
    try {
      const asked = read(request, await text(request));
      this.asked.push(asked);
      await send(await this.reply(asked, gone.signal), out, gone.signal);
    } catch {
      out.destroy(); // a reply that throws is a connection that breaks
    } finally {
      this.running--;
    }
  }
}

async function send(reply: Response, out: ServerResponse, gone: AbortSignal): Promise<void> {
  if (gone.aborted) return;
  out.writeHead(reply.status, Object.fromEntries(reply.headers));
  out.flushHeaders();
  for await (const piece of reply.body ?? []) {
    if (gone.aborted) return;
    if (!out.write(piece)) await Promise.race([once(out, "drain"), until(gone)]);
  }
  out.end();
}

function read({ url = "", headers }: IncomingMessage, raw: string): Asked {
  const body = JSON.parse(raw);
  const said = textOf(body.contents);
  return {
    path: url,
    headers: new Headers(headers as Record<string, string>),
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

const stream = (body: ReadableStream<Uint8Array>): Response =>
  new Response(body, { headers: { "content-type": "text/event-stream" } });

/** Pieces as a generator makes them, each sent at once. */
export const live = (pieces: AsyncIterable<string>): Response =>
  stream(ReadableStream.from(pieces).pipeThrough(new TextEncoderStream()));

/** Says so much and then nothing more, until the client hangs up. */
export const hangs = (...first: string[]): Reply => (_, gone) =>
  live(async function* () {
    yield* first;
    await until(gone);
  }());

/** A failure as Google words it. */
export function fails(
  status: number,
  message: string,
  details: object = [],
  headers: Record<string, string> = {},
): Response {
  const error = { code: status, message, status: "FAILED", details };
  return Response.json({ error }, { status, headers });
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
