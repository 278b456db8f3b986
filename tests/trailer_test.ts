/** The line of quotes, cut anywhere: no frame that a customer sees as an answer grows has a part of it. */
import assert from "node:assert/strict";
import type { Quote } from "../services/llm.ts";
import { Answer } from "../services/trailer.ts";
import { test } from "./helpers.ts";

const TEXT = "Within {30} days, `so` be quick – you’ll see.";
const QUOTES: readonly Quote[] = [{ slug: "returns", quote: "You can return {it} – “yes”." }];
const LINE = JSON.stringify({ quotes: QUOTES });
const LINES = [
  `\n${LINE}`,
  `\n\n ${LINE}\n`,
  `\n\`\`\`json\n${LINE}\n\`\`\`\n`,
  `\n\`\`\`\n${LINE}\n\`\`\``,
  `\n{\n  "quotes" : [\n${LINE.slice(11)}`,
  `\n{${" ".repeat(300)}${LINE.slice(1)}`,
];

/** Everything that a customer would have seen, frame by frame, and what came of it in the end. */
function read(...pieces: readonly string[]) {
  const answer = new Answer();
  let text = "";
  const frames: string[] = [];
  for (const piece of pieces) frames.push(text += answer.add(piece));
  const end = answer.end();
  frames.push(text += end.text);
  return { frames, text, quotes: end.quotes };
}

const isShown = (frames: readonly string[]) =>
  frames.some((frame) => !TEXT.startsWith(frame.trim()));

test("cut in two at any place, the line is in no frame, and its quotes are read", () => {
  for (const line of LINES) {
    const whole = TEXT + line;
    for (let at = 0; at <= whole.length; at++) {
      const { frames, text, quotes } = read(whole.slice(0, at), whole.slice(at));
      assert.ok(!isShown(frames), JSON.stringify(frames));
      assert.equal(text.trim(), TEXT);
      assert.deepEqual(quotes, QUOTES);
    }
  }
});

test("an answer that ends at any place of the line has no quotes, and shows nothing of it", () => {
  for (const line of LINES) {
    for (let end = 0; end < line.trimEnd().length - 4; end++) {
      const pieces = [...(TEXT + line.slice(0, end))];
      const { frames, text, quotes } = read(...pieces);
      assert.ok(!isShown(frames), JSON.stringify(frames.at(-1)));
      assert.equal(text.trim(), TEXT);
      assert.deepEqual(quotes, []);
    }
  }
});

test("a line spelt otherwise is not shown either", () => {
  for (const line of ['{"Quotes":[]}', '{\u200b"quotes":[]}', '{"quotes":"all"}', '{"quo', '{"']) {
    assert.ok(!isShown(read(`${TEXT}\n${line}`).frames), line);
    assert.ok(!isShown(read(`${TEXT} ${line}`).frames), line);
  }
});

test("braces and backticks that begin no such line are shown", () => {
  for (
    const text of ["{a}", "`a`", "```js\nlet a = {};\n```\nSo.", "a {", "a `", '{"a":1}.', "{ b"]
  ) {
    assert.equal(read(...text).text, text);
  }
});

test("an answer of nothing but braces is read in no time", () => {
  const began = performance.now();
  for (const brace of ["{", "`", "{ ", '{"']) read(brace.repeat(8_000 / brace.length));
  assert.ok(performance.now() - began < 100);
});
