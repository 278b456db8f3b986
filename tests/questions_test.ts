import assert from "node:assert/strict";
import { asksSomething, questionsOf } from "../services/questions.ts";

Deno.test("a text that asks one thing, or nothing, is left whole", () => {
  for (
    const text of [
      "Can I return a lamp?",
      "My lamp came broken.\nIt was a present. What can I do? Thanks!",
      "Hello there, how are you? Can I return a lamp?",
      "Can I return a lamp? Is that possible? Really?",
      "When it came it was broken. How do I get a refund?",
      "return policy\n\nplease",
      "  ",
    ]
  ) {
    assert.deepEqual(questionsOf(text), [text]);
  }
});

Deno.test("each thing that is asked comes with what was said before it, the last with what comes after", () => {
  const cases: readonly (readonly string[])[] = [
    ["Can I return a lamp?", "And do you ship to Austria?"],
    ["My lamp came broken. What can I do?", "Can I pay by card? I have none yet."],
    ["how long do i have to return it", "which payment methods do you accept"],
    ["can i return it", "also do you ship to austria"],
  ];
  for (const questions of cases) {
    for (const between of ["\n", "\n\nThanks!\n"]) {
      assert.deepEqual(questionsOf(questions.join(between)), questions);
    }
  }
  const greeted = "Hello there, I have two questions\nMay I return it?\nMay I pay by card?";
  assert.deepEqual(questionsOf(greeted), ["May I return it?", "May I pay by card?"]);
});

Deno.test("no more than five are taken apart", () => {
  const many = Array.from({ length: 1_000 }, (_, i) => `Is lamp ${i} in stock?`);
  const questions = questionsOf(many.join(" "));
  assert.deepEqual(questions.slice(0, 4), many.slice(0, 4));
  assert.deepEqual(questions.slice(4), [many.slice(4).join(" ")]);
});

Deno.test("a text asks something by its mark, or by how it begins", () => {
  for (
    const text of ["Lamps?", "It is late. Where is it", "hi, how long do I have", "do you ship"]
  ) {
    assert.ok(asksSomething(text), text);
  }
  for (
    const text of ["This is urgent", "", "How are you?", "When it came it was broken.", "now!"]
  ) {
    assert.ok(!asksSomething(text), text);
  }
});
