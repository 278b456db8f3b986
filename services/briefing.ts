/** What an agent reads before the first word (SPEC rule 2.5), drawn from the log and the events. */
import type { AnswerOutcome, Message, Session, SessionEvent, Source } from "./domain.ts";

export interface BriefingFacts {
  readonly who: string;
  readonly since: Date;
  readonly asked: string;
  readonly answered: string | undefined;
  readonly articles: readonly Pick<Source, "slug" | "title">[];
  readonly handedOver: string | undefined;
  readonly summary: string;
}

const SUMMARY = 120;
const EXCERPT = 300;

/** Undefined while the customer has not written. `messages` are the first of the log, ascending; what counts stands before an agent's first word. */
export function briefing(
  session: Session,
  messages: readonly Message[],
  events: readonly SessionEvent[],
): BriefingFacts | undefined {
  const spoke = messages.findIndex(({ sender }) => sender === "agent");
  const before = spoke < 0 ? messages : messages.slice(0, spoke);
  const asked = before.filter(({ sender }) => sender === "user");
  const [first] = asked;
  if (!first) return undefined;
  const answers = before.filter(({ sender }) => sender === "ai");
  const real = lastReal(answers, events);
  const sources = answers.flatMap((answer) => answer.sources ?? []);
  return {
    who: session.userName,
    since: session.createdAt,
    asked: excerpt(asked.map(({ text }) => text).slice(0, 3).join(" · "), EXCERPT),
    answered: real && excerpt(real.text, EXCERPT),
    articles: [...new Map(sources.map(({ slug, title }) => [slug, { slug, title }])).values()],
    handedOver: events.findLast(isHandover) && why(events),
    summary: excerpt(summaryOf(first.text), SUMMARY),
  };
}

/** The last that an article bore out, or else that was no small talk: each is told of by one event, in the same order. */
function lastReal(
  answers: readonly Message[],
  events: readonly SessionEvent[],
): Message | undefined {
  const outcomes = events.flatMap((event) => event.kind === "answered" ? [event.outcome] : []);
  const last = (is: (outcome: AnswerOutcome | undefined) => boolean) =>
    answers.findLast((_, i) => is(outcomes[i]));
  return last((outcome) => outcome === "answered") ?? last((outcome) => outcome !== "small_talk");
}

const isHandover = ({ kind }: SessionEvent): boolean =>
  kind === "assigned" || kind === "taken_over" || kind === "transferred";

const RULES = {
  button: "asked for a person by the button",
  words: "asked for a person in words",
  cannot_help: "the assistant could not help",
  no_match: "two answers without a matching article",
  model_failed: "the assistant failed twice",
} as const;

function why(events: readonly SessionEvent[]): string {
  return events.flatMap((event) => {
    switch (event.kind) {
      case "asked":
        return [RULES[event.rule]];
      case "assigned":
        return [`assigned to ${event.agentName}: ${event.reason}`];
      case "taken_over":
        return [`${event.agentName} took over`];
      case "transferred":
        return [
          `${event.by} passed it to ${event.agentName}${event.note ? `: “${event.note}”` : ""}`,
        ];
      default:
        return [];
    }
  }).slice(-3).join("; ");
}

/** The first sentence that asks something, else the first sentence. */
function summaryOf(text: string): string {
  const sentences = [...new Intl.Segmenter("en", { granularity: "sentence" }).segment(text)]
    .map(({ segment }) => segment.trim()).filter(Boolean);
  return sentences.find((sentence) => sentence.endsWith("?")) ?? sentences[0] ?? text;
}

function excerpt(text: string, max: number): string {
  const line = text.replace(/\s+/gu, " ").trim();
  return line.length <= max ? line : `${line.slice(0, max - 1).trimEnd()}…`;
}
