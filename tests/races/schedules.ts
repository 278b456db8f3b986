/** Closing against sending, transferring, claiming and waiting, by everybody at once, as random plans from a fixed seed say. */
import assert from "node:assert/strict";
import {
  chance,
  guests,
  hire,
  pooled,
  print,
  range,
  type Someone,
  started,
  tally,
  times,
} from "../crowd.ts";
import { freshData, rounds } from "../databases.ts";
import { type Answer, eventually, type Frame, type Listener, pause } from "../helpers.ts";
import { startTwo } from "../process.ts";
import { type Histories, shown } from "./histories.ts";
import { impossible, type Witness, witnessOf } from "./witness.ts";

const SEED = 5_200_727;
const SCHEDULES = [200, 60] as const;
const AT_ONCE = 8;
const LASTS = 120;
const STAFF = ["Ada", "Grace", "Edsger"];

const VERBS = [
  "ask",
  "leave",
  "say",
  "reply",
  "claim",
  "transfer",
  "hand back",
  "ask",
  "hand back",
] as const;
type Verb = typeof VERBS[number] | "close";

interface Step {
  readonly verb: Verb;
  /** Milliseconds from the beginning, and how many others have to be answered before, however slow the machine is. */
  readonly after: number;
  readonly answered: number;
  readonly process: number;
  readonly agent: number;
  readonly to: number;
}

interface Plan {
  readonly n: number;
  readonly steps: readonly Step[];
}

function plans(count: number): Plan[] {
  const { between, pick } = chance(SEED);
  const step = (verb: Verb, answered = 0): Step => ({
    verb,
    after: between(0, LASTS),
    answered,
    process: between(0, 1),
    agent: between(0, STAFF.length - 1),
    to: between(0, STAFF.length - 1),
  });
  return range(1, count).map((n) => {
    const others = range(1, between(10, 16)).map(() => step(pick(VERBS)));
    const answered = between(others.length / 2, others.length - 1);
    return { n, steps: [...others, step("close", answered), step("close", answered)] };
  });
}

/** What each verb may be answered: nothing else, and never a 5xx. */
const ANSWERS: Readonly<Record<Verb, readonly (number | string)[]>> = {
  ask: [200, "closed"],
  leave: [200, "closed"],
  say: [201, "closed"],
  reply: [201, "closed", "forbidden", "not_assigned"],
  claim: [200, "closed", "already_assigned"],
  transfer: [200, "closed"],
  "hand back": [200, "closed"],
  close: [200],
};

interface Company {
  readonly urls: readonly string[];
  readonly staff: readonly Someone[];
  readonly witness: Witness;
}

function take(
  { urls, staff }: Company,
  { verb, process, agent, to }: Step,
  who: Someone,
  sessionId: string,
  text: string,
): Promise<Answer> {
  const url = urls[process] as string;
  const [one, other] = [staff[agent], staff[to]] as [Someone, Someone];
  switch (verb) {
    case "say":
      return who.say(url, sessionId, text, text);
    case "reply":
      return one.say(url, sessionId, text, text);
    case "claim":
      return one.act(url, "claim", sessionId);
    case "transfer":
      return one.act(url, "transfer", sessionId, { agentId: other.id });
    case "hand back":
      return one.act(url, "transfer", sessionId, { agentId: "ai" });
    case "leave":
      return who.act(url, "handoff", sessionId, { cancel: true });
    case "close":
      return (agent % 2 ? one : who).act(url, "end", sessionId);
    default:
      return who.act(url, "handoff", sessionId);
  }
}

interface Played {
  readonly plan: Plan;
  readonly sessionId: string;
  readonly sockets: readonly Listener[];
  /** Answers that told of the session. */
  readonly told: readonly Frame[];
}

async function play(company: Company, plan: Plan, who: Someone): Promise<Played> {
  const { urls, staff, witness } = company;
  const [here, there] = urls as [string, string];
  const what = `seed ${SEED}, schedule ${plan.n}`;
  const { sessionId } = await started(who, here);
  const query = `sessionId=${sessionId}&after=0`;
  const sockets = await Promise.all([
    who.socket(here, query),
    who.socket(there, query),
    staff[0]?.socket(there, query) as Promise<Listener>,
  ]);
  const kept = new Map<string, string>();
  let answered = 0;
  const answers = await Promise.all(plan.steps.map(async (step, i) => {
    await pause(step.after);
    await eventually(() => answered >= step.answered, { within: 20_000 });
    const text = `${plan.n}.${i}`;
    const { status, body } = await take(company, step, who, sessionId, text)
      .finally(() => answered++);
    const outcome = status < 300 ? status : body.code;
    assert.ok(ANSWERS[step.verb].includes(outcome), `${what}: ${step.verb}: ${status} ${outcome}`);
    if (status === 201) kept.set(text, body.id);
    const wrong = await witness.miscounted();
    assert.ok(wrong.length === 0, `${what}: places: ${JSON.stringify(wrong)}`);
    return { status, body };
  }));

  const log = await who.log(here, sessionId);
  assert.deepEqual(log.map(({ seq }) => seq), range(1, log.length), `${what}: gaps`);
  const closings = log.filter(({ sender, text }) => sender === "system" && /ended/.test(text));
  assert.equal(closings.length, 1, `${what}: closed once`);
  assert.equal(log.at(-1)?.id, closings[0]?.id, `${what}: nothing follows the end`);
  const said = log.filter(({ clientId }) => clientId !== null);
  assert.deepEqual(new Map(said.map(({ text, id }) => [text, id])), new Map(kept), what);
  for (const socket of sockets) {
    await socket.next(({ type, seq }) => type === "message" && seq === log.length);
    await socket.next(({ type, status }) => type === "session" && status === "closed");
    const heard = socket.frames.filter(({ type }) => type === "message");
    assert.deepEqual(
      heard.map(({ id, seq }) => [id, seq]),
      log.map(({ id, seq }) => [id, seq]),
      what,
    );
  }
  return {
    plan,
    sessionId,
    sockets,
    told: answers.filter(({ status, body }) => status === 200 && body.mode).map(({ body }) => body),
  };
}

function compare(played: readonly Played[], histories: Histories) {
  let frames = 0;
  let states = 0;
  let waits = 0;
  for (const { plan, sessionId, sockets, told } of played) {
    const what = `seed ${SEED}, schedule ${plan.n}`;
    const history = histories.get(sessionId) ?? [];
    states += history.length;
    for (const socket of sockets) {
      const seen = socket.frames.filter(({ type }) => type === "session");
      frames += seen.length;
      waits += seen.filter(({ waiting }) => waiting).length;
      const odd = impossible(seen, history);
      assert.equal(odd && `${shown(odd)} of ${history.join(" ")}`, undefined, `${what}: a frame`);
    }
    for (const body of told) {
      const known = history.includes(shown(body));
      assert.ok(known, `${what}: an answer ${shown(body)} of ${history.join(" ")}`);
    }
  }
  return { frames, states, waits };
}

export async function everybodyAtOnce(): Promise<void> {
  const count = rounds(...SCHEDULES);
  await using data = freshData();
  await using store = await data.open();
  await using witness = await witnessOf(data);
  await using two = await startTwo(data.env);
  const { urls } = two;
  // one takes who comes, the others take over: so there is a line
  const staff = await times(
    STAFF.length,
    (i) => hire(store, STAFF[i] as string, { chosen: i === 0 ? "available" : "busy" }),
  );
  const customers = await guests(urls, count);
  const played: Played[] = [];
  const company = { urls, staff, witness };
  await pooled(AT_ONCE, plans(count), async (plan) => {
    const one = await play(company, plan, customers[plan.n - 1] as Someone);
    for (const socket of one.sockets) await socket[Symbol.asyncDispose]();
    played.push(one);
  });
  const { frames, states, waits } = compare(played, await witness.histories());
  assert.deepEqual(await witness.miscounted({ ended: true }), []);
  for (const { id } of staff) assert.equal((await store.agents.find(id))?.carrying, 0);
  const steps = tally(plans(count).flatMap((plan) => plan.steps.map(({ verb }) => verb)));
  assert.ok(states > 3 * count && waits > count / 20, `${states} states, ${waits} in line`);
  print(`${count} schedules, seed ${SEED}: ${JSON.stringify(steps)}`);
  print(
    `${states} states, ${frames} session frames (${waits} in line), each one of them and in order`,
  );
}
