/** Who is here, with a moved clock: lease, grace, return, restart, logout (SPEC rule 2.7). */
import assert from "node:assert/strict";
import { freshData, freshStore } from "./databases.ts";
import { testOnEachStore as test } from "./each_store.ts";
import {
  eventually,
  listen,
  MovableClock,
  PASSWORD,
  type Person,
  type TestSite,
  testSite,
} from "./helpers.ts";
import {
  act,
  info,
  logOf,
  ok,
  refused,
  say,
  setStatus,
  start,
  statusOf,
  untilInfo,
} from "./talk.ts";

const SECOND = 1_000;
const LEASE = 90 * SECOND;
const GRACE = 60 * SECOND;
/** A sweep comes round within this. */
const ROUND = 6 * SECOND;

/** What everybody sees of an agent, looked at by somebody else: one's own requests would prolong the lease. */
async function seen(site: TestSite, { id }: Person): Promise<string> {
  const agent = await site.store.agents.find(id);
  return agent?.status ?? "gone";
}

const becomes = (site: TestSite, agent: Person, status: string) =>
  eventually(async () => await seen(site, agent) === status, {
    within: 1_000,
    what: `${agent.name} ${status}`,
  });

async function pair() {
  const site = await testSite();
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  return { site, ada, linus, sessionId, [Symbol.asyncDispose]: () => site[Symbol.asyncDispose]() };
}

test("an agent counts as present for ninety seconds after their last request", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  await site.clock.move(LEASE - ROUND);
  assert.equal(await seen(site, ada), "available");
  ok(await ada.get("/api/me")); // a request prolongs it
  await site.clock.move(LEASE - ROUND);
  assert.equal(await seen(site, ada), "available");
  await ada.page("/agent"); // so does a page
  await site.clock.move(LEASE - ROUND);
  assert.equal(await seen(site, ada), "available");
  await site.clock.move(2 * ROUND);
  await becomes(site, ada, "offline");
  assert.equal((await start(await site.customer("Linus"))).mode, "ai");
  ok(await ada.get("/api/me"));
  await becomes(site, ada, "available"); // back, as was chosen
});

test("an open socket keeps an agent present, the JSON one and the page's", async () => {
  await using site = await testSite();
  const [ada, grace, mary] = [
    await site.agent("Ada"),
    await site.agent("Grace"),
    await site.agent("Mary"),
  ];
  const json = await ada.socket("");
  await using _page = await listen(`${site.url.replace("http", "ws")}/agent/live?list=mine`, {
    headers: { cookie: grace.cookie, origin: site.url },
  });
  await site.clock.move(5 * LEASE);
  assert.deepEqual(
    [await seen(site, ada), await seen(site, grace), await seen(site, mary)],
    ["available", "available", "offline"],
  );
  await json[Symbol.asyncDispose]();
  await site.clock.move(LEASE + 25 * SECOND + ROUND);
  await becomes(site, ada, "offline");
  assert.equal(await seen(site, grace), "available");
});

test("every page of the agents' keeps its agent present while it is open", async () => {
  for (const path of ["/agent", "/agent/account", "/agent/team", "/agent/nowhere"]) {
    await using site = await testSite();
    const ada = await site.agent("Ada");
    const [, address] = /hx-ws:connect="([^"]*)"/.exec(await ada.page(path)) ?? [];
    assert.ok(address, path);
    await using _page = await listen(site.url.replace("http", "ws") + address, {
      headers: { cookie: ada.cookie, origin: site.url },
    });
    await site.clock.move(5 * LEASE);
    assert.equal(await seen(site, ada), "available", path);
  }
});

test("who goes away keeps their sessions for a minute, and for good on coming back", async () => {
  await using all = await pair();
  const { site, ada, linus, sessionId } = all;
  await site.clock.move(LEASE + ROUND);
  await becomes(site, ada, "offline");
  assert.equal((await info(linus, sessionId)).assignedAgent, ada.id);
  await site.clock.move(GRACE - 3 * ROUND);
  assert.equal((await info(linus, sessionId)).assignedAgent, ada.id);
  await using _socket = await ada.socket("");
  await becomes(site, ada, "busy"); // carrying as many as before
  await site.clock.move(5 * GRACE);
  const still = await info(linus, sessionId);
  assert.deepEqual([still.mode, still.assignedAgent], ["human", ada.id]);
});

test("a minute after going away the sessions wait for somebody, and the AI has them meanwhile", async () => {
  await using all = await pair();
  const { site, linus, sessionId } = all;
  await using socket = await linus.socket(`sessionId=${sessionId}`);
  await socket.type("session");
  await site.clock.move(LEASE + GRACE + 2 * ROUND);
  const now = await untilInfo(linus, sessionId, ({ waiting }) => waiting);
  assert.deepEqual(
    [now.mode, now.assignedAgent, now.agentName, now.queuePosition],
    ["ai", null, null, 1],
  );
  assert.equal((await socket.next((f) => f.type === "session" && f.waiting)).queuePosition, 1);
  assert.equal((await logOf(linus, sessionId)).at(-1).text, "Ada left");
});

test("a minute after going away the sessions go to a colleague who is available", async () => {
  await using all = await pair();
  const { site, linus, sessionId } = all;
  const grace = await site.agent("Grace");
  await using _socket = await grace.socket("");
  await site.clock.move(LEASE + GRACE + 2 * ROUND);
  const now = await untilInfo(linus, sessionId, ({ assignedAgent }) => assignedAgent === grace.id);
  assert.deepEqual([now.mode, now.waiting], ["human", false]);
  const lines = (await logOf(linus, sessionId)).map(({ text }) => text);
  assert.deepEqual(lines.slice(-2), ["Ada left", "Grace joined"]);
});

test("signing out gives the sessions away at once", async () => {
  await using all = await pair();
  const { site, ada, linus, sessionId } = all;
  const grace = await site.agent("Grace");
  ok(await ada.post("/api/logout"));
  const now = await untilInfo(linus, sessionId, ({ assignedAgent }) => assignedAgent === grace.id);
  assert.equal(now.mode, "human");
  assert.equal(await seen(site, ada), "offline");
  ok(await grace.post("/api/logout"));
  assert.equal((await untilInfo(linus, sessionId, ({ waiting }) => waiting)).mode, "ai");
});

test("offline by hand keeps the sessions while the agent is there, and only then", async () => {
  await using all = await pair();
  const { site, ada, linus, sessionId } = all;
  const socket = await ada.socket("");
  await setStatus(ada, { status: "offline" });
  await site.clock.move(5 * (LEASE + GRACE));
  assert.equal((await info(linus, sessionId)).assignedAgent, ada.id);
  ok(await act(ada, "end", sessionId));
  assert.equal(await statusOf(ada), "offline");
  const next = await start(linus);
  assert.equal(next.mode, "ai");
  await setStatus(ada, { status: "available" });
  ok(await act(linus, "handoff", next.sessionId));
  await setStatus(ada, { status: "offline" });
  await socket[Symbol.asyncDispose]();
  await site.clock.move(25 * SECOND + LEASE + GRACE + 2 * ROUND);
  await untilInfo(linus, next.sessionId, ({ waiting }) => waiting);
});

test("busy and offline by hand outlast absence, and end with the next sign-in", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  for (const status of ["busy", "offline"]) {
    await setStatus(ada, { status });
    await site.clock.move(LEASE + ROUND);
    await becomes(site, ada, "offline");
    assert.equal(await statusOf(ada), status); // asking is a request: present again, as chosen
    const response = await site.fetch("/api/agent/login", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email: ada.email, password: PASSWORD }),
    });
    assert.equal((await response.json()).status, "available");
    assert.equal(await statusOf(ada), "available");
  }
});

test("nobody can be given a session whose agent's lease has run out but not been swept", async () => {
  await using site = await testSite();
  const [ada, grace] = [await site.agent("Ada"), await site.agent("Grace")];
  const { sessionId } = await start(await site.customer("Linus"));
  await site.clock.move(LEASE + ROUND);
  await becomes(site, ada, "offline");
  refused(await act(grace, "transfer", sessionId, { agentId: ada.id }), 409, "not_present");
});

test("after a restart nobody is shown present who isn't", async () => {
  await using data = freshData();
  let ada: Person, linus: Person, sessionId: string;
  {
    await using store = await data.open();
    await using site = await testSite({ store });
    ada = await site.agent("Ada");
    linus = await site.customer("Linus");
    sessionId = (await start(linus)).sessionId;
    await say(linus, sessionId, "Hello");
    await using _socket = await ada.socket("");
  }
  { // at once: Ada's lease still runs, she may come back
    await using store = await data.open();
    await using site = await testSite({ store });
    assert.equal((await info(site.known(linus), sessionId)).assignedAgent, ada.id);
    await site.clock.move(LEASE + ROUND);
    await becomes(site, ada, "offline");
  }
  { // a night later
    await using store = await data.open();
    await using site = await testSite({ store, clock: new MovableClock(8 * 60 * 60 * SECOND) });
    assert.equal((await start(await site.customer("Early"))).mode, "ai");
    const now = await untilInfo(site.known(linus), sessionId, ({ waiting }) => waiting, 2_000);
    assert.equal(now.mode, "ai");
    assert.equal(await seen(site, ada), "offline");
  }
});

test("a socket on another instance keeps an agent present", async () => {
  const clock = new MovableClock();
  await using store = await freshStore();
  await using site = await testSite({ store, clock });
  await using other = await testSite({ store, clock });
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  await using _socket = await other.known(ada).socket("");
  await clock.move(3 * (LEASE + GRACE));
  assert.equal((await info(linus, sessionId)).assignedAgent, ada.id);
  assert.equal(await seen(site, ada), "busy");
});
