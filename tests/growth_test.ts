/** An answer as it grows is written at most twice a second, and keeps its lease while the model thinks. */
import assert from "node:assert/strict";
import { Growth, untilAborted } from "../services/growth.ts";
import { Later } from "../services/later.ts";
import { openLog } from "../services/log.ts";
import { openSqlite } from "../services/sqlite/open.ts";
import { MovableClock, pause, test } from "./helpers.ts";

const SECOND = 1_000;

/** A growth of a session in the store, and what is written of it. */
async function growing() {
  const clock = new MovableClock();
  const store = await openSqlite({ file: ":memory:" });
  const later = new Later(openLog("error", () => {}));
  const now = clock.now();
  const linus = { id: "1".repeat(24), name: "Linus", createdAt: now };
  await store.customers.add(linus);
  const id = "2".repeat(24);
  await store.sessions.start({ id, customer: linus }, now);
  const actor = { side: "user", id: linus.id, name: "Linus" } as const;
  await store.messages.append(id, actor, { text: "Why?" }, now);
  await store.messages.beginAnswer(id, "3".repeat(24), new Date(now.getTime() + 12_000), now);
  const written: { text: string; until: Date }[] = [];
  const { messages } = store;
  const grow = messages.growAnswer.bind(messages);
  messages.growAnswer = (...[session, answer, text, until]) => {
    written.push({ text, until });
    return grow(session, answer, text, until);
  };
  const stop = new AbortController();
  const growth = new Growth(id, "3".repeat(24), { store, clock, later }, stop.signal);
  return {
    growth,
    clock,
    store,
    id,
    written,
    async [Symbol.asyncDispose]() {
      growth[Symbol.dispose]();
      await later[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

test("the first words are written at once, and further ones at most twice a second", async () => {
  await using it = await growing();
  const { growth, clock, written } = it;
  growth.add("word ");
  assert.equal(written.length, 1);
  for (let i = 0; i < 100; i++) {
    await pause(0);
    growth.add("word ");
    await clock.move(SECOND / 10);
  }
  assert.ok(written.length > 10, `${written.length}`);
  assert.ok(written.length <= 1 + 2 * 10 + 1, `${written.length} in ten seconds`);
  await clock.move(SECOND);
  await pause(5);
  assert.equal(written.at(-1)?.text, growth.text); // the last words don't wait for further ones
});

test("while nothing comes the lease is prolonged before it ends", async () => {
  await using it = await growing();
  const { growth, clock, written } = it;
  growth.add("Well, ");
  for (let i = 0; i < 28; i++) {
    await clock.move(SECOND);
    await pause(2);
  }
  const gaps = written.slice(1).map(({ until }, i) =>
    until.getTime() - written[i]!.until.getTime()
  );
  assert.ok(gaps.length >= 5 && gaps.every((gap) => gap < 6 * SECOND), gaps.join());
  assert.ok(!growth.signal.aborted);
});

test("an answer that nobody wants any more is stopped at the next write", async () => {
  await using it = await growing();
  const { growth, clock, store, id } = it;
  growth.add("Well, ");
  await pause(5);
  const session = await store.sessions.find(id) ?? assert.fail();
  await store.sessions.move(session, "closed", [{ kind: "closed", reason: "done" }], clock.now());
  assert.equal(growth.signal.aborted, false);
  await clock.move(5 * SECOND);
  await pause(5);
  assert.equal(growth.unwanted, true);
  assert.ok(growth.signal.aborted);
});

test("a model that doesn't listen keeps nobody waiting", async () => {
  const stop = new AbortController();
  const deaf = (async function* () {
    yield "Well, ";
    await new Promise(() => {});
  })();
  const heard: string[] = [];
  await assert.rejects(async () => {
    for await (const piece of untilAborted(deaf, stop.signal)) {
      heard.push(piece);
      setTimeout(() => stop.abort(new Error("Enough")), 1);
    }
  }, /Enough/);
  assert.deepEqual(heard, ["Well, "]);
});
