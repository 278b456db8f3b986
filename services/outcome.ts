/** What an answer came to, and when that calls for a person (SPEC rule 2.3): the server's judgement, never the model's. */
import type { AnswerOutcome, AskRule, Session, Source } from "./domain.ts";
import { cannotHelp, isSmallTalk } from "./intent.ts";

/** So many answers in a row without a matching article, or failures, call for a person. */
const MISSES = 2;
const FAILURES = 2;

type Counts = Pick<Session, "misses" | "failures">;

/** `sources` are those that stood the check. */
export function outcomeOf(
  question: string,
  text: string,
  sources: readonly Source[],
): AnswerOutcome {
  const hasSource = sources.length > 0;
  const own = text.replaceAll(/“[^”]*”/g, ""); // what is quoted is the customer's, or an article's
  if (cannotHelp(own, { hasSource })) return "cannot_help";
  if (hasSource) return "answered";
  return isSmallTalk(question) ? "small_talk" : "no_match";
}

/** Small talk and a failure are no answers to a question: they leave the count of misses as it was. */
export function countsAfter(outcome: AnswerOutcome, { misses, failures }: Counts): Counts {
  switch (outcome) {
    case "failed":
      return { misses, failures: failures + 1 };
    case "no_match":
      return { misses: misses + 1, failures: 0 };
    case "cannot_help":
      return { misses: MISSES, failures: 0 };
    case "small_talk":
      return { misses, failures: 0 };
    case "answered":
      return { misses: 0, failures: 0 };
  }
}

/** By the counts alone, which are stored with the answer: a process that dies before it calls leaves the call to the next. */
export function ruleFor({ misses, failures }: Counts): AskRule | undefined {
  if (misses >= MISSES) return "no_match";
  return failures >= FAILURES ? "model_failed" : undefined;
}
