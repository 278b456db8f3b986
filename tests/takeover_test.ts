/** Taking over, transferring, ending and rating: who may, who wins, and what is said (SPEC rules 2.6, 2.8). */
import assert from "node:assert/strict";
import { testOnEachStore as test } from "./each_store.ts";
import { testSite } from "./helpers.ts";
import { act, info, logOf, ok, refused, say, send, setStatus, start, statusOf } from "./talk.ts";

const UNKNOWN = "0".repeat(24);

/** Two agents, busy by hand, and Linus with the assistant. */
async function desk() {
  const site = await testSite();
  const [ada, grace] = [await site.agent("Ada"), await site.agent("Grace")];
  for (const agent of [ada, grace]) await setStatus(agent, { status: "busy" });
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  return {
    site,
    ada,
    grace,
    linus,
    sessionId,
    [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
  };
}

test("of two agents who take over at once one gets it, and the other is told who", async () => {
  await using all = await desk();
  const { site, ada, grace } = all;
  for (let round = 0; round < 12; round++) {
    const who = await site.customer(`Guest ${round}`);
    const { sessionId } = await start(who);
    if (round % 2) ok(await act(who, "handoff", sessionId));
    const answers = await Promise.all([ada, grace].map((agent) => act(agent, "claim", sessionId)));
    const won = answers.findIndex(({ status }) => status === 200);
    const [winner, loser] = won === 0 ? [ada, answers[1]!] : [grace, answers[0]!];
    const { assignedAgent, agentName } = refused(loser, 409, "already_assigned");
    assert.deepEqual([assignedAgent, agentName], [winner.id, winner.name]);
    assert.deepEqual(answers[won]?.body, await info(who, sessionId));
    assert.deepEqual([answers[won]?.body.mode, answers[won]?.body.agentName], [
      "human",
      winner.name,
    ]);
    const joined = (await logOf(who, sessionId)).filter(({ text }) => / joined$/.test(text));
    assert.deepEqual(joined.map(({ text }) => text), [`${winner.name} joined`]);
  }
});

test("claiming one's own is 200 and changes nothing, a colleague's and a closed one are 409", async () => {
  await using all = await desk();
  const { ada, grace, linus, sessionId } = all;
  const first = ok(await act(ada, "claim", sessionId));
  const log = await logOf(linus, sessionId);
  assert.deepEqual(ok(await act(ada, "claim", sessionId)), first);
  assert.deepEqual(await logOf(linus, sessionId), log);
  refused(await act(grace, "claim", sessionId), 409, "already_assigned");
  refused(await act(linus, "claim", sessionId), 403, "forbidden");
  refused(await act(ada, "claim", UNKNOWN), 404, "not_found");
  ok(await act(linus, "end", sessionId));
  for (const agent of [ada, grace]) {
    refused(await act(agent, "claim", sessionId), 409, "closed");
    refused(await act(agent, "transfer", sessionId, { agentId: ada.id }), 409, "closed");
    refused(await act(agent, "transfer", sessionId, { agentId: "ai" }), 409, "closed");
  }
  refused(await act(linus, "handoff", sessionId), 409, "closed");
});

test("taking over ignores capacity, and needs no availability", async () => {
  await using all = await desk();
  const { site, ada, linus, sessionId } = all;
  const other = await start(await site.customer("Barbara"));
  ok(await act(ada, "claim", sessionId));
  ok(await act(ada, "claim", other.sessionId)); // capacity 1
  assert.equal((await setStatus(ada, { status: "available" })).status, "busy");
  ok(await act(linus, "end", sessionId));
  assert.equal(await statusOf(ada), "busy");
  ok(await act(ada, "end", other.sessionId));
  assert.equal(await statusOf(ada), "available");
});

test("any agent may transfer an open session, to whoever is not offline, themselves included", async () => {
  await using all = await desk();
  const { site, ada, grace, linus, sessionId } = all;
  const mary = await site.agent("Mary");
  await setStatus(mary, { status: "offline" });
  const gone = await act(ada, "transfer", sessionId, { agentId: mary.id });
  assert.match(refused(gone, 409, "not_present").error, /Mary/);
  assert.equal((await info(linus, sessionId)).mode, "ai");
  refused(await act(ada, "transfer", sessionId, { agentId: UNKNOWN }), 404);
  refused(await act(ada, "transfer", sessionId, {}), 422, "invalid");
  refused(await act(linus, "transfer", sessionId, { agentId: ada.id }), 403, "forbidden");

  const byAda = ok(await act(ada, "transfer", sessionId, { agentId: grace.id }));
  assert.deepEqual([byAda.mode, byAda.assignedAgent, byAda.agentName], [
    "human",
    grace.id,
    "Grace",
  ]);
  refused(await send(ada, sessionId, "Mine?"), 403, "forbidden");
  ok(await send(grace, sessionId, "I have it"));
  const toMe = ok(await act(ada, "transfer", sessionId, { agentId: ada.id })); // from a colleague, to oneself
  assert.equal(toMe.assignedAgent, ada.id);
  const again = ok(await act(ada, "transfer", sessionId, { agentId: ada.id }));
  assert.deepEqual(again, toMe);
  await setStatus(mary, { status: "busy" });
  assert.equal(ok(await act(grace, "transfer", sessionId, { agentId: mary.id })).agentName, "Mary");
});

test("a transfer to the AI takes the session out of human hands and out of the line", async () => {
  await using all = await desk();
  const { ada, linus, sessionId } = all;
  ok(await act(ada, "claim", sessionId));
  const back = ok(await act(ada, "transfer", sessionId, { agentId: "ai" }));
  assert.deepEqual(
    [back.mode, back.assignedAgent, back.agentName, back.waiting, back.queuePosition],
    ["ai", null, null, false, null],
  );
  ok(await act(linus, "handoff", sessionId));
  const out = ok(await act(ada, "transfer", sessionId, { agentId: "ai" }));
  assert.deepEqual([out.mode, out.waiting], ["ai", false]);
});

test("a transfer's note is never shown to the customer, and always to agents", async () => {
  await using all = await desk();
  const { ada, grace, linus, sessionId } = all;
  const note = "Careful, he is cross";
  await using atLinus = await linus.socket(`sessionId=${sessionId}&after=0`);
  ok(await act(ada, "claim", sessionId));
  ok(await act(ada, "transfer", sessionId, { agentId: grace.id, note }));
  ok(await act(grace, "transfer", sessionId, { agentId: "ai", note: `${note} still` }));
  await atLinus.next((f) => f.type === "session" && f.mode === "ai" && f.agentName === null);
  const seen = [
    JSON.stringify(atLinus.frames),
    JSON.stringify(await logOf(linus, sessionId)),
    JSON.stringify(await info(linus, sessionId)),
    await linus.page(`/chat/${sessionId}`),
    await linus.page(`/chat/${sessionId}/transcript.txt`),
    await linus.page(`/chat/${sessionId}/transcript.json`),
  ];
  for (const text of seen) {
    assert.match(text, /Grace|"ai"|mode/);
    assert.ok(!text.includes("Careful"));
  }
  assert.match(await ada.page(`/agent/sessions/${sessionId}`), /Careful, he is cross still/);
});

// ---- the end --------------------------------------------------------------------------------------

test("customer and any agent may end a session, and ending it twice is no error", async () => {
  await using all = await desk();
  const { site, ada, grace, linus, sessionId } = all;
  ok(await act(ada, "claim", sessionId));
  const barbara = await site.customer("Barbara");
  refused(await act(barbara, "end", sessionId), 404, "not_found");
  const ended = ok(await act(grace, "end", sessionId)); // a colleague's
  assert.equal(ended.status, "closed");
  assert.ok(Math.abs(Date.parse(ended.closedAt) - site.clock.now().getTime()) < 5_000);
  const log = await logOf(linus, sessionId);
  for (const who of [grace, ada, linus]) {
    const again = await act(who, "end", sessionId);
    assert.deepEqual([again.status, again.body], [200, ended]);
  }
  assert.deepEqual(await logOf(linus, sessionId), log);
  const theirs = await start(barbara);
  assert.equal(ok(await act(barbara, "end", theirs.sessionId)).status, "closed");
});

test("a closed session stays readable to its customer and the agents", async () => {
  await using all = await desk();
  const { grace, linus, sessionId } = all;
  await say(linus, sessionId, "Keep this");
  ok(await act(linus, "end", sessionId));
  for (const who of [linus, grace]) {
    assert.ok((await logOf(who, sessionId)).some(({ text }) => text === "Keep this"));
  }
  assert.match(await linus.page(`/chat/${sessionId}`), /Keep this/);
  assert.match(await linus.page(`/chat/${sessionId}/transcript.txt`), /Linus: Keep this/);
  const { messages } = JSON.parse(await linus.page(`/chat/${sessionId}/transcript.json`));
  assert.deepEqual(messages, await logOf(linus, sessionId));
});

test("a closed session can be rated by its customer, from 1 to 5, and again replaces", async () => {
  await using all = await desk();
  const { site, ada, linus, sessionId } = all;
  const rate = (who: typeof linus, rating: unknown, more: object = {}) =>
    act(who, "rate", sessionId, { rating, ...more });
  refused(await rate(linus, 5), 409);
  assert.equal((await info(linus, sessionId)).rating, null);
  ok(await act(linus, "end", sessionId));
  for (const bad of [0, 6, 2.5, "5", null, undefined]) {
    refused(await rate(linus, bad), 422, "invalid");
  }
  refused(await rate(linus, 5, { comment: "x".repeat(100_000).slice(0, 50_000) }), 422);
  refused(await rate(ada, 5), 403, "forbidden");
  refused(await rate(await site.customer("Barbara"), 5), 404, "not_found");
  assert.equal(ok(await rate(linus, 5, { comment: "Fine" })).rating, 5);
  assert.equal(ok(await rate(linus, 2, { comment: "Less so" })).rating, 2);
  assert.equal((await info(ada, sessionId)).rating, 2);
  assert.match(await linus.page(`/chat/${sessionId}`), /Less so/);
});
