/** No blind replies (SPEC rule 2.11): what an agent has not seen holds a reply back. */
import assert from "node:assert/strict";
import { test, testSite } from "./helpers.ts";
import {
  act,
  ARTICLES,
  grounded,
  isFrom,
  logOf,
  ok,
  refused,
  say,
  ScriptedLlm,
  send,
  start,
  untilSaid,
} from "./talk.ts";

// deno-lint-ignore no-explicit-any -- answers are looked at field by field, by assertions
type Json = any;

/** Ada has Linus's session. */
async function pair() {
  const llm = new ScriptedLlm(() => grounded("Within 30 days."));
  const site = await testSite({ llm, articles: ARTICLES });
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  return { site, ada, linus, sessionId, [Symbol.asyncDispose]: () => site[Symbol.asyncDispose]() };
}

test("a reply based on less than was said is refused with what was missed, over REST and socket", async () => {
  await using all = await pair();
  const { linus, ada, sessionId } = all;
  await using socket = await ada.socket(`sessionId=${sessionId}`);
  const { seq: basedOn } = await say(linus, sessionId, "One");
  const two = await say(linus, sessionId, "Two");
  const three = await say(linus, sessionId, "Three");

  const { messages, error } = refused(
    await send(ada, sessionId, "To one", { basedOn, clientId: "r1" }),
    409,
    "stale",
  );
  assert.match(error, /\w/);
  assert.deepEqual(messages, [two, three]);
  socket.send({ sessionId, message: "To one", basedOn, clientId: "r2" });
  const frame = await socket.type("error");
  assert.deepEqual([frame.code, frame.clientId], ["stale", "r2"]);
  assert.deepEqual(frame.messages.map(({ seq }: Json) => seq), [two.seq, three.seq]);
  assert.deepEqual((await logOf(linus, sessionId)).filter(isFrom("agent")), []);

  assert.equal((await send(ada, sessionId, "Now", { basedOn: three.seq })).status, 201);
  assert.equal((await send(ada, sessionId, "Anyway", { clientId: "r1" })).status, 201);
  socket.send({ sessionId, message: "By socket", basedOn: three.seq, clientId: "r3" });
  assert.equal((await socket.type("ack")).clientId, "r3");
});

test("an agent's own messages and system lines never make a reply stale", async () => {
  await using all = await pair();
  const { site, linus, ada, sessionId } = all;
  const { seq: basedOn } = await say(linus, sessionId, "One");
  await say(ada, sessionId, "Mine");
  ok(await act(ada, "transfer", sessionId, { agentId: (await site.agent("Grace")).id }));
  ok(await act(ada, "transfer", sessionId, { agentId: ada.id }));
  const since = (await logOf(ada, sessionId)).filter(({ seq }) => seq > basedOn);
  assert.ok(since.some(isFrom("system")) && since.some(isFrom("agent"))); // so passing means something
  assert.equal((await send(ada, sessionId, "Not stale", { basedOn })).status, 201);
});

test("a colleague's words and the assistant's make a reply stale, and a customer is never stale", async () => {
  await using all = await pair();
  const { site, linus, ada, sessionId } = all;
  const { seq: basedOn } = await say(linus, sessionId, "One");
  const grace = await site.agent("Grace");
  ok(await act(ada, "transfer", sessionId, { agentId: grace.id }));
  await say(grace, sessionId, "I am Grace");
  ok(await act(grace, "transfer", sessionId, { agentId: ada.id }));
  const byGrace = refused(await send(ada, sessionId, "Hm", { basedOn }), 409, "stale");
  assert.deepEqual(byGrace.messages.map(({ text }: Json) => text), ["I am Grace"]);
  ok(await act(ada, "transfer", sessionId, { agentId: "ai" }));
  const { seq } = await say(linus, sessionId, "May I return my lamp?");
  const byAi = await untilSaid(linus, sessionId, isFrom("ai"));
  ok(await act(ada, "claim", sessionId));
  const stale = refused(await send(ada, sessionId, "You may", { basedOn: seq }), 409, "stale");
  assert.deepEqual(stale.messages.map(({ id }: Json) => id), [byAi.id]);
  assert.equal((await send(linus, sessionId, "I may", { basedOn: 0 })).status, 201);
});
