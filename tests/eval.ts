/** Prints how often the built-in assistant is right: `deno run --allow-read --allow-env tests/eval.ts [--answers]`. */
import { parseArticles } from "../services/articles.ts";
import { BuiltInAssistant } from "../services/builtin.ts";
import { Library } from "../services/library.ts";
import { ANSWERABLE, type EvalQuestion, HELD_OUT, SECOND, UNANSWERABLE } from "./eval_questions.ts";

const FOLDER = new URL("../docs/demo/articles/", import.meta.url);

export function demoLibrary(): Library {
  const names = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).sort();
  return new Library(parseArticles(
    names.map((name) => ({ name, text: Deno.readTextFileSync(new URL(name, FOLDER)) })),
  ));
}

export interface Graded extends EvalQuestion {
  readonly answer: string;
  /** The first source that stood the check. */
  readonly source: string | undefined;
  readonly right: boolean;
}

export async function grade(library: Library, questions: readonly EvalQuestion[]) {
  const assistant = new BuiltInAssistant({ pause: () => Promise.resolve() });
  return await Promise.all(questions.map(async ({ question, slug }): Promise<Graded> => {
    const passages = library.passages(question);
    const prompt = { company: "Northwind", question, history: [], passages };
    let answer = "";
    let source: string | undefined;
    for await (const piece of assistant.answer(prompt, new AbortController().signal)) {
      if ("text" in piece) answer += piece.text;
      else source = library.verify(piece.quotes)[0]?.slug;
    }
    return { question, slug, answer, source, right: source === slug };
  }));
}

async function print(what: string, library: Library, questions: readonly EvalQuestion[]) {
  const graded = await grade(library, questions);
  const right = graded.filter((one) => one.right).length;
  say(`${what}: ${right} of ${graded.length} (${Math.round(100 * right / graded.length)} %)`);
  for (const { question, slug, answer, source, right } of graded) {
    if (!right) say(`  wrong: ${question} → ${source ?? "nothing"}, not ${slug ?? "nothing"}`);
    if (Deno.args.includes("--answers")) {
      say(`  ${question}\n    ${answer.replaceAll("\n", "\n    ")}`);
    }
  }
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
}

if (import.meta.main) {
  const library = demoLibrary();
  await print("answered from the right article", library, ANSWERABLE);
  await print("rightly found nothing", library, UNANSWERABLE);
  await print("right in the second round", library, SECOND);
  await print("right in questions held out", library, HELD_OUT);
}
