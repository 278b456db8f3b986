/** Gemini failing in every way: the customer reads a plain sentence in time, and nobody anything raw or secret. */
import assert from "node:assert/strict";
import { eventually, MovableClock, pause, test, type TestSite } from "./helpers.ts";
import {
  answerTo,
  asks,
  ends,
  event,
  fails,
  geminiSite,
  KEY,
  live,
  type Reply,
  retryIn,
  RETURNS,
  says,
  StandIn,
  streams,
  until,
  words,
} from "./gemini_stand_in.ts";
import { info, isFrom, logOf, say } from "./talk.ts";

const SECOND = 1_000;
const SORRY = /^Sorry, I couldn't answer that just now\./;
const RAW = "raw-secret-detail";

interface Fault {
  /** `clock` is the site's: what drags on goes by it. */
  readonly reply: (clock: MovableClock) => Reply;
  /** The customer has read the sentence after so many seconds. */
  readonly within: number;
  readonly requests: number;
  /** What the log says of it. */
  readonly logged: RegExp;
}

const always = (make: () => Response) => () => make;
const hangs = (first: string): () => Reply => () => (_, gone) =>
  live(async function* () {
    if (first) yield first;
    await until(gone);
  }());

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

const FAULTS: Readonly<Record<string, Fault>> = {
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
    reply: hangs(""),
    within: 10,
    requests: 1,
    logged: /TooSlow/,
  },
  "silence in the middle": {
    reply: hangs(words("Within ")),
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
    logged: /said nothing/,
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

const HTML = { headers: { "content-type": "text/html" } };

/** Moves the clock until an answer stands there, and waits for it when `within` seconds are over. */
async function answerWithin(
  within: number,
  site: TestSite,
  { who, sessionId, seq }: Awaited<ReturnType<typeof asks>>,
) {
  const answer = async () =>
    (await logOf(who, sessionId)).find((m) => m.sender === "ai" && m.seq > seq);
  for (let seconds = 0; seconds < within; seconds++) {
    await pause(50); // what takes no time by the clock takes some all the same
    const early = await answer();
    if (early) return early;
    await site.clock.move(SECOND);
  }
  return await eventually(answer, { what: "an answer in time" });
}

for (const [name, { reply, within, requests, logged }] of Object.entries(FAULTS)) {
  test(`${name}: the customer reads a plain sentence in ${within} s`, async () => {
    const clock = new MovableClock();
    await using standIn = await StandIn.open(reply(clock));
    await using site = await geminiSite({ url: standIn.url, clock });
    const asked = await asks(site, "Linus");
    const { who, sessionId } = asked;
    await using socket = await who.socket(`sessionId=${sessionId}&after=0`);
    const answer = await answerWithin(within, site, asked);
    assert.match(answer.text, SORRY);
    assert.deepEqual(answer.sources, []);
    assert.equal(standIn.asked.length, requests);
    const warned = site.logged.filter((line) => line.includes('"model_failed"'));
    assert.equal(warned.length, 1);
    assert.match(warned[0] ?? "", logged);
    await socket.next((f) => f.type === "message" && SORRY.test(f.message));
    const page = await who.page(`/chat/${sessionId}`);
    for (const seen of [page, JSON.stringify(socket.frames)]) {
      assert.doesNotMatch(seen, new RegExp(`${RAW}|${KEY}|GoogleGenerativeAI|Error|x{9000}`));
    }
    assert.ok(!site.logged.join("").includes(KEY));
    await eventually(() => standIn.running === 0, { what: "hanging up" });

    standIn.reply = () => says("Within 30 days.", [RETURNS]);
    const again = await say(who, sessionId, "And now? May I return my lamp?");
    assert.equal((await answerTo(who, sessionId, again.seq)).text, "Within 30 days.");
    assert.equal((await info(who, sessionId)).waiting, false);
  });
}

test("a refused connection: the customer reads a plain sentence at once", async () => {
  const closed = await StandIn.open();
  const { url } = closed;
  await closed[Symbol.asyncDispose]();
  await using site = await geminiSite({ url });
  const { who, sessionId, seq } = await asks(site, "Linus");
  assert.match((await answerTo(who, sessionId, seq)).text, SORRY);
  assert.match(site.logged.join(), /model_failed[^]*refused/i);
  assert.doesNotMatch(await who.page(`/chat/${sessionId}`), /refused|127\.0\.0\.1:\d+\/v1beta/);
});

// ---- another try --------------------------------------------------------------------------------

for (const [status, seconds] of [[429, 3], [500, 2], [503, 2]] as const) {
  test(`after a ${status} another try answers, and not too soon`, async () => {
    await using standIn = await StandIn.open(() =>
      fails(status, RAW, status === 429 ? retryIn(3) : [])
    );
    await using site = await geminiSite({ url: standIn.url });
    const { who, sessionId, seq } = await asks(site, "Linus");
    await eventually(() => standIn.asked.length === 1);
    standIn.reply = () => says("Within 30 days.", [RETURNS]);
    await site.clock.move(status === 429 ? 2.9 * SECOND : 100);
    await pause(50);
    assert.equal(standIn.asked.length, 1);
    await site.clock.move(seconds * SECOND);
    assert.equal((await answerTo(who, sessionId, seq)).text, "Within 30 days.");
    assert.equal(standIn.asked.length, 2);
    assert.ok(!site.logged.some((line) => line.includes("model_failed")));
  });
}

test("a failure that comes while an answer is thrown away is nobody's", async () => {
  await using standIn = await StandIn.open(() => fails(503, RAW));
  await using site = await geminiSite({ url: standIn.url });
  const ada = await site.agent("Ada");
  await ada.post("/api/agent/status", { status: "busy" });
  const { who, sessionId } = await asks(site, "Linus");
  await eventually(() => standIn.asked.length === 1);
  assert.equal((await ada.post("/api/session/claim", { sessionId })).status, 200);
  for (let i = 0; i < 10; i++) {
    await site.clock.move(2 * SECOND);
    await pause(20);
  }
  assert.deepEqual((await logOf(who, sessionId)).filter(isFrom("ai")), []);
});

// ---- people don't wait for it -------------------------------------------------------------------

test("people's messages come as fast as ever while fifty answers hang", async () => {
  await using standIn = await StandIn.open(hangs(words("Well, "))());
  await using site = await geminiSite({ url: standIn.url });
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const { sessionId } = (await linus.post("/api/session/start", {})).body;
  assert.equal((await info(linus, sessionId)).mode, "human");
  await using socket = await ada.socket(`sessionId=${sessionId}`);
  const took = async () => {
    const times: number[] = [];
    for (let i = 0; i < 20; i++) {
      const began = performance.now();
      const { seq } = await say(linus, sessionId, "Hello");
      await socket.next((f) => f.type === "message" && f.seq === seq);
      times.push(performance.now() - began);
    }
    return times.sort((a, b) => a - b)[10]!;
  };
  const alone = await took();
  for (let i = 0; i < 50; i++) await asks(site, `Guest ${i}`);
  await eventually(() => standIn.running === 50);
  const beside = await took();
  assert.ok(beside < alone * 1.3 + 15, `${beside} ms, alone ${alone} ms`); // looks are 10 ms apart
});
