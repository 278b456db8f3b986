/** What shares a transaction comes out as if each had one of its own: random steps from a fixed seed, both ways. */
import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import { Fault } from "../services/errors.ts";
import { openSqlite, type SqliteStore } from "../services/sqlite/open.ts";
import { at } from "./contract/cast.ts";
import {
  AGENTS,
  CUSTOMERS,
  type Step,
  stepsFor,
  UNCOUNTABLE,
  UNSPEAKABLE,
} from "./contract/steps.ts";
import { chance, print, range, tally } from "./crowd.ts";
import { test } from "./helpers.ts";

const SEED = 8_200_727;
const SCHEDULES = 80;
const BATCHES = 12;
const TABLES = ["sessions", "messages", "events", "agents", "changes"];
/** Two texts are refused in the middle of a write, one customer makes a whole commit fail. */
const MISHAPS = `
  CREATE TRIGGER refused BEFORE INSERT ON messages WHEN new.text LIKE '%${UNSPEAKABLE}%'
  BEGIN SELECT RAISE(ABORT, 'refused'); END;
  CREATE TRIGGER uncounted BEFORE UPDATE OF lastSeq ON sessions WHEN EXISTS (
    SELECT 1 FROM messages WHERE session = new.number AND text LIKE '%${UNCOUNTABLE}%'
  ) BEGIN SELECT RAISE(ABORT, 'refused'); END;
  CREATE TABLE doom (id TEXT REFERENCES agents (id) DEFERRABLE INITIALLY DEFERRED) STRICT;
  CREATE TRIGGER doomed AFTER INSERT ON customers WHEN new.id = 'doom'
  BEGIN INSERT INTO doom VALUES ('nobody'); END`;
/** Sessions that don't count what was said as a look at all their messages does. */
const MISCOUNTED = `
  SELECT s.id FROM sessions s LEFT JOIN (
    SELECT session, count(*) AS said, max(timestamp) AS at,
      max(iif(sender <> 'system', seq, 0)) AS spoken,
      max(iif(sender = 'user', seq, 0)) AS asked,
      max(iif(sender = 'agent', seq, 0)) AS replied,
      min(iif(sender = 'user', seq, NULL)) AS first
    FROM messages GROUP BY session
  ) m ON m.session = s.number LEFT JOIN messages f ON f.session = s.number AND f.seq = m.first
  WHERE (s.lastSeq, s.lastActivity, s.spokenSeq, s.askedSeq, s.repliedSeq, s.subject) IS NOT (
    ifnull(m.said, 0), max(s.createdAt, ifnull(m.at, 0)), ifnull(m.spoken, 0), ifnull(m.asked, 0),
    ifnull(m.replied, 0), substr(f.text, 1, 200)
  ) OR s.answeredSeq < ifnull(m.replied, 0)`;
const HIRED = `
  INSERT INTO agents (
    id, name, email, passwordHash, role, status, chosen, capacity, idleSince, presentUntil, createdAt
  ) VALUES (?1, ?1, ?1, '', 'agent', 'available', 'available', 1, 0, 9e15, 0)`;

class World implements AsyncDisposable {
  readonly store: SqliteStore;
  readonly #raw: DatabaseSync;
  /** Transactions that were begun. */
  begun = 0;

  private constructor(store: SqliteStore, raw: DatabaseSync) {
    this.store = store;
    this.#raw = raw;
    const exec = raw.exec.bind(raw);
    raw.exec = (sql) => {
      if (sql === "BEGIN IMMEDIATE") this.begun++;
      exec(sql);
    };
  }

  static async open(): Promise<World> {
    let raw: DatabaseSync | undefined;
    const store = await openSqlite({ file: ":memory:", tune: (db) => raw = db });
    assert.ok(raw);
    raw.exec(MISHAPS);
    for (const name of AGENTS) raw.prepare(HIRED).run(name);
    for (const name of CUSTOMERS) await store.customers.add({ id: name, name, createdAt: at(0) });
    const world = new World(store, raw);
    for (const id of CUSTOMERS) {
      await store.sessions.start({ id, customer: { id, name: id, createdAt: at(0) } }, at(0));
    }
    return world;
  }

  /** Everything in it, but the ids that it made up. */
  rows(): string[] {
    return TABLES.flatMap((table) =>
      this.#raw.prepare(`SELECT * FROM ${table} ORDER BY rowid`).all().map((row) => shown(row))
    );
  }

  miscounted(): unknown[] {
    return this.#raw.prepare(MISCOUNTED).all();
  }

  async sessions() {
    const ids = this.#raw.prepare("SELECT id FROM sessions ORDER BY rowid").all();
    const found = ids.map(({ id }) => this.store.sessions.find(String(id)));
    return (await Promise.all(found)).filter((session) => session !== undefined);
  }

  atOnce(steps: readonly Step[]): Promise<string[]> {
    return Promise.all(steps.map((step) => outcome(step.take(this.store))));
  }

  oneByOne(steps: readonly Step[]): Promise<string[]> {
    return Array.fromAsync(steps, (step) => outcome(step.take(this.store)));
  }

  [Symbol.asyncDispose]() {
    return this.store[Symbol.asyncDispose]();
  }
}

const shown = (value: unknown): string =>
  `${JSON.stringify(value)}`.replaceAll(/"[0-9a-f]{24}"/g, '"…"');

const outcome = (work: Promise<unknown>): Promise<string> =>
  work.then(shown, (error) => error instanceof Fault ? error.code : error.message);

const DOOM: Step = {
  what: "doom",
  take: ({ customers }) => customers.add({ id: "doom", name: "Doom", createdAt: at(0) }),
};

/** At once, with one who makes the commit fail: all of it is refused, and nothing is kept. */
async function inVain(world: World, steps: readonly Step[], what: string): Promise<void> {
  const before = world.rows();
  const outcomes = await world.atOnce([...steps, DOOM]);
  assert.deepEqual(new Set(outcomes), new Set(["unavailable"]), what);
  assert.deepEqual(world.rows(), before, what);
}

async function play(schedule: number): Promise<string[]> {
  await using together = await World.open();
  await using alone = await World.open();
  const dice = chance(SEED + schedule);
  const told: string[] = [];
  for (const batch of range(1, BATCHES)) {
    const steps = stepsFor(await alone.sessions(), batch, dice);
    const what = `schedule ${schedule}, batch ${batch}: ${steps.map(({ what }) => what)}`;
    if (dice.between(0, 3) === 0) await inVain(together, steps, what);
    const before = together.begun;
    const outcomes = await together.atOnce(steps);
    assert.equal(together.begun, before + 1, what);
    assert.deepEqual(outcomes, await alone.oneByOne(steps), what);
    assert.deepEqual(together.rows(), alone.rows(), what);
    assert.deepEqual(together.miscounted(), [], what);
    const briefly = (outcome = "") => outcome.startsWith("{") ? "done" : outcome;
    told.push(...steps.map(({ what }, i) => `${what}: ${briefly(outcomes[i])}`));
  }
  return told;
}

test("writes in one transaction leave the rows that they would leave one by one", async () => {
  const counts = tally((await Array.fromAsync(range(1, SCHEDULES), play)).flat());
  const done = ["user says", "agent says", "move to closed", "begin", "finish", "rate"]
    .map((what) => `${what}: done`);
  const refused = ["user says", "agent says", "move to closed", "move to an agent", "finish"]
    .map((what) => `${what}: refused`);
  const told = ["conflict", "closed", "stale", "forbidden"].map((code) => `agent says: ${code}`);
  for (const what of [...done, ...refused, ...told]) {
    assert.ok((counts[what] ?? 0) >= 5, `${what}: ${counts[what]} times`); // so that it means something
  }
  const all = Object.values(counts).reduce((sum, n) => sum + n);
  print(
    `${SCHEDULES} schedules, seed ${SEED}: ${all} writes, ${Object.keys(counts).length} outcomes`,
  );
});
