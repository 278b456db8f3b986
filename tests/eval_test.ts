/** The built-in assistant over the demo's articles, and that the evaluation asks Gemini the same way. */
import assert from "node:assert/strict";
import { test } from "./helpers.ts";
import { demoLibrary, grade, type Graded } from "./eval.ts";
import { LAST, ORDINARY } from "./eval_fresh.ts";
import { ANSWERABLE, FOLLOW_UPS, UNANSWERABLE } from "./eval_questions.ts";
import { fails, gemini, says, StandIn } from "./gemini_stand_in.ts";

const library = demoLibrary();

async function share(questions: Parameters<typeof grade>[1], llm?: Parameters<typeof grade>[2]) {
  const graded = await grade(library, questions, llm);
  return graded.filter(({ right }) => right).length / questions.length;
}

test("nine in ten of forty questions have the right first source, and of twenty none", async () => {
  assert.equal(ANSWERABLE.length, 40);
  assert.equal(UNANSWERABLE.length, 20);
  assert.ok(await share(ANSWERABLE) >= 0.9);
  assert.ok(await share(UNANSWERABLE) >= 0.9);
});

test("of questions that nobody tuned it on it answers as many, most of them with the right sentence", async () => {
  const graded = await grade(library, [...ORDINARY, ...LAST]);
  const share = (is: (one: Graded) => boolean) => graded.filter(is).length / graded.length;
  assert.ok(share(({ right }) => right) >= 0.9);
  assert.ok(share(({ saysIt }) => saysIt) >= 0.8);
});

test("what goes on from the question before is answered from both", async () => {
  assert.equal(await share(FOLLOW_UPS), 1);
  const alone = FOLLOW_UPS.map(({ question, slug }) => ({ question, slug }));
  assert.ok(await share(alone) < 0.8);
});

test("Gemini is graded by the sources that stand the check", async () => {
  const quote = "You can return a lamp within 30 days of the day your order arrives.";
  await using standIn = await StandIn.open(() => says("30 days.", [{ slug: "returns", quote }]));
  const asked = [{ question: "May I return it?", slug: "returns" }];
  assert.equal(await share(asked, gemini(standIn.url)), 1);
  standIn.reply = () => says("30 days.", [{ slug: "returns", quote: "made up and not there" }]);
  assert.equal(await share(asked, gemini(standIn.url)), 0);
  standIn.reply = () => fails(400, "no");
  assert.equal(await share([{ question: "A poem?", slug: undefined }], gemini(standIn.url)), 0);
});
