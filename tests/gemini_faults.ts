/** Every way in which Gemini fails, what it takes, and what the log says of it. */
import { MovableClock, pause } from "./helpers.ts";
import {
  ends,
  event,
  fails,
  hangs,
  KEY,
  live,
  type Reply,
  retryIn,
  streams,
  until,
  words,
} from "./gemini_stand_in.ts";

export const SECOND = 1_000;
export const SORRY = /^Sorry, I couldn't answer that just now\./;
export const RAW = "raw-secret-detail";

export interface Fault {
  /** `clock` is the site's: what drags on goes by it. */
  readonly reply: (clock: MovableClock) => Reply;
  /** The customer has read the sentence after so many seconds. */
  readonly within: number;
  readonly requests: number;
  /** What the log says of it. */
  readonly logged: RegExp;
}

const HTML = { headers: { "content-type": "text/html" } };

const always = (make: () => Response) => () => make;
/** A byte for every second of the clock. */
const drips = (text: string, first = ""): (clock: MovableClock) => Reply => (clock) => (_, gone) =>
  live(async function* () {
    if (first) yield first;
    for (const byte of text) {
      const { promise, resolve } = Promise.withResolvers<void>();
      using _timer = clock.after(SECOND, resolve);
      await Promise.race([promise, until(gone)]);
      if (gone.aborted) return;
      yield byte;
    }
  }());

const breaks = (...first: string[]): () => Reply => () => () =>
  live(async function* () {
    yield* first;
    await pause(50);
    throw new Error("cut");
  }());

export const FAULTS: Readonly<Record<string, Fault>> = {
  "silence": {
    reply: () => async (_, gone) => {
      await until(gone);
      return new Response();
    },
    within: 10,
    requests: 1,
    logged: /TooSlow/,
  },
  "silence after the headers": {
    reply: () => hangs(),
    within: 10,
    requests: 1,
    logged: /TooSlow/,
  },
  "silence after white space": {
    reply: () => hangs(words(" \n")),
    within: 10,
    requests: 1,
    logged: /TooSlow/,
  },
  "silence after a line of quotes was begun": {
    reply: () => hangs(words('{"quotes":[{')),
    within: 10,
    requests: 1,
    logged: /TooSlow/,
  },
  "silence in the middle": {
    reply: () => hangs(words("Within ")),
    within: 30,
    requests: 1,
    logged: /TooSlow/,
  },
  "too many requests, with a short delay": {
    reply: always(() => fails(429, RAW, retryIn(2))),
    within: 6,
    requests: 3,
    logged: /429/,
  },
  "too many requests, with a delay that nobody waits for": {
    reply: always(() => fails(429, RAW, retryIn(60))),
    within: 1,
    requests: 1,
    logged: /429/,
  },
  "an error of its own": {
    reply: always(() => fails(500, RAW)),
    within: 4,
    requests: 3,
    logged: /500/,
  },
  "being overloaded": {
    reply: always(() => fails(503, RAW)),
    within: 4,
    requests: 3,
    logged: /503/,
  },
  "a page with status 200": {
    reply: always(() => new Response(`<!doctype html><script>${RAW}</script>`, HTML)),
    within: 1,
    requests: 1,
    logged: /parse/,
  },
  "cut JSON": {
    reply: always(() => streams('data: {"candidates":[{"content":{"par')),
    within: 1,
    requests: 1,
    logged: /parse/,
  },
  "JSON of another kind": {
    reply: always(() => streams(event({ candidates: RAW }))),
    within: 1,
    requests: 1,
    logged: /candidates/,
  },
  "a stream that breaks in the middle": {
    reply: breaks(words("Within "), words("thirty ")),
    within: 1,
    requests: 1,
    logged: /stream/,
  },
  "a stream that ends in the middle": {
    reply: always(() => streams(words("Within "), words("thirty "))),
    within: 1,
    requests: 1,
    logged: /no end/,
  },
  "an answer of 5 MB": {
    reply: always(() => streams(...Array(5_000).fill(words("x".repeat(1_000))), ends())),
    within: 1,
    requests: 1,
    logged: /longer than asked/,
  },
  "a line of 5 MB": {
    reply: always(() => streams("data: ", ...Array(5_000).fill("x".repeat(1_000)))),
    within: 1,
    requests: 1,
    logged: /longer than 262144 bytes/,
  },
  "a question that it blocks": {
    reply: always(() => streams(event({ promptFeedback: { blockReason: "SAFETY" } }))),
    within: 1,
    requests: 1,
    logged: /SAFETY/,
  },
  "an answer that it blocks": {
    reply: always(() => streams(words("Take a"), ends("SAFETY"))),
    within: 1,
    requests: 1,
    logged: /SAFETY/,
  },
  "no candidates": {
    reply: always(() => streams(event({ usageMetadata: {} }))),
    within: 1,
    requests: 1,
    logged: /no end/,
  },
  "an empty answer": {
    reply: always(() => streams(ends("MAX_TOKENS"))),
    within: 1,
    requests: 1,
    logged: /Gemini said nothing/,
  },
  "an empty stream": {
    reply: always(() => streams()),
    within: 1,
    requests: 1,
    logged: /no end/,
  },
  "one byte a second": {
    reply: drips(words("Within thirty days.")),
    within: 10,
    requests: 1,
    logged: /TooSlow/,
  },
  "one byte a second after the first words": {
    reply: drips(words("Within thirty days."), words("Well, ")),
    within: 30,
    requests: 1,
    logged: /TooSlow/,
  },
  "a rejected key": {
    reply: always(() => fails(400, `API key not valid: ${KEY}`, [{ reason: `INVALID ${KEY}` }])),
    within: 1,
    requests: 1,
    logged: /API key not valid: \[key\]/,
  },
  "a redirect, which would take the key along": {
    reply: always(() => Response.redirect("http://127.0.0.1:9/evil", 307)),
    within: 1,
    requests: 1,
    logged: /redirect/i,
  },
};
