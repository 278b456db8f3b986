/** A Gemini that is down is left alone for a while, and nobody waits for it meanwhile. */
import assert from "node:assert/strict";
import { Breaker, type Call } from "../services/breaker.ts";
import { eventually, MovableClock, pause, test, type TestSite } from "./helpers.ts";
import {
  answerTo,
  asks,
  ends,
  event,
  fails,
  geminiSite,
  hangs,
  RETURNS,
  says,
  StandIn,
  streams,
  words,
} from "./gemini_stand_in.ts";
import { act, ok, setStatus } from "./talk.ts";

const SECOND = 1_000;

let guests = 0;
/** Another customer's question, and what they read. */
async function reads(site: TestSite): Promise<string> {
  const { who, sessionId, seq } = await asks(site, `Guest ${guests++}`);
  return (await answerTo(who, sessionId, seq)).text;
}

async function readsSorry(site: TestSite, times: number): Promise<void> {
  for (let i = 0; i < times; i++) assert.match(await reads(site), /^Sorry/);
}

test("after five failures in a row it isn't asked for half a minute, then once", async () => {
  await using standIn = await StandIn.open(() => fails(400, "no"));
  await using site = await geminiSite({ url: standIn.url });
  await readsSorry(site, 5);
  assert.equal(standIn.asked.length, 5);
  await readsSorry(site, 3);
  await site.clock.move(20 * SECOND);
  await readsSorry(site, 1);
  assert.equal(standIn.asked.length, 5);

  await site.clock.move(11 * SECOND);
  await readsSorry(site, 2); // the trial fails, so it opens again
  assert.equal(standIn.asked.length, 6);

  await site.clock.move(31 * SECOND);
  const goOn = Promise.withResolvers<void>();
  standIn.reply = async () => {
    await goOn.promise;
    return says("Within 30 days.", [RETURNS]);
  };
  const trial = reads(site);
  await eventually(() => standIn.asked.length === 7);
  await readsSorry(site, 2); // one at a time
  assert.equal(standIn.asked.length, 7);
  goOn.resolve();
  assert.equal(await trial, "Within 30 days.");
  assert.equal(await reads(site), "Within 30 days.");
  assert.equal(standIn.asked.length, 8);
});

test("an answer in between begins the count anew", async () => {
  await using standIn = await StandIn.open();
  await using site = await geminiSite({ url: standIn.url });
  for (let round = 0; round < 3; round++) {
    standIn.reply = () => fails(400, "no");
    await readsSorry(site, 4);
    standIn.reply = () => says("Within 30 days.", [RETURNS]);
    assert.equal(await reads(site), "Within 30 days.");
  }
  assert.equal(standIn.asked.length, 15);
});

test("nobody can open it for others by asking what is blocked", async () => {
  const blocked = event({ promptFeedback: { blockReason: "SAFETY" } });
  await using standIn = await StandIn.open(() => streams(blocked));
  await using site = await geminiSite({ url: standIn.url });
  await readsSorry(site, 6);
  standIn.reply = () => streams(words("Well"), ends("PROHIBITED_CONTENT"));
  await readsSorry(site, 6);
  assert.equal(standIn.asked.length, 12);
});

test("answers that are handed over don't count, slow ones do", async () => {
  await using standIn = await StandIn.open(hangs(words("Well, ")));
  await using site = await geminiSite({ url: standIn.url });
  const ada = await site.agent("Ada");
  await setStatus(ada, { status: "busy" });
  const chats = await Promise.all(Array.from({ length: 6 }, (_, i) => asks(site, `Over ${i}`)));
  await eventually(() => standIn.running === 6);
  for (const { sessionId } of chats) ok(await act(ada, "claim", sessionId));
  await eventually(async () => {
    await site.clock.move(SECOND);
    return standIn.running === 0;
  });
  const slow = await Promise.all(Array.from({ length: 5 }, (_, i) => asks(site, `Slow ${i}`)));
  await eventually(() => standIn.running === 5); // it isn't open
  for (let i = 0; i < 31; i++) {
    await pause(20);
    await site.clock.move(SECOND);
  }
  for (const { who, sessionId, seq } of slow) {
    assert.match((await answerTo(who, sessionId, seq)).text, /^Sorry/);
  }
  await readsSorry(site, 1);
  assert.equal(standIn.asked.length, 11); // now it is
});

test("what began before it opened has no say in it afterwards", async () => {
  const clock = new MovableClock();
  const breaker = new Breaker(clock);
  const begun = (): Call => breaker.begin() ?? assert.fail("it is open");
  const old = Array.from({ length: 8 }, begun);
  for (const call of old.slice(0, 5)) breaker.end(call, "failed");
  assert.equal(breaker.begin(), undefined);
  await clock.move(20 * SECOND);
  breaker.end(old[5]!, "failed"); // doesn't prolong the pause
  breaker.end(old[6]!, "succeeded"); // nor ends it
  assert.equal(breaker.begin(), undefined);
  await clock.move(10 * SECOND);
  const trial = begun();
  breaker.end(old[7]!, "failed");
  assert.equal(breaker.begin(), undefined);
  breaker.end(trial, "unknown"); // it was handed over: the next one may try
  breaker.end(begun(), "succeeded");
  assert.ok(breaker.begin() && breaker.begin());
});
