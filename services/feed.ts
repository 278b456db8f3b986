/** One watched session on this instance: reads what changed once, tells every follower in order, each thing once. */
import type { Clock } from "./clock.ts";
import type { AgentStatus, Message, Session, Side } from "./domain.ts";
import type { Log } from "./log.ts";
import { placed } from "./place.ts";
import type { Store } from "./store.ts";

/** What is new since the last update to the same follower; applying it in the order of these fields is right. */
export interface Update {
  readonly session: Session;
  readonly queuePosition: number | undefined;
  /** An answer that was being made and will not come. */
  readonly dropped: string | undefined;
  readonly messages: readonly Message[];
  /** The message before the first of `messages`. */
  readonly previous: Message | undefined;
  /** The session's state changed, or this is a follower's first update. */
  readonly sessionChanged: boolean;
  /** That, or the status of the agent who has it. */
  readonly headChanged: boolean;
  readonly agentStatus: AgentStatus | undefined;
  /** The answer being made now, and whether it is more than it was. */
  readonly answer: Session["answer"];
  readonly answerGrew: boolean;
  /** Sides that began, or went on, typing. */
  readonly typing: readonly Side[];
  readonly seen: readonly Side[];
  /** What rendering made of this update, shared by all its receivers. */
  readonly rendered: Map<string, string>;
}

export interface Follower {
  deliver(update: Update): void;
}

const CHUNK = 200;
const RETRY = 500;
const SIDES = ["user", "agent"] as const;

export class Feed {
  readonly #id: string;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #followers = new Set<Follower>();
  /** Those of them that have caught up. */
  readonly #live = new Set<Follower>();
  #known: Known | undefined;
  #turn: Promise<void> = Promise.resolve();
  #dirty = false;
  /** What changed since the last look: nothing but these messages, or `undefined` for who knows what. */
  #news: Message[] | undefined = [];
  #timer: Disposable | undefined;

  constructor(id: string, { store, clock, log }: { store: Store; clock: Clock; log: Log }) {
    this.#id = id;
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  get idle(): boolean {
    return this.#followers.size === 0;
  }

  /** The follower's first update has everything after `after` (or nothing earlier), the next ones what follows. */
  follow(follower: Follower, after: number | undefined): Promise<void> {
    this.#followers.add(follower); // counts as followed at once; hears nothing before it has caught up
    return this.#inTurn(async () => {
      await this.#refresh();
      if (this.#known) await this.#catchUp(follower, this.#known, after);
    });
  }

  unfollow(follower: Follower): void {
    this.#followers.delete(follower);
    this.#live.delete(follower);
    if (this.idle) this.#timer?.[Symbol.dispose]();
  }

  /** Something changed, or just this message came: look again, once, however often this is called meanwhile. */
  wake(message?: Message): void {
    if (message) this.#news?.push(message);
    else this.#news = undefined;
    if (this.#dirty) return;
    this.#dirty = true;
    this.#inTurn(() => this.#refresh()).catch((error) => {
      this.#log.warn("feed", { error });
      this.#later(RETRY);
    });
  }

  /** As it was when last looked at; undefined before that. */
  get session(): Session | undefined {
    return this.#known?.session;
  }

  /** Whether a change of the line, or of this agent, is a change here. */
  concerns({ line, agentId }: { line?: true; agentId?: string }): boolean {
    const session = this.#known?.session;
    return line ? session?.waitingSince !== undefined : session?.assignedAgent === agentId;
  }

  async #refresh(): Promise<void> {
    this.#dirty = false;
    const news = this.#news;
    this.#news = [];
    if (this.#known && news && isNext(this.#known, news)) {
      return this.#tell(this.#known, afterHearing(this.#known, news), news);
    }
    const found = await this.#store.sessions.find(this.#id);
    if (!found || this.idle) return;
    const { session, queuePosition } = await placed(this.#store, found);
    const before = this.#known;
    const messages = before
      ? await this.#tail(before.last?.seq ?? 0, session.lastSeq)
      : (await this.#store.messages.page(this.#id, { limit: 1 })).messages;
    // A session read a moment before its messages may still show an answer that is among them.
    const answer = messages.some(({ id }) => id === session.answer?.id)
      ? undefined
      : session.answer;
    const last = messages.at(-1) ?? before?.last;
    const agentStatus = session.assignedAgent
      ? (await this.#store.agents.find(session.assignedAgent))?.status
      : undefined;
    const known = { session, queuePosition, answer, last, agentStatus };
    if (before) return this.#tell(before, known, messages);
    this.#known = known;
    this.#wakeWhenTypingEnds(session);
  }

  #tell(before: Known, known: Known, messages: readonly Message[]): void {
    this.#known = known;
    this.#wakeWhenTypingEnds(known.session);
    const update = updateOf(before, known, messages);
    for (const follower of this.#live) this.#deliver(follower, update);
  }

  async #catchUp(follower: Follower, known: Known, after: number | undefined): Promise<void> {
    const { session, queuePosition, answer, last, agentStatus } = known;
    const until = last?.seq ?? 0;
    const missed = (await this.#tail(after ?? until, until)).filter(({ seq }) => seq <= until);
    const first = missed[0]?.seq;
    const before = first === undefined ? undefined : { before: first, limit: 1 };
    const previous = before && (await this.#store.messages.page(this.#id, before)).messages[0];
    if (!this.#followers.has(follower)) return;
    this.#live.add(follower);
    this.#deliver(follower, {
      session,
      queuePosition,
      dropped: undefined,
      messages: missed,
      previous,
      sessionChanged: true,
      headChanged: true,
      agentStatus,
      answer,
      answerGrew: answer !== undefined,
      typing: SIDES.filter((side) => isTyping(session, side, this.#clock.now())),
      seen: SIDES.filter((side) => session.seen[side]),
      rendered: new Map(),
    });
  }

  async #tail(after: number, until: number): Promise<readonly Message[]> {
    const all: Message[] = [];
    for (let seq = after; seq < until;) {
      const { messages } = await this.#store.messages.page(this.#id, { after: seq, limit: CHUNK });
      if (messages.length === 0) break;
      all.push(...messages);
      seq = messages.at(-1)?.seq ?? seq;
    }
    return all;
  }

  #deliver(follower: Follower, update: Update): void {
    try {
      follower.deliver(update);
    } catch (error) {
      this.#log.error("deliver", { error }); // one follower's trouble is not the others'
    }
  }

  #wakeWhenTypingEnds(session: Session): void {
    const now = this.#clock.now();
    const ends = SIDES.flatMap((side) => {
      const until = session.typing[side];
      return until && until > now ? [until.getTime() - now.getTime()] : [];
    });
    if (ends.length > 0) this.#later(Math.min(...ends) + 1);
  }

  #later(ms: number): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.idle ? undefined : this.#clock.after(ms, () => this.wake());
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

interface Known {
  readonly session: Session;
  readonly queuePosition: number | undefined;
  readonly answer: Session["answer"];
  /** The last message that those who are live have. */
  readonly last: Message | undefined;
  readonly agentStatus: AgentStatus | undefined;
}

/** Whether what is new is only what people said, without a gap: then nothing has to be read. */
function isNext({ last }: Known, news: readonly Message[]): boolean {
  const from = (last?.seq ?? 0) + 1;
  return news.length > 0 &&
    news.every(({ seq, sender }, i) =>
      seq === from + i && (sender === "user" || sender === "agent")
    );
}

/** What the store has made of the session, as far as a reader sees it. */
function afterHearing(known: Known, news: readonly Message[]): Known {
  return news.reduce((before, message) => {
    const { sender, senderName, seq, text, timestamp } = message;
    const { [sender as Side]: _, ...typing } = before.session.typing;
    const session = {
      ...before.session,
      lastSeq: seq,
      lastActivity: timestamp,
      lastMessage: { sender, senderName, text },
      [sender === "user" ? "askedSeq" : "answeredSeq"]: seq,
      typing,
    };
    return { ...before, session, last: message };
  }, known);
}

export function isTyping(session: Session, side: Side, now: Date): boolean {
  const until = session.typing[side];
  return until !== undefined && until > now;
}

/** What a reader of session info would call a change. */
const STATE = [
  "epoch",
  "mode",
  "status",
  "waitingSince",
  "assignedAgent",
  "agentName",
  "rating",
] as const satisfies (keyof Session)[];

function isSameState(before: Known, now: Known): boolean {
  return before.queuePosition === now.queuePosition && STATE.every((name) => {
    const [one, other] = [before.session[name], now.session[name]];
    return one === other || (one instanceof Date && other instanceof Date && +one === +other);
  });
}

function updateOf(before: Known, now: Known, messages: readonly Message[]): Update {
  const had = before.answer;
  const { session, queuePosition, answer, agentStatus } = now;
  const sessionChanged = !isSameState(before, now);
  const came = messages.some(({ id }) => id === had?.id);
  return {
    session,
    queuePosition,
    dropped: had && had.id !== answer?.id && !came ? had.id : undefined,
    messages,
    previous: before.last,
    sessionChanged,
    headChanged: sessionChanged || before.agentStatus !== agentStatus,
    agentStatus,
    answer,
    answerGrew: answer !== undefined && (answer.id !== had?.id || answer.text !== had.text),
    typing: SIDES.filter((side) =>
      before.session.typing[side]?.getTime() !== session.typing[side]?.getTime()
    ),
    seen: SIDES.filter((side) => before.session.seen[side]?.seq !== session.seen[side]?.seq),
    rendered: new Map(),
  };
}
