/** What happened to a session and why, in words for agents. */
import type { AskRule, EventDraft, SessionEvent } from "../services/domain.ts";
import { Clock } from "./time.tsx";

const RULES = {
  button: "with the button",
  words: "in words",
  cannot_help: "the assistant said it cannot help",
  no_match: "two answers without an article",
  model_failed: "the assistant failed twice",
} as const satisfies Record<AskRule, string>;

type Answered = Extract<EventDraft, { kind: "answered" }>;

/** The fact, and after it the reason where there is one. */
export function wordsOf(event: EventDraft): readonly [fact: string, why?: string | undefined] {
  switch (event.kind) {
    case "started":
      return ["Started", event.reason];
    case "asked":
      return [`${event.by} asked for a person`, RULES[event.rule]];
    case "left_line":
      return [`${event.by} left the line`];
    case "assigned":
      return [`Assigned to ${event.agentName}`, event.reason];
    case "taken_over":
      return [
        `${event.agentName} took over`,
        event.from === "ai" ? "from the assistant" : "from the line",
      ];
    case "transferred":
      return [`${event.by} handed over to ${event.agentName}`, quoted(event.note)];
    case "handed_back":
      return [`${event.by} handed over to the assistant`, quoted(event.note)];
    case "released":
      return [`${event.agentName} left`, event.reason];
    case "answered":
      return answerOf(event);
    case "closed":
      return event.by === undefined
        ? ["Closed", event.reason]
        : [`Closed ${event.reason}`, event.by];
    case "rated":
      return [`Rated ${event.rating} of 5`, quoted(event.comment)];
  }
}

const quoted = (text: string | undefined): string | undefined => text ? `“${text}”` : undefined;

function answerOf({ outcome, articles }: Answered): readonly [string, string?] {
  switch (outcome) {
    case "answered": {
      const n = articles.length;
      return n === 0
        ? ["The assistant answered"]
        : [`Answered from ${n === 1 ? "1 article" : `${n} articles`}`, articles.join(", ")];
    }
    case "no_match":
      return ["The assistant found nothing", "no matching article"];
    case "cannot_help":
      return ["The assistant said it cannot help"];
    case "small_talk":
      return ["The assistant answered", "no question was asked"];
    case "failed":
      return ["The assistant failed", "the customer was told so"];
  }
}

export function Events({ events }: { events: readonly SessionEvent[] }) {
  return (
    <ol class="events">
      {events.map((event) => <Event event={event} />)}
    </ol>
  );
}

function Event({ event }: { event: SessionEvent }) {
  const [fact, why] = wordsOf(event);
  return (
    <li>
      <Clock at={event.at} />
      <p dir="auto">
        {fact}
        {why && <span class="soft">: {why}</span>}
      </p>
    </li>
  );
}
