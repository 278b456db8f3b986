/** When the assistant answers, what it is given, when it stops, and when it calls for a person. */
import { type Clock, fromNow } from "./clock.ts";
import type { Desk } from "./desk.ts";
import {
  type AnswerOutcome,
  type AskRule,
  isUnanswered,
  type Message,
  newId,
  type Session,
  type Source,
  TIMES,
} from "./domain.ts";
import { Growth, untilAborted } from "./growth.ts";
import { besidesPerson, wantsPerson } from "./intent.ts";
import type { Later } from "./later.ts";
import type { Library } from "./library.ts";
import { FIRST_WORDS, type LlmClient, type Prompt, type Quote, TooSlow, WHOLE } from "./llm.ts";
import type { Log } from "./log.ts";
import { countsAfter, outcomeOf, ruleFor } from "./outcome.ts";
import { asksSomething } from "./questions.ts";
import type { AnswerDraft, Store } from "./store.ts";

export interface AssistantOptions {
  readonly store: Store;
  readonly desk: Desk;
  readonly library: Library;
  readonly llm: LlmClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly later: Later;
  readonly company: string;
  /** Whether the customer may have another answer now (SPEC 7.4: 30 an hour). */
  readonly mayAnswer: (userId: string) => Promise<boolean>;
}

const HISTORY = 30;

const FAILED = "Sorry, I couldn't answer that just now.";
const TRY_AGAIN = `${FAILED} Please try again in a moment.`;
const FINDING = `${FAILED} I am finding a person for you.`;
const ENOUGH = "I have answered a lot in the last hour and need a break, so I am finding a person.";
const IN_LINE = "You are in line for a person. I can go on looking things up for you meanwhile.";

interface Made {
  readonly text: string;
  readonly quotes: readonly Quote[];
}

export class Assistant implements Disposable {
  readonly #options: AssistantOptions;
  /** Sessions being answered here, and whether one was asked for again meanwhile. */
  readonly #busy = new Map<string, boolean>();
  readonly #stop = new AbortController();

  constructor(options: AssistantOptions) {
    this.#options = options;
  }

  /** Answers what the session's customer has asked, unless somebody is at it. Returns at once. */
  consider(sessionId: string): void {
    if (this.#busy.has(sessionId)) this.#busy.set(sessionId, true);
    else if (!this.#stop.signal.aborted) {
      this.#options.later.run("assistant", () => this.#answerAll(sessionId));
    }
  }

  /** Something was said: whoever asks for a person joins the line, or has one, before the answer being made is whole. Returns at once. */
  listen(sessionId: string): void {
    if (this.#busy.has(sessionId)) {
      this.#options.later.run("assistant", () => this.#callIfAsked(sessionId));
    }
  }

  /** Takes up what was left unanswered by a process that died. */
  async sweep(): Promise<void> {
    const { store, clock } = this.#options;
    for (const session of await store.sessions.unanswered(clock.now(), 20)) {
      this.consider(session.id);
    }
  }

  /** Drops what is being made, so that another instance can make it. */
  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  async #callIfAsked(sessionId: string): Promise<void> {
    const session = await this.#options.store.sessions.find(sessionId);
    if (!session || !isUnanswered(session) || session.waitingSince) return;
    const { question } = await this.#conversation(session);
    if (wantsPerson(question)) await this.#call(session, "words");
  }

  async #answerAll(sessionId: string): Promise<void> {
    try {
      do this.#busy.set(sessionId, false); while (
        await this.#answer(sessionId) || this.#busy.get(sessionId)
      );
    } finally {
      this.#busy.delete(sessionId);
    }
  }

  /** One answer; false when there is nothing (more) to do. */
  async #answer(sessionId: string): Promise<boolean> {
    const { store, clock } = this.#options;
    const seen = await store.sessions.find(sessionId);
    if (!seen || !isUnanswered(seen) || this.#stop.signal.aborted) return false;
    const id = newId(clock.now());
    const until = fromNow(clock, TIMES.answerLease);
    const session = await store.messages.beginAnswer(sessionId, id, until, clock.now());
    if (!session) return false;
    try {
      return await this.#answerTo(session, id);
    } catch (error) {
      await store.messages.dropAnswer(sessionId, id).catch(() => undefined);
      throw error;
    }
  }

  async #answerTo(session: Session, id: string): Promise<boolean> {
    const { history, question: said } = await this.#conversation(session);
    const asksForPerson = wantsPerson(said);
    const question = asksForPerson ? besidesPerson(said) : said;
    const rule = asksForPerson ? "words" : ruleFor(session);
    if (rule && !session.waitingSince) {
      const { mode } = await this.#call(session, rule);
      if (mode === "human") return false;
    }
    const { company, library } = this.#options;
    const found = library.lookUp(question, asked(history));
    if (asksForPerson && (!asksSomething(question) || found.passages.length === 0)) {
      return await this.#finish(await this.#asItIs(session), id, "small_talk", IN_LINE);
    }
    if (!await this.#options.mayAnswer(session.userId)) {
      return await this.#finish(session, id, "cannot_help", ENOUGH);
    }
    const made = await this.#make(session, id, { company, question, history, ...found });
    if (!made) {
      await this.#options.store.messages.dropAnswer(session.id, id);
      return false;
    }
    const now = await this.#asItIs(session);
    if (made === "failed") return await this.#finish(now, id, "failed", apologyTo(now));
    const sources = library.verify(made.quotes);
    const outcome = outcomeOf(question, made.text, sources);
    return await this.#finish(now, id, outcome, made.text, sources);
  }

  /** Who joins or leaves the line meanwhile is counted from there on; what was asked meanwhile is not in the answer. */
  async #asItIs(session: Session): Promise<Session> {
    const now = await this.#options.store.sessions.find(session.id);
    return { ...now ?? session, askedSeq: session.askedSeq };
  }

  /** What was said before, and everything that is unanswered as one question. */
  async #conversation(session: Session): Promise<{ history: Message[]; question: string }> {
    const { messages } = await this.#options.store.messages.page(session.id, { limit: HISTORY });
    const known = messages.filter(({ seq }) => seq <= session.askedSeq);
    const isOpen = (m: Message) => m.sender === "user" && m.seq > session.answeredSeq;
    return {
      history: known.filter((message) => !isOpen(message)),
      question: asked(known.filter(isOpen)).join("\n"),
    };
  }

  /** Lets the model speak, showing what it has said so far; undefined once nobody wants to hear it. */
  async #make(session: Session, id: string, prompt: Prompt): Promise<Made | "failed" | undefined> {
    const { llm, clock, log } = this.#options;
    using growth = new Growth(session.id, id, this.#options, this.#stop.signal);
    let quotes: readonly Quote[] = [];
    try {
      using _first = clock.after(
        FIRST_WORDS,
        () => growth.text.trim() === "" && growth.abort(new TooSlow()),
      );
      using _whole = clock.after(WHOLE, () => growth.abort(new TooSlow()));
      for await (const piece of untilAborted(llm.answer(prompt, growth.signal), growth.signal)) {
        if ("quotes" in piece) quotes = piece.quotes;
        else growth.add(piece.text);
      }
      if (growth.text.trim() === "") throw new Error("The model said nothing");
      return { text: growth.text.trim(), quotes };
    } catch (error) {
      if (growth.unwanted || this.#stop.signal.aborted) return undefined;
      log.warn("model_failed", { model: llm.name, sessionId: session.id, error });
      return "failed";
    }
  }

  /** Stores the answer, and hands over where rule 2.3 says so. True: look whether more was asked. */
  async #finish(
    session: Session,
    id: string,
    outcome: AnswerOutcome,
    text: string,
    sources: readonly Source[] = [],
  ): Promise<boolean> {
    const { store, clock } = this.#options;
    const counts = countsAfter(outcome, session);
    const answer: AnswerDraft = {
      text,
      sources,
      upTo: session.askedSeq,
      ...counts,
      event: { kind: "answered", outcome, articles: sources.map(({ title }) => title) },
    };
    if (!await store.messages.finishAnswer(session.id, id, answer, clock.now())) return false;
    const rule = outcome === "cannot_help" ? outcome : ruleFor(counts);
    if (rule) await this.#call(session, rule);
    return true;
  }

  #call({ id, userName }: Session, rule: AskRule): Promise<Session> {
    return this.#options.desk.ask(id, userName, rule);
  }
}

const asked = (messages: readonly Message[]): string[] =>
  messages.filter(({ sender }) => sender === "user").map(({ text }) => text);

/** Nobody is told to try again who is about to have a person. */
function apologyTo(session: Session): string {
  const calls = ruleFor(countsAfter("failed", session)) !== undefined;
  return calls && !session.waitingSince ? FINDING : TRY_AGAIN;
}
