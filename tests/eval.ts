/** Prints how often the assistant is right, the built-in one and Gemini where its key is set: `deno task eval [--answers]`. */
import { parseArticles } from "../services/articles.ts";
import { BuiltInAssistant } from "../services/builtin.ts";
import { systemClock } from "../services/clock.ts";
import { parseConfig } from "../services/config.ts";
import { newId } from "../services/domain.ts";
import { Gemini } from "../services/gemini.ts";
import { Library } from "../services/library.ts";
import { type LlmClient, WHOLE } from "../services/llm.ts";
import {
  ANSWERABLE,
  type EvalQuestion,
  FOLLOW_UPS,
  HELD_OUT,
  SECOND,
  UNANSWERABLE,
} from "./eval_questions.ts";
import { LAST, LAST_UNSAID, ODD, ORDINARY, UNSAID } from "./eval_fresh.ts";

const FOLDER = new URL("../docs/demo/articles/", import.meta.url);

export function demoLibrary(): Library {
  const names = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).sort();
  return new Library(parseArticles(
    names.map((name) => ({ name, text: Deno.readTextFileSync(new URL(name, FOLDER)) })),
  ));
}

type Asked = EvalQuestion & { readonly before?: string };

export interface Graded extends EvalQuestion {
  readonly answer: string;
  /** The first source that stood the check. */
  readonly source: string | undefined;
  readonly right: boolean;
  /** From the right article, and with what it had to say. */
  readonly saysIt: boolean;
}

const BUILT_IN = new BuiltInAssistant({ pause: () => Promise.resolve() });

/** One after the other: a model that is paid for is not to be hurried. */
export async function grade(
  library: Library,
  questions: readonly Asked[],
  llm: LlmClient = BUILT_IN,
): Promise<Graded[]> {
  const graded: Graded[] = [];
  for (const asked of questions) graded.push(await gradeOne(library, asked, llm));
  return graded;
}

async function gradeOne(
  library: Library,
  { question, slug, says, before }: Asked,
  llm: LlmClient,
): Promise<Graded> {
  const history = before === undefined ? [] : [saidBefore(before)];
  const found = library.lookUp(question, history.map(({ text }) => text));
  const prompt = { company: "Northwind", question, history, ...found };
  let answer = "";
  let source: string | undefined;
  try {
    for await (const piece of llm.answer(prompt, AbortSignal.timeout(WHOLE))) {
      if ("text" in piece) answer += piece.text;
      else source = library.verify(piece.quotes)[0]?.slug;
    }
  } catch (error) {
    const failed = { answer: String(error), source: "a failure", right: false, saysIt: false };
    return { question, slug, ...failed };
  }
  const right = source === slug;
  return { question, slug, answer, source, right, saysIt: right && (says?.test(answer) ?? true) };
}

const saidBefore = (text: string) => ({
  id: newId(),
  sessionId: newId(),
  seq: 1,
  sender: "user" as const,
  senderName: "Linus",
  text,
  timestamp: new Date(),
});

async function print(
  what: string,
  library: Library,
  questions: readonly Asked[],
  llm: LlmClient,
) {
  const graded = await grade(library, questions, llm);
  const count = (is: (one: Graded) => boolean) => graded.filter(is).length;
  const right = count((one) => one.right);
  const share = Math.round(100 * right / graded.length);
  const said = questions.some(({ says }) => says)
    ? `, ${count((one) => one.saysIt)} with what it had to say`
    : "";
  say(`${llm.name.padEnd(9)} ${what.padEnd(36)} ${right} of ${graded.length} (${share} %)${said}`);
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
  const { gemini } = parseConfig(Deno.env.toObject());
  const models = [BUILT_IN, ...(gemini ? [new Gemini({ ...gemini, clock: systemClock })] : [])];
  for (const llm of models) {
    await print("answered from the right article", library, ANSWERABLE, llm);
    await print("rightly found nothing", library, UNANSWERABLE, llm);
    await print("right in the second round", library, SECOND, llm);
    await print("right in questions held out", library, HELD_OUT, llm);
    await print("right in what goes on from before", library, FOLLOW_UPS, llm);
    await print("fresh questions, put as usual", library, ORDINARY, llm);
    await print("fresh questions, put oddly", library, ODD, llm);
    await print("fresh ones, rightly found nothing", library, UNSAID, llm);
    await print("asked last, by nobody tuned on", library, LAST, llm);
    await print("asked last, rightly found nothing", library, LAST_UNSAID, llm);
  }
  if (!gemini) say("Gemini was not asked: GEMINI_API_KEY is not set.");
}
