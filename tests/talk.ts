/** What tests say and ask most often, in few words: sessions, messages, tries that are refused. */
import assert from "node:assert/strict";
import { type Article, parseArticles } from "../services/articles.ts";
import type { LlmClient, Piece, Prompt } from "../services/llm.ts";
import { type Answer, eventually, type Listener, type Person, type TestSite } from "./helpers.ts";

// deno-lint-ignore no-explicit-any -- answers are looked at field by field, by assertions
type Json = any;

// ---- raw requests ---------------------------------------------------------------------------------

export interface Ask {
  readonly cookie?: string;
  readonly bearer?: string;
  readonly origin?: string;
  readonly headers?: Record<string, string>;
  /** A body as JSON, or as a form's fields; either makes it a POST. */
  readonly json?: unknown;
  readonly form?: Record<string, string>;
}

export interface Asked extends Answer {
  /** Of cookies that were set, `name=value`; an ended one has no value. */
  readonly cookies: readonly string[];
  readonly location: string | null;
}

/** A request with exactly what is given: no cookie, no `Origin`, no bearer by itself. */
export async function ask(site: TestSite, path: string, options: Ask = {}): Promise<Asked> {
  const { cookie, bearer, origin, json, form } = options;
  const response = await site.fetch(path, {
    headers: {
      ...(cookie && { cookie }),
      ...(bearer && { authorization: `Bearer ${bearer}` }),
      ...(origin && { origin }),
      ...(json !== undefined && { "content-type": "application/json" }),
      ...options.headers,
    },
    ...(json !== undefined && { method: "POST", body: JSON.stringify(json) }),
    ...(form && { method: "POST", body: new URLSearchParams(form) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json");
  return {
    status: response.status,
    headers: response.headers,
    body: isJson ? JSON.parse(text) : text,
    cookies: response.headers.getSetCookie().map((set) => set.split(";")[0] ?? ""),
    location: response.headers.get("location"),
  };
}

// ---- sessions -----------------------------------------------------------------------------------

export function ok({ status, body }: Answer): Json {
  assert.ok(status === 200 || status === 201, `${status} ${JSON.stringify(body)}`);
  return body;
}

/** Asserts a refusal, with its sentence and code. */
export function refused({ status, body }: Answer, expected: number, code?: string): Json {
  assert.equal(status, expected, JSON.stringify(body));
  assert.equal(typeof body.error, "string");
  if (code) assert.equal(body.code, code);
  return body;
}

export const start = async (who: Person): Promise<Json> =>
  ok(await who.post("/api/session/start", {}));

export const info = async (who: Person, sessionId: string): Promise<Json> =>
  ok(await who.get(`/api/session/info?sessionId=${sessionId}`));

export const send = (who: Person, sessionId: string, text: string, more: object = {}) =>
  who.post("/api/session/message", { sessionId, text, ...more });

export const say = async (
  who: Person,
  sessionId: string,
  text: string,
  more: object = {},
): Promise<Json> => ok(await send(who, sessionId, text, more));

/** A session's messages from the first. */
export async function logOf(who: Person, sessionId: string): Promise<Json[]> {
  const all: Json[] = [];
  for (let more = true; more;) {
    const after = all.at(-1)?.seq ?? 0;
    const page = ok(
      await who.get(`/api/session/messages?sessionId=${sessionId}&after=${after}&limit=200`),
    );
    all.push(...page.messages);
    more = page.hasMore;
  }
  return all;
}

export const act = (who: Person, verb: string, sessionId: string, more: object = {}) =>
  who.post(`/api/session/${verb}`, { sessionId, ...more });

export const setStatus = async (who: Person, wish: object): Promise<Json> =>
  ok(await who.post("/api/agent/status", wish));

export const statusOf = async (who: Person): Promise<string> =>
  (await who.get("/api/me")).body.status;

/** Waits until session info says what `is` wants. */
export const untilInfo = (
  who: Person,
  sessionId: string,
  is: (session: Json) => boolean,
  within = 1_000,
): Promise<Json> =>
  eventually(async () => {
    const now = await info(who, sessionId);
    return is(now) ? now : undefined;
  }, { within, what: "session info like that" });

/** Waits until the log has a message that `is`. */
export const untilSaid = (
  who: Person,
  sessionId: string,
  is: (message: Json) => boolean,
  within = 5_000,
): Promise<Json> =>
  eventually(async () => (await logOf(who, sessionId)).find(is), {
    within,
    what: "a message like that",
  });

export const isFrom = (sender: string) => (message: { sender: string }): boolean =>
  message.sender === sender;

// ---- sockets ------------------------------------------------------------------------------------

export const textsOf = (listener: Listener): string[] =>
  listener.frames.filter(({ type }) => type === "message").map(({ message }) => message);

export const seqsOf = (listener: Listener): number[] =>
  listener.frames.filter(({ type }) => type === "message").map(({ seq }) => seq);

/** The code that a socket is closed with, if it is closed in time. */
export async function closeCode(socket: Listener, within = 1_000): Promise<number | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), within);
  const closed = await Promise.race([socket.closed, late.promise]);
  clearTimeout(timer);
  return closed?.code;
}

/** What an upgrade is answered with: 101, or the status and JSON of its refusal. */
export async function upgradeAnswer(
  site: TestSite,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string }> {
  const { hostname, port, host } = new URL(site.url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const lines = Object.entries({
    host,
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  const request = `GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
  await connection.write(new TextEncoder().encode(request));
  const buffer = new Uint8Array(4096);
  const text = new TextDecoder().decode(buffer.subarray(0, await connection.read(buffer) ?? 0));
  return {
    status: Number(/^HTTP\/1.1 (\d+)/.exec(text)?.[1]),
    body: text.slice(text.indexOf("\r\n\r\n") + 4),
  };
}

// ---- the model and the library ------------------------------------------------------------------

export type Script = (
  prompt: Prompt,
  signal: AbortSignal,
) => AsyncIterable<Piece> | Promise<string> | string;

/** A model that says what it is told to; a script that throws is a model that fails. */
export class ScriptedLlm implements LlmClient {
  readonly name = "scripted";
  readonly prompts: Prompt[] = [];
  /** Answers being made now, and the most there ever were at once. */
  running = 0;
  most = 0;
  script: Script;

  constructor(script: Script) {
    this.script = script;
  }

  async *answer(prompt: Prompt, signal: AbortSignal): AsyncGenerator<Piece> {
    this.prompts.push(prompt);
    this.most = Math.max(this.most, ++this.running);
    try {
      const said = await this.script(prompt, signal);
      if (typeof said === "string") yield { text: said };
      else yield* said;
    } finally {
      this.running--;
    }
  }
}

/** An answer that the article below bears out. */
export async function* grounded(text: string): AsyncGenerator<Piece> {
  yield { text };
  yield { quotes: [{ slug: "returns", quote: "You can return a lamp within 30 days." }] };
}

export const ARTICLES: readonly Article[] = parseArticles([
  {
    name: "returns.md",
    text:
      "---\ntitle: Returns\n---\n\nYou can return a lamp within 30 days. The money comes back within a week.\n",
  },
  {
    name: "delivery.md",
    text:
      "---\ntitle: Delivery\n---\n\nA parcel takes 3 working days inside Sweden. Abroad it takes 6 days.\n",
  },
]);
