/** A process that dies between two writes, and who comes after it. */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { newId } from "../../services/domain.ts";
import { anAnswer, asCustomer, asked, at, ended, times } from "../contract/cast.ts";
import { type Home, load, type Test } from "./home.ts";

const SOON = at(30);
/** Longer than a living process waits before it empties an outbox, in milliseconds. */
const EMPTIED_WITHIN = 400;

export function dying(test: Test): void {
  test("a handover's line that its process never wrote stands above all that comes after", async (home) => {
    const { cast, dieAt } = await home.mortal();
    const heir = await home.cast();
    const ada = await cast.agent("Ada", { chosen: "busy" });
    const session = await cast.start();
    await cast.asks(session, "Hello?");
    const answer = newId();
    await cast.store.messages.beginAnswer(session.id, answer, at(60), at(1));
    dieAt("changed");
    const taken = { kind: "taken_over", agentId: ada.id, agentName: "Ada", from: "ai" } as const;
    await assert.rejects(cast.move(session, { agentId: ada.id }, [taken]), /died/);
    const late = heir.store.messages.finishAnswer(session.id, answer, anAnswer("Hi", 1), at(2));
    assert.equal(await late, undefined);
    await heir.asks(session, "Are you there?");
    assert.deepEqual(await heir.told(session), [
      "user: Hello?",
      "system: Ada joined",
      "user: Are you there?",
    ]);
    assert.deepEqual(await heir.eventKinds(session), ["started", "taken_over"]);
  });

  for (const point of ["changed", "logged"] as const) {
    test(`a message whose process died (${point}) is stored once, and gets its answer`, async (home) => {
      const { cast, dieAt } = await home.mortal();
      const heir = await home.cast();
      const session = await cast.start();
      const draft = { text: "Hello?", clientId: "c-1" };
      dieAt(point);
      await assert.rejects(cast.asks(session, draft), /died/);
      const [left] = await heir.store.sessions.unanswered(at(9), 9);
      assert.equal(left?.id, session.id);
      await heir.store.agents.lapse(SOON);
      assert.deepEqual(await heir.told(session), ["user: Hello?"]);
      const again = await heir.append(session, asCustomer(session), draft, at(9));
      assert.equal(again.repeated, true);
      assert.equal((await heir.asks(session, "More")).seq, 2);
    });
  }

  test("what dead processes left to be emptied is, and keeps nobody else waiting", async (home) => {
    const { cast, dieAt } = await home.mortal();
    const heir = await home.cast();
    const sessions = await times(60, () => cast.start());
    await pause(EMPTIED_WITHIN);
    const grace = await cast.customer("Grace");
    dieAt("logged");
    await times(60, (index) => assert.rejects(cast.asks(sessions[index]!, "Hello?"), /died/));
    dieAt("begun");
    await assert.rejects(cast.start(grace, at(2)), /died/);
    await using listener = heir.listen();
    await heir.store.agents.lapse(SOON);
    await heir.store.agents.lapse(SOON);
    const session = await heir.store.sessions.openOf(grace.id);
    assert.ok(session);
    assert.deepEqual(await heir.eventKinds(session), ["started"]);
    for (const { id } of sessions) await listener.hears({ kind: "message", sessionId: id });
    await pause(EMPTIED_WITHIN);
    const left = { unsettled: { $exists: true } };
    assert.equal(await home.raw((db) => db.collection("sessions").countDocuments(left)), 0);
  });

  test("a start that its process never completed is completed though its customer has written", async (home) => {
    const { heir, session } = await begunAndLeft(home);
    await heir.asks(session, "Hello?");
    await pause(EMPTIED_WITHIN);
    await heir.store.agents.lapse(SOON);
    assert.deepEqual(await heir.eventKinds(session), ["started"]);
  });

  test("who reads a session finds all its messages, also those that a dead process never copied", async (home) => {
    const { cast, dieAt } = await home.mortal();
    const heir = await home.cast();
    const ada = await cast.agent("Ada", { chosen: "busy" });
    const session = await cast.start();
    dieAt("changed");
    await assert.rejects(cast.asks(session, "Hello?"), /died/);
    assert.deepEqual(await heir.log(session), [], "so looking means something");
    const begun = await heir.store.messages.beginAnswer(session.id, newId(), at(60), at(2));
    assert.equal(begun?.askedSeq, 1);
    assert.deepEqual(await heir.told(session), ["user: Hello?"]);
    const taken = { kind: "taken_over", agentId: ada.id, agentName: "Ada", from: "ai" } as const;
    await assert.rejects(cast.move(session, { agentId: ada.id }, [taken]), /died/);
    assert.equal((await heir.sessionNow(session)).lastSeq, 2);
    assert.deepEqual(await heir.told(session), ["user: Hello?", "system: Ada joined"]);
  });

  test("a place that a dead process took is given back, and not to two", async (home) => {
    const { cast, dieAt } = await home.mortal();
    const heir = await home.cast();
    const session = await cast.start();
    const ada = await cast.agent("Ada");
    dieAt("taken");
    await assert.rejects(cast.move(session, "free"), /died/);
    await heir.store.agents.lapse(at(5));
    assert.equal((await heir.agentNow(ada.id)).carrying, 1, "it may still be under way");
    await heir.store.agents.lapse(SOON);
    assert.deepEqual(await load(heir, ada.id), [0, "available"]);
    const late = heir.store.sessions.move(session, { agentId: ada.id }, [], at(31));
    assert.equal(await late, "changed", "what was under way comes too late");
  });

  test("a place that a dead process did not give back is free again", async (home) => {
    const { cast, dieAt } = await home.mortal();
    const heir = await home.cast();
    const ada = await cast.agent("Ada");
    const session = await cast.start();
    dieAt("released");
    await assert.rejects(cast.move(session, "closed", [ended]), /died/);
    assert.deepEqual(await load(heir, ada.id), [1, "busy"]);
    await heir.store.agents.lapse(at(1));
    assert.deepEqual(await load(heir, ada.id), [0, "available"]);
    assert.deepEqual(await heir.told(session), [
      "system: Ada joined",
      "system: Linus ended the chat",
    ]);
  });

  test("a start that its process never completed is completed, by the next start or by the sweep", async (home) => {
    const { cast, dieAt } = await home.mortal();
    const heir = await home.cast();
    await cast.agent("Ada", { capacity: 2 });
    const [linus, grace] = [await cast.customer("Linus"), await cast.customer("Grace")];
    dieAt("begun");
    await assert.rejects(cast.start(linus), /died/);
    await assert.rejects(cast.start(grace), /died/);
    const again = await heir.start(linus, at(1));
    assert.equal(again.agentName, "Ada");
    await heir.store.agents.lapse(SOON);
    const swept = await heir.store.sessions.openOf(grace.id);
    assert.equal(swept?.agentName, "Ada");
    assert.deepEqual(await heir.eventKinds(again), ["started", "assigned"]);
    assert.deepEqual(await heir.told(swept), ["system: Ada joined"]);
  });

  test("whose start was never completed gets in line, though nobody is free", async (home) => {
    const { heir, session } = await begunAndLeft(home);
    const assigned = { kind: "assigned", reason: "free longest" } as const;
    const moved = heir.store.sessions.move(session, "free", [asked, assigned], at(1));
    assert.equal(await moved, "nobody");
    await heir.move(session, "waiting", [asked]);
    assert.deepEqual(await heir.eventKinds(session), ["started", "asked"]);
  });

  test("a start whose process died after taking a place has it, or another, but not two", async (home) => {
    const { cast, dieAt } = await home.mortal();
    const heir = await home.cast();
    const ada = await cast.agent("Ada", { capacity: 3 });
    const linus = await cast.customer("Linus");
    dieAt("taken");
    await assert.rejects(cast.start(linus), /died/);
    assert.equal((await heir.start(linus, at(1))).agentName, "Ada");
    assert.deepEqual(await load(heir, ada.id), [1, "available"]);
  });
}

/** A session that a process began and did not complete, and who comes after it. */
async function begunAndLeft(home: Home) {
  const { cast, dieAt } = await home.mortal();
  const heir = await home.cast();
  const linus = await cast.customer("Linus");
  dieAt("begun");
  await assert.rejects(cast.start(linus), /died/);
  const session = await heir.store.sessions.openOf(linus.id);
  assert.ok(session);
  return { heir, session };
}
