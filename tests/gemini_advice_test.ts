/** What agents get on request: a reply to look over and a summary, by Gemini or without; nothing is sent by itself. */
import assert from "node:assert/strict";
import { Advice } from "../services/advice.ts";
import { BuiltInAssistant } from "../services/builtin.ts";
import { type Message, newId, type Sender, SENDER_NAMES } from "../services/domain.ts";
import { Library } from "../services/library.ts";
import type { LlmClient } from "../services/llm.ts";
import { openLog } from "../services/log.ts";
import { eventually, MovableClock, test } from "./helpers.ts";
import { fails, gemini, hangs, KEY, RETURNS, says, StandIn } from "./gemini_stand_in.ts";
import { ARTICLES } from "./talk.ts";

const NAMES = { user: "Linus", agent: "Ada", ...SENDER_NAMES };
const SOURCES = [{ ...RETURNS, title: "Returns" }];

function chat(...lines: readonly (readonly [Sender, string])[]): Message[] {
  return lines.map(([sender, text], i) => ({
    id: newId(),
    sessionId: newId(),
    seq: i + 1,
    sender,
    senderName: NAMES[sender],
    text,
    timestamp: new Date(),
  }));
}

function adviceBy(llm: LlmClient, clock = new MovableClock(), logged: string[] = []): Advice {
  return new Advice({
    library: new Library(ARTICLES),
    llm,
    fallback: new BuiltInAssistant({ pause: () => Promise.resolve() }),
    clock,
    log: openLog("debug", (line) => logged.push(line)),
    company: "Northwind",
  });
}

const builtIn = (): Advice => adviceBy(new BuiltInAssistant({ pause: () => Promise.resolve() }));

const LONG = chat(
  ["user", "Hello"],
  ["user", "I bought a lamp last week. May I return it? It is blue."],
  ["ai", "Within 30 days. You can read more in “Returns”."],
  ["user", "And who pays for the parcel?"],
  ["system", "Ada joined"],
  ["agent", "Hello Linus, we do. I send you a label."],
  ["user", "Thanks!"],
  ["user", "When does the money come?"],
);

test("Gemini suggests a reply to what the customer said last, with sources that were checked", async () => {
  const madeUp = { slug: "returns", quote: "You can return a lamp within a year." };
  await using standIn = await StandIn.open(() => says("Within 30 days.", [madeUp, RETURNS]));
  const messages = chat(["user", "Hello"], ["ai", "Hi!"], ["user", "May I return it?"], [
    "user",
    "The lamp, I mean",
  ]);
  const suggestion = await adviceBy(gemini(standIn.url)).suggest(messages);
  assert.deepEqual(suggestion, { text: "Within 30 days.", sources: SOURCES });
  const [{ system, said, question } = assert.fail()] = standIn.asked;
  assert.match(system, /an agent of Northwind will check/);
  assert.equal(question, "May I return it?\nThe lamp, I mean");
  assert.match(said, /<assistant>\nHi!\n<\/assistant>/);
});

test("without Gemini, or while it fails, articles make the suggestion", async () => {
  const logged: string[] = [];
  await using standIn = await StandIn.open(() => fails(400, `bad ${KEY}`));
  const messages = chat(["user", "May I return my lamp?"]);
  for (const advice of [builtIn(), adviceBy(gemini(standIn.url), undefined, logged)]) {
    const suggestion = await advice.suggest(messages);
    assert.match(suggestion?.text ?? "", /^You can return a lamp within 30 days\./);
    assert.equal(suggestion?.sources[0]?.slug, "returns");
  }
  assert.match(logged.join(), /model_failed/);
  assert.ok(!logged.join().includes(KEY));
});

test("a Gemini that has quotes but no words suggests nothing: articles do", async () => {
  await using standIn = await StandIn.open(() => says("", [RETURNS]));
  const suggestion = await adviceBy(gemini(standIn.url)).suggest(
    chat(["user", "May I return my lamp?"]),
  );
  assert.equal(standIn.asked.length, 1);
  assert.match(suggestion?.text ?? "", /^You can return a lamp within 30 days\./);
});

test("a Gemini that hangs is waited for no longer than ten seconds", async () => {
  const clock = new MovableClock();
  await using standIn = await StandIn.open(hangs());
  const advice = adviceBy(gemini(standIn.url, clock), clock);
  const suggested = advice.suggest(chat(["user", "May I return my lamp?"]));
  const summarised = advice.summarise(LONG);
  await eventually(() => standIn.running === 2);
  await clock.move(10_000);
  let made: Awaited<typeof both> | undefined;
  const both = Promise.all([suggested, summarised]);
  both.then((both) => made = both);
  const [suggestion, summary] = await eventually(() => made, { within: 3_000 });
  assert.equal(suggestion?.sources[0]?.slug, "returns");
  assert.match(summary, /^Linus wrote:/);
  await eventually(() => standIn.running === 0);
});

test("where no article fits, or nobody asked, there is no suggestion, and the model isn't asked", async () => {
  await using standIn = await StandIn.open();
  for (const advice of [builtIn(), adviceBy(gemini(standIn.url))]) {
    for (
      const messages of [
        [],
        chat(["system", "Ada joined"]),
        chat(["agent", "Hello?"]),
        chat(["user", "What is the capital of Peru?"]),
      ]
    ) assert.equal(await advice.suggest(messages), undefined);
  }
  assert.equal(standIn.asked.length, 0);
});

test("an agent who has answered gets a suggestion to the same question", async () => {
  const suggestion = await builtIn().suggest(
    chat(["user", "May I return my lamp?"], ["agent", "Let me look"]),
  );
  assert.equal(suggestion?.sources[0]?.slug, "returns");
});

test("Gemini's summary is made of this chat only, and its rules are not the customer's", async () => {
  await using standIn = await StandIn.open(() => says("Linus wants to return a lamp."));
  standIn.reply = () => says(" Linus wants to return\r\n a lamp. ");
  const summary = await adviceBy(gemini(standIn.url)).summarise(LONG);
  assert.match(summary, /^Linus wants to return\n a lamp\./);
  const [{ system, said } = assert.fail()] = standIn.asked;
  assert.match(system, /summarise/);
  assert.ok(!system.includes("blue"));
  assert.match(said, /^<conversation>[^]*<customer>\nAnd who pays[^]*<\/conversation>$/);
  assert.ok(!said.includes("Ada joined"));
});

test("without Gemini a summary says what was asked, answered last, and is still open", async () => {
  assert.equal(
    await builtIn().summarise(LONG),
    "Linus wrote: “May I return it?”, then “And who pays for the parcel?”, then “When does the money come?”" +
      " Ada last answered: “Hello Linus, we do.” The last message has no answer yet.",
  );
  assert.equal(await builtIn().summarise([]), "The customer has asked nothing yet.");
  const many = chat(...Array.from({ length: 9 }, (_, i) => ["user", `Why ${i}?`] as const));
  assert.match(await builtIn().summarise(many), /“Why 0\?”, then “Why 7\?”, then “Why 8\?”/);
  const long = await builtIn().summarise(chat(["user", "lamp ".repeat(800)]));
  assert.ok(long.length < 300, long);
});
