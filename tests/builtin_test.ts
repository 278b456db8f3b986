import assert from "node:assert/strict";
import { BuiltInAssistant } from "../services/builtin.ts";
import { cannotHelp } from "../services/intent.ts";
import type { Piece, Prompt } from "../services/llm.ts";
import { demoLibrary, grade } from "./eval.ts";
import { ANSWERABLE, HELD_OUT, SECOND, UNANSWERABLE } from "./eval_questions.ts";

const library = demoLibrary();
const assistant = new BuiltInAssistant({ pause: () => Promise.resolve() });

function promptFor(question: string): Prompt {
  const passages = library.passages(question);
  return { company: "Northwind", question, history: [], passages };
}

async function answerTo(prompt: Prompt, signal = new AbortController().signal) {
  const pieces: Piece[] = [];
  for await (const piece of assistant.answer(prompt, signal)) pieces.push(piece);
  const text = pieces.map((piece) => "text" in piece ? piece.text : "").join("");
  const quotes = pieces.flatMap((piece) => "quotes" in piece ? piece.quotes : []);
  return { pieces, text, quotes };
}

Deno.test("an answer is made of the article's own sentences, which stand the check", async () => {
  const { text, quotes } = await answerTo(promptFor("How long does delivery to Iceland take?"));
  assert.match(text, /Iceland: 6 to 10 working days/);
  assert.match(text, /“Delivery times and costs”/);
  const [source] = library.verify(quotes);
  assert.equal(source?.slug, "delivery-times");
  assert.ok(text.includes(source.quote));
});

Deno.test("the question that every shop is asked has the answer that matters", async () => {
  for (
    const question of ["How long do I have to return a lamp?", "how many days to send it back"]
  ) {
    assert.match((await answerTo(promptFor(question))).text, /30 days/, question);
  }
});

Deno.test("an item of a list is never said without what the list is about", async () => {
  const text =
    "Returns\nYou can return most things. We can't take back:\nopened bulbs,\ngift cards.";
  const { text: answer } = await answerTo({
    ...promptFor("opened bulbs"),
    passages: [{ slug: "returns", title: "Returns", text, score: 10 }],
  });
  assert.match(answer, /We can't take back:\n– opened bulbs,/);
});

Deno.test("a short paragraph is said whole, and a long one from where it answers", async () => {
  const says = async (text: string) =>
    (await answerTo({
      ...promptFor("May I swap it for another size?"),
      passages: [{ slug: "returns", title: "Returns", text: `Exchanges\n${text}`, score: 10 }],
    })).text;
  const short = "There is a way. Order another size to exchange it. We keep one for you.";
  assert.ok((await says(short)).startsWith(short));
  const long =
    "We pack by hand. We like boxes. We reuse them. Tell us why. Order another size. Done.";
  assert.match(await says(long), /^Order another size\. Done\.\n/);
});

Deno.test("“how do I” prefers what tells to do something", async () => {
  const { text } = await answerTo({
    ...promptFor("How do I cancel my order?"),
    passages: [{
      slug: "orders",
      title: "Orders",
      text:
        "Orders\nEach order is sacred to us and to all of our many people. We pack it by hand. " +
        "We cancel an order that nobody pays. It happens. Open your orders to cancel an order. Done.",
      score: 10,
    }],
  });
  assert.match(text, /^Open your orders/);
});

Deno.test("an answer comes in pieces, the quotes last", async () => {
  const { pieces } = await answerTo(promptFor("How long does delivery to Iceland take?"));
  assert.ok(pieces.length > 5);
  assert.ok(pieces.slice(0, -1).every((piece) => "text" in piece && piece.text !== ""));
  assert.ok("quotes" in pieces.at(-1)!);
});

Deno.test("without a passage it says plainly that it found nothing, and quotes nothing", async () => {
  const { text, quotes } = await answerTo(promptFor("What is the capital of Australia?"));
  assert.match(text, /found nothing.*a person can help/s);
  assert.deepEqual(quotes, []);
});

Deno.test("small talk is answered in kind, and quotes nothing", async () => {
  const said = new Map([["Hi!", /^Hello/], ["thank you", /welcome/], ["bye", /Goodbye/], [
    "ok",
    /./,
  ]]);
  for (const [question, answer] of said) {
    const { text, quotes } = await answerTo(promptFor(question));
    assert.match(text, answer);
    assert.doesNotMatch(text, /found nothing/);
    assert.deepEqual(quotes, []);
  }
});

Deno.test("no answer of its own sounds as if it gave up", async () => {
  const graded = await grade(library, [...ANSWERABLE, ...UNANSWERABLE, ...SECOND, ...HELD_OUT]);
  assert.deepEqual(graded.filter(({ answer }) => cannotHelp(answer)), []);
});

Deno.test("an answer stops when it is aborted", async () => {
  const stop = new AbortController();
  const pieces: Piece[] = [];
  await assert.rejects(async () => {
    for await (const piece of assistant.answer(promptFor("delivery to Iceland"), stop.signal)) {
      pieces.push(piece);
      if (pieces.length === 2) stop.abort(new Error("A person took over"));
    }
  }, /A person took over/);
  assert.equal(pieces.length, 2);
});

Deno.test("an aborted answer doesn't say a word", async () => {
  await assert.rejects(
    answerTo(promptFor("Hi"), AbortSignal.abort(new Error("Too late"))),
    /Too late/,
  );
});

Deno.test("the pause between pieces ends at once with an abort, and leaves no timer", async () => {
  const stop = new AbortController();
  const pieces = new BuiltInAssistant().answer(promptFor("delivery to Iceland"), stop.signal);
  await pieces.next();
  const next = pieces.next();
  stop.abort(new Error("Stopped"));
  await assert.rejects(next, /Stopped/);
});

Deno.test("nine questions in ten are answered from the right article", async () => {
  const graded = await grade(library, ANSWERABLE);
  assert.ok(graded.filter(({ right }) => right).length >= 36);
});

Deno.test("nine in ten that the articles don't answer are not answered", async () => {
  const graded = await grade(library, UNANSWERABLE);
  assert.ok(graded.filter(({ right }) => right).length >= 18);
});
