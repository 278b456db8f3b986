/** Gemini failing in every way: the customer reads a plain sentence in time, and nobody anything raw or secret. */
import assert from "node:assert/strict";
import { eventually, MovableClock, pause, test, type TestSite } from "./helpers.ts";
import { FAULTS, RAW, SECOND, SORRY } from "./gemini_faults.ts";
import {
  answerTo,
  asks,
  fails,
  geminiSite,
  hangs,
  KEY,
  retryIn,
  RETURNS,
  says,
  StandIn,
  words,
} from "./gemini_stand_in.ts";
import { info, isFrom, logOf, say } from "./talk.ts";

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

const REFUSALS: Readonly<Record<string, { reply: () => Response; soonest: number }>> = {
  "429 that says for how long": { reply: () => fails(429, RAW, retryIn(3)), soonest: 3 },
  "429 whose proxy says for how long": {
    reply: () => fails(429, RAW, { odd: "details" }, { "retry-after": "2" }),
    soonest: 2,
  },
  "429 that doesn't say": { reply: () => fails(429, RAW), soonest: 0.5 },
  "500": { reply: () => fails(500, RAW), soonest: 0.5 },
  "503": { reply: () => fails(503, RAW), soonest: 0.5 },
};

for (const [name, { reply, soonest }] of Object.entries(REFUSALS)) {
  test(`after a ${name} another try answers, and not too soon`, async () => {
    await using standIn = await StandIn.open(reply);
    await using site = await geminiSite({ url: standIn.url });
    const { who, sessionId, seq } = await asks(site, "Linus");
    await eventually(() => standIn.asked.length === 1);
    await pause(50);
    standIn.reply = () => says("Within 30 days.", [RETURNS]);
    await site.clock.move((soonest - 0.2) * SECOND);
    await pause(50);
    assert.equal(standIn.asked.length, 1);
    await site.clock.move(0.7 * SECOND);
    assert.equal((await answerTo(who, sessionId, seq)).text, "Within 30 days.");
    assert.equal(standIn.asked.length, 2);
    assert.ok(!site.logged.some((line) => line.includes("model_failed")));
  });
}

test("tries are spread by chance, so that instances don't all come back at once", async () => {
  const { random } = Math;
  try {
    for (const [chance, soonest] of [[0, 0.5], [0.99, 0.99]] as const) {
      Math.random = () => chance;
      await using standIn = await StandIn.open(() => fails(503, RAW));
      await using site = await geminiSite({ url: standIn.url });
      await asks(site, "Linus");
      await eventually(() => standIn.asked.length === 1);
      await pause(50);
      await site.clock.move((soonest - 0.45) * SECOND); // as far before as it may take us to get here
      await pause(50);
      assert.equal(standIn.asked.length, 1);
      await site.clock.move(0.45 * SECOND);
      await eventually(() => standIn.asked.length === 2);
    }
  } finally {
    Math.random = random;
  }
});

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
  await using standIn = await StandIn.open(hangs(words("Well, ")));
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
