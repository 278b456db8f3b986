/** Everything at once, in one process and in two on one database: places, take-overs, messages, and what is seen of it. */
import assert from "node:assert/strict";
import type { Store } from "../services/store.ts";
import { guests, hire, print, range, Someone, started, tally, times } from "./crowd.ts";
import { freshData } from "./databases.ts";
import { testOnEachStore as test } from "./each_store.ts";
import { eventually, type Frame, type Listener, testSite } from "./helpers.ts";
import { startTwo } from "./process.ts";
import { takeOverWhileItStreams } from "./races/handover.ts";
import { everybodyAtOnce } from "./races/schedules.ts";

/** Two processes on one fresh database, and the test's own connection to it. */
async function twoProcesses() {
  const data = freshData();
  const store = await data.open();
  const servers = await startTwo(data.env);
  return {
    store,
    urls: servers.urls,
    async [Symbol.asyncDispose]() {
      await servers[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await data[Symbol.asyncDispose]();
    },
  };
}

// ---- 1: places ----------------------------------------------------------------------------------

const AGENTS = 20;
const CAPACITY = 3;
const PLACES = AGENTS * CAPACITY;
const CUSTOMERS = 300;

/** Everybody starts at once, and once more at the same time somewhere else. */
async function raceForPlaces(store: Store, urls: readonly string[]): Promise<void> {
  const staff = await times(AGENTS, (i) => hire(store, `Agent ${i}`, { capacity: CAPACITY }));
  const customers = await guests(urls, CUSTOMERS);
  const answers = await Promise.all(
    customers.map((who, i) =>
      Promise.all([0, 1].map((more) => who.start(urls[(i + more) % urls.length] as string)))
    ),
  );
  const sessions = answers.map((pair) => {
    assert.deepEqual(pair.map(({ status }) => status).sort(), [200, 201]);
    const [one, other] = pair.map(({ body }) => body);
    assert.equal(one.sessionId, other.sessionId);
    assert.deepEqual([one.mode, one.assignedAgent], [other.mode, other.assignedAgent]);
    return one;
  });
  assert.equal(new Set(sessions.map(({ sessionId }) => sessionId)).size, CUSTOMERS);

  const assigned = sessions.filter(({ assignedAgent }) => assignedAgent !== null);
  assert.equal(assigned.length, PLACES);
  assert.ok(assigned.every(({ mode, waiting }) => mode === "human" && !waiting));
  const rest = sessions.filter(({ assignedAgent }) => assignedAgent === null);
  assert.ok(rest.every(({ mode, status }) => mode === "ai" && status === "open"));

  const told = tally(assigned.map(({ assignedAgent }) => assignedAgent));
  for (const { id, name } of staff) {
    const agent = await store.agents.find(id);
    const carried = await store.sessions.carriedBy(id);
    const counts = [told[id], agent?.carrying, carried.length];
    assert.deepEqual(counts, [CAPACITY, CAPACITY, CAPACITY], name);
    assert.equal(agent?.status, "busy");
  }
  for (const { sessionId, assignedAgent } of sessions) {
    const events = await store.sessions.events(sessionId);
    const given = events.filter(({ kind }) => kind === "assigned").length;
    assert.equal(given, assignedAgent === null ? 0 : 1, "assigned once, or not at all");
  }
  print(
    `${CUSTOMERS} customers, ${AGENTS} agents of ${CAPACITY}, ${urls.length} process(es): ` +
      `${assigned.length} assigned, ${rest.length} with the assistant`,
  );
}

test("of 300 customers at once exactly 60 get the 60 places, in one process", async () => {
  await using site = await testSite();
  await raceForPlaces(site.store, [site.url]);
});

test("of 300 customers at once exactly 60 get the 60 places, in two processes on one database", async () => {
  await using two = await twoProcesses();
  await raceForPlaces(two.store, two.urls);
});

// ---- 2: take-overs ------------------------------------------------------------------------------

test("of two agents who take over at once one gets the chat, and the other is told who, 100 times", async () => {
  await using two = await twoProcesses();
  const { store, urls } = two;
  const ada = await hire(store, "Ada", { chosen: "busy" });
  const grace = await hire(store, "Grace", { chosen: "busy" });
  const sessions = await Promise.all(
    (await guests(urls, 100)).map((who, i) => started(who, urls[i % 2] as string)),
  );
  const winners: string[] = [];
  for (const [i, { sessionId }] of sessions.entries()) {
    const racers = i % 2 ? [ada, grace] : [grace, ada];
    // half of them in one process, half in two
    const answers = await Promise.all(racers.map(async (who, j) => {
      const url = urls[i % 4 < 2 ? 0 : j] as string;
      return { who, ...await who.act(url, "claim", sessionId) };
    }));
    const [winner, loser] = answers.sort((a, b) => a.status - b.status);
    assert.deepEqual([winner?.status, loser?.status], [200, 409]);
    assert.equal(winner?.body.assignedAgent, winner?.who.id);
    const { code, assignedAgent, agentName } = loser?.body ?? {};
    assert.deepEqual([code, assignedAgent, agentName], [
      "already_assigned",
      winner?.who.id,
      winner?.who.name,
    ]);
    const log = await winner?.who.log(urls[0], sessionId) ?? [];
    assert.deepEqual(log.map(({ text }) => text), [`${winner?.who.name} joined`]);
    winners.push(`${winner?.who.name}`);
  }
  for (const { id, name } of [ada, grace]) {
    const carrying = (await store.agents.find(id))?.carrying;
    assert.equal(carrying, winners.filter((winner) => winner === name).length);
  }
  print(`100 races for a chat: ${JSON.stringify(tally(winners))}`);
});

// ---- 3: the silence of the assistant --------------------------------------------------------------

test(
  "after a take-over the assistant adds no message and leaves no growing text, whenever it comes",
  takeOverWhileItStreams,
);

// ---- 4: one message -----------------------------------------------------------------------------

/** Everything of one session, told in one place: 22 requests and 3 sockets at each of two processes. */
const REQUESTS = 44;
const SOCKETS = 6;
const ROUNDS = 10;

const isMessage = (frame: Frame) => frame.type === "message" && frame.sender === "user";

async function sendAtOnce(
  { who, sessionId, urls, sockets, clientId, texts }: {
    who: Someone;
    sessionId: string;
    urls: readonly string[];
    sockets: readonly Listener[];
    clientId: string;
    texts: readonly string[];
  },
) {
  const text = (i: number) => texts[i % texts.length] as string;
  const requests = times(
    REQUESTS,
    (i) => who.say(urls[i % 2] as string, sessionId, text(i >> 1), clientId),
  );
  for (const [i, socket] of sockets.entries()) {
    socket.send({ sessionId, message: text(i), clientId });
  }
  const told = Promise.all(
    sockets.map((socket) =>
      socket.next((f) => (f.type === "ack" || f.type === "error") && f.clientId === clientId)
    ),
  );
  return { answers: await requests, told: await told };
}

test("a clientId sent 50 times at once, by requests and sockets of two processes, is one message", async () => {
  await using two = await twoProcesses();
  const { store, urls } = two;
  const ada = await hire(store, "Ada");
  const [linus] = await guests(urls, 1) as [Someone];
  const { sessionId } = await started(linus, urls[0]);
  const open = (who: Someone, i: number) =>
    who.socket(urls[i % 2] as string, `sessionId=${sessionId}`);
  await using opened = new AsyncDisposableStack();
  const sockets = await times(SOCKETS, (i) => open(linus, i));
  const watching = await times(2, (i) => open(ada, i));
  for (const socket of [...sockets, ...watching]) opened.use(socket);
  for (const socket of [...sockets, ...watching]) await socket.type("session");

  for (const round of range(1, ROUNDS)) {
    const clientId = `c${round}`;
    const texts = round % 2 ? [`Text ${round}`] : [`Heads ${round}`, `Tails ${round}`];
    const { answers, told } = await sendAtOnce({
      who: linus,
      sessionId,
      urls,
      sockets,
      clientId,
      texts,
    });
    const log = await linus.log(urls[0], sessionId);
    const stored = log.filter((message) => message.clientId === clientId);
    assert.equal(stored.length, 1);
    const [{ id, seq, text }] = stored;

    const statuses = tally(answers.map(({ status }) => status));
    const acks = told.filter(({ type }) => type === "ack");
    const firsts = statuses[201] ?? 0;
    assert.ok(firsts <= 1, JSON.stringify(statuses));
    const repeats = REQUESTS / texts.length - firsts;
    assert.deepEqual([statuses[200] ?? 0, statuses[409] ?? 0], [
      repeats,
      REQUESTS - firsts - repeats,
    ]);
    assert.equal(acks.length, SOCKETS / texts.length);
    for (const { status, body } of answers) {
      if (status === 409) assert.equal(body.code, "conflict");
      else assert.deepEqual([body.id, body.seq, body.text], [id, seq, text]);
    }
    for (const [i, frame] of told.entries()) {
      if (frame.type === "ack") assert.deepEqual([frame.id, frame.seq], [id, seq]);
      else assert.equal(frame.code, "conflict", `socket ${i}`);
    }
    for (const socket of watching) {
      assert.equal((await socket.next(isMessage)).id, id);
    }
  }
  const { seq } = (await linus.say(urls[1], sessionId, "The end")).body;
  for (const socket of [...watching, ...sockets]) {
    await socket.next((frame) => frame.type === "message" && frame.seq === seq);
    const ids = socket.frames.filter(isMessage).map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length, "no message came twice");
    if (watching.includes(socket)) assert.equal(ids.length, ROUNDS + 1);
  }
  const log = await linus.log(urls[1], sessionId);
  assert.deepEqual(log.map((message) => message.seq), range(1, 1 + ROUNDS + 1));
  print(`${ROUNDS} clientIds, each ${REQUESTS + SOCKETS} times at once: ${ROUNDS} messages`);
});

// ---- 5: closing ---------------------------------------------------------------------------------

test(
  "whatever happens while a chat is closed, its log has no gap, places are right, and every state seen was one",
  everybodyAtOnce,
);

// ---- 6: two processes, one conversation ---------------------------------------------------------

test("two processes on one database serve one chat between them within a second", async () => {
  await using two = await twoProcesses();
  const { store, urls: [here, there] } = two;
  const ada = await hire(store, "Ada", { chosen: "busy" });
  const [linus] = await guests([here], 1) as [Someone];
  const { sessionId } = await started(linus, here);
  await using atLinus = await linus.socket(here, `sessionId=${sessionId}`);
  await using page = await linus.live(here, `/chat/${sessionId}/live`);
  await using atAda = await ada.socket(there, `sessionId=${sessionId}`);
  await using atDesk = await ada.socket(there, "");
  for (const socket of [atLinus, atAda]) await socket.type("session");
  const waits: number[] = [];
  const within = async (what: string, look: Promise<unknown>): Promise<void> => {
    const from = performance.now();
    await look;
    const ms = performance.now() - from;
    waits.push(ms);
    assert.ok(ms < 1_000, `${what} took ${Math.round(ms)} ms`);
  };

  assert.equal((await linus.say(here, sessionId, "Can I return a lamp?")).status, 201);
  await atLinus.next((f) => f.type === "delta" && f.text);
  await within("a growing answer", atAda.next((f) => f.type === "delta" && f.text));
  await atLinus.next((f) => f.type === "message" && f.sender === "ai");
  await within("the answer", atAda.next((f) => f.type === "message" && f.sender === "ai"));
  assert.equal((await linus.act(here, "handoff", sessionId)).body.waiting, true);
  await within("the line", atDesk.next((f) => f.sessionId === sessionId && f.waiting));
  assert.equal((await ada.act(there, "claim", sessionId)).status, 200);
  await within("the take-over", atLinus.next((f) => f.type === "session" && f.mode === "human"));
  await within("the line on a page", page.next((f) => String(f).includes("Ada joined")));
  for (const i of range(1, 10)) {
    const asked = (await linus.say(here, sessionId, `Question ${i}`)).body;
    await within("a question", atAda.next((f) => f.type === "message" && f.id === asked.id));
    await within("at the desk", atDesk.next((f) => f.type === "message" && f.id === asked.id));
    const told = (await ada.say(there, sessionId, `Answer ${i}`)).body;
    await within("an answer", atLinus.next((f) => f.type === "message" && f.id === told.id));
    await within("on a page", page.next((f) => String(f).includes(`m-${told.id}`)));
  }
  const { seq } = (await ada.log(there, sessionId)).at(-1);
  for (const [one, other] of [[atLinus, atAda], [atAda, atLinus]] as const) {
    one.send({ type: "typing" });
    await within("typing", other.type("typing"));
    one.send({ type: "seen", seq });
    await within("seen", other.type("seen"));
  }
  assert.equal((await ada.act(there, "end", sessionId)).status, 200);
  await within("the end", atLinus.next((f) => f.type === "session" && f.status === "closed"));

  // who waits at one process gets a person who becomes free at the other
  const again = await started(linus, here);
  assert.equal((await linus.act(here, "handoff", again.sessionId)).body.waiting, true);
  await ada.post(there, "/api/agent/status", { status: "available" });
  const isHers = async () => (await store.sessions.find(again.sessionId))?.assignedAgent === ada.id;
  await within("a person for who waits", eventually(isHers));
  assert.deepEqual((await linus.log(there, sessionId)).map((m) => m.seq), range(1, seq + 1));
  // a sign-in that ends at one process closes its sockets at the other
  await linus.post(there, "/api/logout");
  await within("signing out", Promise.all([atLinus.closed, page.closed]));
  waits.sort((a, b) => a - b);
  const [median = 0, most = 0] = [waits[waits.length >> 1], waits.at(-1)].map((ms) => ms ?? 0);
  print(`between two processes, of ${waits.length}: median ${median | 0} ms, most ${most | 0} ms`);
}, { polled: true });
