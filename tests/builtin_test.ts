import assert from "node:assert/strict";
import { BuiltInAssistant } from "../services/builtin.ts";
import { cannotHelp } from "../services/intent.ts";
import { outcomeOf } from "../services/outcome.ts";
import type { Passage, Piece, Prompt } from "../services/llm.ts";
import { demoLibrary, grade } from "./eval.ts";
import { ANSWERABLE, HELD_OUT, SECOND, UNANSWERABLE } from "./eval_questions.ts";

const library = demoLibrary();
const assistant = new BuiltInAssistant({ pause: () => Promise.resolve() });

function promptFor(question: string): Prompt {
  return { company: "Northwind", question, history: [], ...library.lookUp(question, []) };
}

const promptOver = (question: string, passage: Passage): Prompt => ({
  company: "Northwind",
  question,
  history: [],
  passages: [passage],
});

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
  const { text: answer } = await answerTo(
    promptOver("opened bulbs", { slug: "returns", title: "Returns", text, score: 10 }),
  );
  assert.match(answer, /We can't take back:\n– opened bulbs,/);
});

Deno.test("a short paragraph is said whole, and a long one from where it answers", async () => {
  const says = async (text: string) =>
    (await answerTo(
      promptOver("May I swap it for another size?", {
        slug: "returns",
        title: "Returns",
        text: `Exchanges\n${text}`,
        score: 10,
      }),
    )).text;
  const short = "There is a way. Order another size to exchange it. We keep one for you.";
  assert.ok((await says(short)).startsWith(short));
  const long =
    "We pack by hand. We like boxes. We reuse them. Tell us why. Order another size. Done.";
  assert.match(await says(long), /^Order another size\. Done\.\n/);
});

Deno.test("“how do I” prefers what tells to do something", async () => {
  const { text } = await answerTo(promptOver("How do I cancel my order?", {
    slug: "orders",
    title: "Orders",
    text: "Orders\nEach order is sacred to us and to all of our many people. We pack it by hand. " +
      "We cancel an order that nobody pays. It happens. Open your orders to cancel an order. Done.",
    score: 10,
  }));
  assert.match(text, /^Open your orders/);
});

Deno.test("each of several questions is answered, with its source", async () => {
  const { text, quotes } = await answerTo(
    promptFor("Hello there!\nHow long do I have to return a lamp?\nHow do I clean brass?"),
  );
  assert.match(text, /within 30 days.*“Returns and refunds”.*brass.*“Care and cleaning”\.$/s);
  assert.deepEqual(library.verify(quotes).map(({ slug }) => slug), ["returns", "care"]);
});

Deno.test("a question that goes on from the one before it in the same message is understood by it", async () => {
  const { text } = await answerTo(
    promptFor("How long does delivery to Iceland take? And to Norway?"),
  );
  assert.match(text, /Iceland: 6 to 10 .*Norway/s);
});

Deno.test("the one that it found nothing for is named beside the answers to others", async () => {
  const { text, quotes } = await answerTo(
    promptFor("Do you sell\tboats? Can I return a lamp? Who is the king of Sweden?"),
  );
  assert.match(text, /^You can return a lamp/);
  assert.match(
    text,
    /I found nothing about “Do you sell boats\?” or “Who is the king of Sweden\?”/,
  );
  assert.equal(cannotHelp(text, { hasSource: true }), false);
  assert.deepEqual(library.verify(quotes).map(({ slug }) => slug), ["returns"]);
});

Deno.test("a draft for an agent holds the answers alone", async () => {
  const asked = promptFor("Do you sell boats? Can I return a lamp?");
  const { text } = await answerTo({ ...asked, reader: "agent" });
  assert.match(text, /^You can return a lamp[^]*“Returns and refunds”\.$/);
});

Deno.test("what was answered is not said twice, and no more than three answers at a time", async () => {
  const twice = await answerTo(promptFor("Can I return a lamp? Can I send a lamp back?"));
  assert.equal(twice.text, (await answerTo(promptFor("Can I return a lamp?"))).text);
  const { text } = await answerTo(
    promptFor(
      "Do you have gift cards? Can I pay by invoice? How do I clean brass? Do you ship to Norway?",
    ),
  );
  assert.equal(text.match(/You can read more/g)?.length, 3);
  assert.match(text, /Please ask me again: “Do you ship to Norway\?”$/);
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

Deno.test("a customer's words that an answer quotes don't say that it can't help", () => {
  const source = { slug: "warranty", title: "Warranty", quote: "Two years." };
  const text = "Two years. I found nothing about “I do not have access to my zebra, what now?”.";
  assert.equal(outcomeOf("How long is the warranty?", text, [source]), "answered");
  assert.equal(outcomeOf("And now?", "I do not have access to that.", []), "cannot_help");
});
