/** Random steps in the lives of sessions, as dice say: what people, the assistant and a whole commit may run into. */
import type { Actor, Session } from "../../services/domain.ts";
import type { Destination, MoveEvent, Store } from "../../services/store.ts";
import { chance, range } from "../crowd.ts";
import { anAnswer, asked, at, ended } from "./cast.ts";

export const CUSTOMERS = ["linus", "barbara", "edsger"] as const;
export const AGENTS = ["ada", "grace"] as const;
/** Whatever says this is refused by the database: at once, or when the session counts it. */
export const UNSPEAKABLE = "unspeakable";
export const UNCOUNTABLE = "uncountable";

/** Sessions before these are over and done with. */
const LATELY = 4;

export interface Step {
  readonly what: string;
  take(store: Store): Promise<unknown>;
}
type Dice = ReturnType<typeof chance>;

/** Steps for sessions as they were found, some of which only make sense after one another. */
export function stepsFor(sessions: readonly Session[], batch: number, dice: Dice): Step[] {
  return range(1, dice.between(1, 14)).map((i) => {
    const session = dice.between(0, 11) ? dice.pick(sessions.slice(-LATELY)) : undefined;
    const kinds = [saying, saying, saying, moving, answering, answering, signalling];
    return session ? dice.pick(kinds)(session, dice) : starting(`session ${batch}.${i}`, dice);
  });
}

function starting(id: string, { pick }: Dice): Step {
  const name = pick(CUSTOMERS);
  const customer = { id: name, name, createdAt: at(0) };
  return {
    what: "start",
    take: ({ sessions }) => sessions.start({ id, customer, silentUntil: at(600) }, at(2)),
  };
}

function saying(session: Session, { between, pick }: Dice): Step {
  const someone = pick<Actor>([
    { side: "user", id: pick(CUSTOMERS), name: "Somebody" },
    { side: "agent", id: pick(AGENTS), name: "An agent", role: "agent" },
    { side: "agent", id: session.assignedAgent ?? "ada", name: "Theirs", role: "agent" },
  ]);
  const customer = { side: "user", id: session.userId, name: session.userName } as const;
  const actor = between(0, 1) ? customer : someone;
  const draft = {
    text: pick(["One", "Two", "Two", `An ${UNSPEAKABLE} word`, "👋".repeat(250)]),
    ...(between(0, 1) && { clientId: `c${between(0, 5)}` }),
    ...(between(0, 2) === 0 && { basedOn: Math.max(0, session.lastSeq - between(0, 3)) }),
  };
  const now = at(between(1, 9));
  return {
    what: `${actor.side} says`,
    take: ({ messages }) => messages.append(session.id, actor, draft, now),
  };
}

function moving(session: Session, dice: Dice): Step {
  const { between, pick } = dice;
  const agentId = pick(AGENTS);
  const to = pick<Destination>(["free", "ai", "ai", "waiting", "closed", { agentId }]);
  const isGiven = to === "free" || typeof to === "object";
  const told = isGiven ? { kind: "assigned", reason: "There" } as const : asked;
  const events: MoveEvent[] = [to === "closed" ? ended : told];
  if (between(0, 5) === 0) events.push({ ...asked, by: pick([UNSPEAKABLE, UNCOUNTABLE]) });
  return {
    what: `move to ${isGiven ? "an agent" : to}`,
    take: ({ sessions }) => sessions.move(session, to, events, at(3)),
  };
}

function answering({ id, askedSeq, lastSeq, answer }: Session, { between, pick }: Dice): Step {
  const which = answer?.id ?? `answer ${between(0, 1)} for ${id}`;
  const [now, until, upTo] = [at(between(1, 9)), at(between(5, 20)), pick([askedSeq, lastSeq])];
  const draft = anAnswer(pick(["Here", "Here", UNSPEAKABLE, UNCOUNTABLE]), upTo);
  return pick<Step>([
    { what: "begin", take: ({ messages }) => messages.beginAnswer(id, which, until, now) },
    { what: "grow", take: ({ messages }) => messages.growAnswer(id, which, draft.text, until) },
    { what: "finish", take: ({ messages }) => messages.finishAnswer(id, which, draft, now) },
    { what: "finish", take: ({ messages }) => messages.finishAnswer(id, which, draft, now) },
    { what: "drop", take: ({ messages }) => messages.dropAnswer(id, which, upTo) },
  ]);
}

function signalling({ id, lastSeq }: Session, { between, pick }: Dice): Step {
  const [side, rating] = [pick(["user", "agent"] as const), between(1, 5)];
  const [seq, until] = [lastSeq + between(-2, 3), at(between(10, 20))];
  return pick<Step>([
    { what: "seen", take: ({ sessions }) => sessions.seen(id, side, seq, at(4)) },
    { what: "typing", take: ({ sessions }) => sessions.typing(id, side, until) },
    { what: "rate", take: ({ sessions }) => sessions.rate(id, rating, undefined, at(5)) },
  ]);
}
