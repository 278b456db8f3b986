/**
 * What a database must do for Handoff, in the app's words. `tests/store_contract.ts` is the real definition; every
 * adapter runs it. All methods throw `Fault("unavailable")` when the database can't be reached or can't write, and
 * then nothing was acknowledged. A resolved write is durable. Times come from the caller, never from the database.
 */
import type {
  Actor,
  Agent,
  AgentStatus,
  Change,
  Customer,
  DeskList,
  EventDraft,
  Message,
  MessageDraft,
  Role,
  Session,
  SessionEvent,
  SessionRow,
  Side,
  Source,
} from "./domain.ts";

export interface Store extends AsyncDisposable {
  readonly customers: Customers;
  readonly agents: Agents;
  readonly signIns: SignIns;
  readonly vouchers: Vouchers;
  readonly tries: Tries;
  readonly sessions: Sessions;
  readonly messages: Messages;
  /**
   * Every write from now on, by this process or another on the same database, oldest first; ends when `signal`
   * aborts. A change may come more than once and never before it is durable. While not `isWatched`, other processes' may be
   * left out, where hearing them would cost the database questions.
   */
  changes(signal: AbortSignal, isWatched?: () => boolean): AsyncIterable<Change>;
  /** Resolves when the database answers and takes writes. */
  ping(): Promise<void>;
}

// ---- people -------------------------------------------------------------------------------------

export interface Customers {
  /** Throws `taken` where the e-mail is in use (any case). */
  add(customer: Customer, passwordHash?: string): Promise<void>;
  find(id: string): Promise<Customer | undefined>;
  byEmail(email: string): Promise<WithPassword<Customer> | undefined>;
  rename(id: string, name: string): Promise<void>;
  setPassword(id: string, passwordHash: string): Promise<void>;
  passwordHash(id: string): Promise<string | undefined>;
}

export type WithPassword<T> = T & { readonly passwordHash: string };

export interface AgentDraft {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly passwordHash: string;
  readonly capacity: number;
  readonly createdAt: Date;
}

export interface Agents {
  /**
   * In one atomic step: the very first agent is made an admin and needs no invitation; anyone later spends the
   * invitation `invite` (a voucher's hash) and gets the role written in it. New agents are `offline`. Throws `forbidden` without a
   * valid one and `taken` where the e-mail is in use (any case), in which case the invitation is not spent.
   */
  register(draft: AgentDraft, invite: string | undefined, now: Date): Promise<Agent>;
  none(): Promise<boolean>;
  find(id: string): Promise<Agent | undefined>;
  byEmail(email: string): Promise<WithPassword<Agent> | undefined>;
  /** All of them, by name. */
  all(): Promise<readonly Agent[]>;
  rename(id: string, name: string): Promise<void>;
  setPassword(id: string, passwordHash: string): Promise<void>;
  passwordHash(id: string): Promise<string | undefined>;
  /**
   * Sets what the agent chose, the capacity, or both, and answers with the status that follows: `offline` for one who is
   * away or chose it, `busy` for one who chose that or carries as much as the capacity, otherwise `available`.
   */
  set(id: string, wish: { chosen?: AgentStatus; capacity?: number }, now: Date): Promise<Agent>;
  /** Prolongs the lease of presence; one who had lapsed gets back the status that was chosen. */
  present(id: string, until: Date, now: Date): Promise<void>;
  /** Makes everyone `offline` whose lease ended before `now`, and returns how many that were. */
  lapse(now: Date): Promise<number>;
  /** Agents who carry open sessions and whose lease ended before `since`. */
  gone(since: Date): Promise<readonly Agent[]>;
}

// ---- sign-ins and things that work once ---------------------------------------------------------

export interface SignIn {
  /** SHA-256 of the token, in hex: tokens themselves are never stored. */
  readonly id: string;
  readonly side: Side;
  readonly accountId: string;
  readonly expiresAt: Date;
}

export interface SignIns {
  add(signIn: SignIn): Promise<void>;
  find(id: string, now: Date): Promise<SignIn | undefined>;
  extend(id: string, expiresAt: Date): Promise<void>;
  /** Ends one; announced as a change. Ending what is not there is no error. */
  end(id: string): Promise<void>;
  /** Ends all of an account's but `except`; each is announced. */
  endAll(side: Side, accountId: string, except?: string): Promise<void>;
  /** Forgets sign-ins and vouchers that expired before `now`, and tries that are too old to count. */
  forget(now: Date): Promise<void>;
}

/** Something good for one use: an invitation, a password reset, a ticket for a socket. */
export interface Voucher {
  /** SHA-256 of the token, in hex. */
  readonly id: string;
  readonly expiresAt: Date;
  readonly grant:
    | { readonly kind: "invite"; readonly role: Role; readonly email?: string }
    | { readonly kind: "reset"; readonly side: Side; readonly accountId: string }
    /** The socket opened with it lives as long as this sign-in. */
    | { readonly kind: "ticket"; readonly signInId: string };
}
export type VoucherKind = Voucher["grant"]["kind"];
export type Grant<K extends VoucherKind> = Extract<Voucher["grant"], { kind: K }>;

export interface Vouchers {
  add(voucher: Voucher): Promise<void>;
  /** What it is good for, without spending it. */
  peek<K extends VoucherKind>(kind: K, id: string, now: Date): Promise<Grant<K> | undefined>;
  /** Spends it: of any number of callers at once one gets the grant. */
  spend<K extends VoucherKind>(kind: K, id: string, now: Date): Promise<Grant<K> | undefined>;
}

/** How often somebody tried something lately, whichever process they asked. */
export interface Tries {
  /**
   * Counts one more of `id` (a SHA-256, in hex): `count` in the time that began with the first and ends at `until`, `window`
   * milliseconds later. Of any number at once each gets a count of its own.
   */
  count(id: string, window: number, now: Date): Promise<{ count: number; until: Date }>;
  /** Takes one back. */
  forgive(id: string, now: Date): Promise<void>;
}

// ---- sessions -----------------------------------------------------------------------------------

export interface SessionStart {
  readonly id: string;
  readonly customer: Customer;
  /** The sweep closes the session then, if the customer has not written by then. */
  readonly silentUntil?: Date;
}

/**
 * Where a session goes. `free`: to the available agent with a free place who carries the fewest open sessions, then the one
 * idle longest; while there is a line only for those who are in it. `{ agentId }`: to that agent, capacity or not.
 */
export type Destination = "free" | "ai" | "waiting" | "closed" | { readonly agentId: string };

/** What a move is told as; the name and id of an agent that the store picks are filled in by it. */
export type MoveEvent = EventDraft | { readonly kind: "assigned"; readonly reason: string };

export interface Sessions {
  /**
   * In one atomic step: the customer's open session (`created: false`), or a new one that goes to a free agent, or else
   * to the assistant. At most one session of a customer is open, and no free place is given twice.
   * The events `started` and, with an agent, `assigned` (and its line) are written with it.
   */
  start(start: SessionStart, now: Date): Promise<{ session: Session; created: boolean }>;
  find(id: string): Promise<Session | undefined>;
  openOf(userId: string): Promise<Session | undefined>;
  /**
   * Changes who has the session, if it still is as it was read (its `epoch`): writes the events in their order and the line of
   * each (`lineOf`, sender `system`), raises the epoch, resets misses and failures, and recounts both agents' load. To an agent, or
   * the end, it drops an answer being made; who joins or leaves the line gets it all the same. Leaving and entering the line is announced as `queue`. `changed`: somebody else was
   * faster, nothing was done. `nobody`: no free agent (only with `free`), nothing was done. Throws `closed` where the session
   * had ended, and `not_found` for an unknown agent.
   */
  move(
    session: Session,
    to: Destination,
    events: readonly MoveEvent[],
    now: Date,
  ): Promise<Session | "changed" | "nobody">;
  /** Rates a closed session, and writes the event `rated`; again replaces. Throws `still_open` and `not_found`. */
  rate(id: string, rating: number, comment: string | undefined, now: Date): Promise<Session>;
  /** How far a side has read; never goes back, never beyond the last `seq`. */
  seen(id: string, side: Side, seq: number, now: Date): Promise<void>;
  typing(id: string, side: Side, until: Date): Promise<void>;

  /** The session that waits longest. */
  nextWaiting(): Promise<Session | undefined>;
  /** 1 is next; undefined for a session that is not in line. */
  queuePosition(session: Session): Promise<number | undefined>;
  waiting(limit: number): Promise<readonly Session[]>;
  /** An agent's open sessions, newest activity first. */
  carriedBy(agentId: string): Promise<readonly SessionRow[]>;
  /** A desk's list by keyset: newest activity first, `waiting` longest first; `after` is the last row of the page before. */
  list(list: DeskList, agentId: string, page: ListPage): Promise<readonly SessionRow[]>;
  /** Of each list, counted up to `MAX_COUNT`. */
  counts(agentId: string): Promise<Readonly<Record<DeskList, number>>>;
  /** By keyset, newest first. */
  ofCustomer(userId: string, page: ListPage): Promise<readonly Session[]>;
  /** Sessions in whose messages or customer's name or e-mail every word occurs (by prefix), newest activity first. */
  search(words: string, limit: number): Promise<readonly SessionRow[]>;
  /** All that happened, oldest first. */
  events(id: string): Promise<readonly SessionEvent[]>;

  /** Open sessions to be closed: silent since their start, or idle since `idleSince`. */
  overdue(now: Date, idleSince: Date, limit: number): Promise<readonly Session[]>;
  /** Unanswered sessions in AI mode that nobody is making an answer for. */
  unanswered(now: Date, limit: number): Promise<readonly Session[]>;
}

export interface ListPage {
  readonly limit: number;
  readonly after?: Session;
}

// ---- messages -----------------------------------------------------------------------------------

export interface AnswerDraft {
  readonly text: string;
  readonly sources: readonly Source[];
  /** Up to which `seq` of the customer it answers. */
  readonly upTo: number;
  readonly misses: number;
  readonly failures: number;
  readonly event: Extract<EventDraft, { kind: "answered" }>;
}

export interface Messages {
  /**
   * Stores what a person says, at the next `seq`. Atomic: the session is there and no other customer's (`not_found`), it is open (`closed`), an agent has it (`forbidden` for
   * another's, `not_assigned` for nobody's), `clientId` is new in the session (the first message is returned for the same text,
   * with `repeated`; `conflict` for another), and, for an agent with `basedOn`, nothing by another than that agent and `system` came after
   * it (`stale`, with those messages). The draft's `id`, if any, is the new message's. A repeated `clientId` is looked at first. Sets activity and what is asked and answered, and ends the
   * sender's typing.
   */
  append(
    sessionId: string,
    actor: Actor,
    draft: MessageDraft,
    now: Date,
  ): Promise<{ message: Message; repeated: boolean }>;
  /**
   * Ascending. With `after` the first `limit` beyond it, with `before` the last `limit` below it, else the latest; `hasMore`
   * tells of further ones in that direction.
   */
  page(
    sessionId: string,
    page: { after?: number; before?: number; limit: number },
  ): Promise<{ messages: readonly Message[]; hasMore: boolean }>;

  /**
   * Begins the one answer of an unanswered session in AI mode: undefined where there is nothing to answer or another is
   * being made (until its lease ends). `id` will be the message's.
   */
  beginAnswer(sessionId: string, id: string, until: Date, now: Date): Promise<Session | undefined>;
  /** Shows more of it and prolongs its lease; false when it is not wanted any more (a handover, a close, a lapsed lease). */
  growAnswer(sessionId: string, id: string, text: string, until: Date): Promise<boolean>;
  /**
   * Makes the answer a message by `ai` with its event, if it still is the one being made; otherwise undefined, and
   * nothing is stored: so none gets a `seq` above a handover's line.
   */
  finishAnswer(
    sessionId: string,
    id: string,
    answer: AnswerDraft,
    now: Date,
  ): Promise<Message | undefined>;
  /** Gives it up; with `upTo` what was asked until then counts as answered. */
  dropAnswer(sessionId: string, id: string, upTo?: number): Promise<void>;
}
