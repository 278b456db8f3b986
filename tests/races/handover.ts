/** Taking a chat over while its answer streams, many times, each at another moment. */
import assert from "node:assert/strict";
import type { Piece } from "../../services/llm.ts";
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
} from "../crowd.ts";
import { rounds } from "../databases.ts";
import { eventually, type Frame, type Listener, pause, testSite } from "../helpers.ts";
import { ScriptedLlm } from "../talk.ts";

const SEED = 20_260_727;
const ROUNDS = [200, 80] as const;
const AT_ONCE = 12;
const LAST = "So, how can I help?";

interface Plan {
  readonly round: number;
  /** Before each piece of the answer, in milliseconds. */
  readonly pauses: readonly number[];
  readonly takeOverAfter: number;
  /** Some models stop when they are told to, some go on. */
  readonly listens: boolean;
}

function plans(): Plan[] {
  const { between } = chance(SEED);
  return range(1, rounds(...ROUNDS)).map((round) => {
    const isLong = round % 8 === 0; // shown more than once: an answer is, twice a second
    const pauses = range(1, between(2, 8)).map(() => isLong ? between(50, 200) : between(0, 25));
    const whole = pauses.reduce((sum, ms) => sum + ms, 0);
    return { round, pauses, takeOverAfter: between(0, whole + 40), listens: between(0, 1) === 1 };
  });
}

interface Screens {
  readonly json: readonly Listener[];
  readonly pages: readonly Listener[];
}

/** The texts that a reader of these frames sees growing in the end. */
export function growingOf(frames: readonly Frame[]): string[] {
  const growing = new Map<string, string>();
  for (const { type, id, text, dropped } of frames) {
    if (type === "delta" && !dropped && text) growing.set(id, text);
    else if (type === "delta" || type === "message") growing.delete(id);
  }
  return [...growing.values()];
}

/** What stands in the region of the growing answer, after each frame that fills it. */
const regionsOf = (frames: readonly Frame[]): string[] =>
  frames.flatMap((
    frame,
  ) => [...String(frame).matchAll(/<div id="growing"[^>]*>(.*?)<\/div><\/hx-partial>/gs)]).map((
    [, inside = ""],
  ) => inside);

const joined = (name: string) => (frame: Frame): boolean =>
  frame.type === "message" && frame.sender === "system" && frame.message === `${name} joined`;

function checkScreens({ json, pages }: Screens, name: string, what: string): void {
  for (const { frames } of json) {
    assert.deepEqual(growingOf(frames), [], `${what}: text left growing on a socket`);
    const since = frames.slice(frames.findIndex(joined(name)) + 1);
    const late = since.filter(({ type, sender, text }) =>
      sender === "ai" || (type === "delta" && text)
    );
    assert.deepEqual(late, [], `${what}: the assistant spoke after the line`);
  }
  for (const { frames } of pages) {
    const regions = regionsOf(frames);
    assert.ok(regions.length > 0);
    assert.equal(regions.at(-1), "", `${what}: text left growing on a page`);
    const since = frames.slice(frames.findIndex((f) => String(f).includes(`${name} joined`)));
    assert.deepEqual(regionsOf(since).filter(Boolean), [], `${what}: it grew after the line`);
  }
}

/** What became of the answer of one round. */
type Outcome = "never begun" | "thrown away unseen" | "thrown away while seen" | "finished before";

export async function takeOverWhileItStreams(): Promise<void> {
  const planned = plans();
  const told = new Map<number, "running" | "over">();
  const llm = new ScriptedLlm(async function* ({ question }, signal): AsyncGenerator<Piece> {
    const { round, pauses, listens } = planned[Number(/\d+/.exec(question)) - 1] as Plan;
    told.set(round, "running");
    try {
      for (const [i, ms] of pauses.entries()) {
        await pause(ms);
        if (listens) signal.throwIfAborted();
        yield { text: `Words ${i} of ${round}. ` };
      }
    } finally {
      told.set(round, "over");
    }
  });
  await using site = await testSite({ llm });
  const { url, store } = site;
  const ada = await hire(store, "Ada", { chosen: "busy" });
  const outcomes: Outcome[] = [];

  async function play(plan: Plan, customer: Someone): Promise<void> {
    const what = `seed ${SEED}, round ${plan.round}`;
    const { sessionId } = await started(customer, url);
    await using opened = new AsyncDisposableStack();
    const screens: Screens = {
      json: await Promise.all([
        customer.socket(url, `sessionId=${sessionId}&after=0`),
        ada.socket(url, `sessionId=${sessionId}&after=0`),
      ]),
      pages: await Promise.all([
        customer.live(url, `/chat/${sessionId}/live?after=0`),
        ada.live(url, `/agent/live?session=${sessionId}&after=0`),
      ]),
    };
    for (const screen of [...screens.json, ...screens.pages]) opened.use(screen);
    await screens.json[0]?.type("session");
    assert.equal((await customer.say(url, sessionId, `Question ${plan.round}?`)).status, 201);
    await pause(plan.takeOverAfter);
    assert.equal((await ada.act(url, "claim", sessionId)).status, 200);
    assert.equal((await customer.say(url, sessionId, "Who are you?")).status, 201); // not for the assistant
    await eventually(() => told.get(plan.round) !== "running");
    const { id } = (await ada.say(url, sessionId, LAST)).body;
    for (const screen of screens.json) {
      await screen.next((f) => f.type === "message" && f.id === id);
    }
    for (const page of screens.pages) await page.next((f) => String(f).includes(`m-${id}`));
    await pause(60); // for whatever may come late

    assert.equal((await ada.act(url, "end", sessionId)).status, 200);
    const log = await customer.log(url, sessionId);
    assert.deepEqual(log.map(({ seq }) => seq), range(1, log.length), what);
    const line = log.findIndex(({ sender, text }) => sender === "system" && text === "Ada joined");
    assert.ok(line > 0, what);
    const late = log.slice(line).filter(({ sender }) => sender === "ai");
    assert.deepEqual(late, [], `${what}: an answer above the line`);
    assert.equal((await store.sessions.find(sessionId))?.answer, undefined, what);
    checkScreens(screens, "Ada", what);
    const wasSeen = screens.json[0]?.frames.some(({ type, text }) => type === "delta" && text);
    const wasSaid = log.some(({ sender }) => sender === "ai");
    outcomes.push(
      wasSaid
        ? "finished before"
        : wasSeen
        ? "thrown away while seen"
        : told.has(plan.round)
        ? "thrown away unseen"
        : "never begun",
    );
  }

  const customers = await guests([url], planned.length);
  await pooled(AT_ONCE, planned, (plan) => play(plan, customers[plan.round - 1] as Someone));
  const counts = tally(outcomes);
  print(
    `take-over while an answer streams, seed ${SEED}, ${planned.length} rounds: ${
      JSON.stringify(counts)
    }`,
  );
  // else nothing was shown
  assert.ok((counts["thrown away while seen"] ?? 0) >= 10 && (counts["finished before"] ?? 0) >= 5);
}
