/** How often is too often: refused with the time to wait, by address and by account, and no way around. */
import assert from "node:assert/strict";
import { Fault } from "../services/errors.ts";
import {
  eventually,
  type Frame,
  PASSWORD,
  type Person,
  type TestSite,
  testSite,
} from "./helpers.ts";
import { upgrade } from "./raw_socket.ts";
import { post } from "./started.ts";
import {
  act,
  ARTICLES,
  closeCode,
  grounded,
  info,
  ok,
  say,
  ScriptedLlm,
  start,
  untilInfo,
  untilSaid,
} from "./talk.ts";

/** The limiter keeps a timer for each key it has counted; they hold up nothing. */
function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}

const strict = (env: Record<string, string> = {}) =>
  testSite({ env: { RATE_LIMITS: "on", ...env } });

interface Outcome {
  readonly status: number;
  readonly headers: Headers;
}

/** Tries until it is refused; how many passed before that. Fails when `most` aren't enough. */
async function passedBefore429(attempt: (n: number) => Promise<Outcome>, most = 1_000) {
  for (let n = 0; n < most; n++) {
    const { status, headers } = await attempt(n);
    if (status !== 429) continue;
    const wait = Number(headers.get("retry-after"));
    assert.ok(Number.isInteger(wait) && wait >= 1 && wait <= 3_600, `retry-after: ${wait}`);
    return n;
  }
  assert.fail(`${most} times, and never refused`);
}

async function form(
  site: TestSite,
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Outcome> {
  const response = await site.fetch(path, {
    method: "POST",
    headers: { origin: site.url, ...headers },
    body: new URLSearchParams(fields),
  });
  await response.body?.cancel();
  return response;
}

const wrong = (email: string) => ({ email, password: "not the password" });

test("ten failures to sign in to an account are enough, on either side, over JSON and on pages", async () => {
  await using site = await strict();
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const tries = [
    () => post(site.url, "/api/user/login", wrong(linus.email)),
    () => post(site.url, "/api/agent/login", wrong(ada.email)),
    () => post(site.url, "/api/user/login", wrong("nobody@example.com")),
  ];
  for (const attempt of tries) assert.equal(await passedBefore429(attempt, 20), 10);
  const barbara = await site.customer("Barbara");
  assert.equal(await passedBefore429(() => form(site, "/login", wrong(barbara.email)), 20), 10);
  const upper = wrong("  BARBARA@Example.com "); // the same account, however it is written
  assert.equal((await post(site.url, "/api/user/login", upper)).status, 429);
  const right = { email: barbara.email, password: PASSWORD };
  assert.equal((await post(site.url, "/api/user/login", right)).status, 429);
});

test("who is refused is told for how long", async () => {
  await using site = await strict();
  await site.agent("Ada");
  const attempt = () =>
    post(site.url, "/api/agent/login", { email: "ada@agents.example", password: "not it at all" });
  for (let n = 0; n < 10; n++) assert.equal((await attempt()).status, 401);
  const { body } = await attempt();
  assert.equal(body.error, "Too many tries. Try again in 15 minutes");
});

test("a hundred failures from one address are enough, whatever the accounts", async () => {
  await using site = await strict();
  const attempt = (n: number) => post(site.url, "/api/user/login", wrong(`u${n}@example.com`));
  assert.equal(await passedBefore429(attempt, 150), 100);
});

test("ten failures are enough for all instances together, over a restart, until 15 minutes are over", async () => {
  await using first = await strict();
  await using second = await testSite({ env: { RATE_LIMITS: "on" }, store: first.store });
  const sites = [first, second];
  const email = "linus@example.com";
  const attempt = (n: number) => post(sites[n % 2]!.url, "/api/user/login", wrong(email));
  const tried = await Promise.all(Array.from({ length: 30 }, (_, n) => attempt(n)));
  const count = (status: number) => tried.filter((each) => each.status === status).length;
  assert.deepEqual([count(401), count(429)], [10, 20]);
  await using third = await testSite({ env: { RATE_LIMITS: "on" }, store: first.store });
  assert.equal((await post(third.url, "/api/user/login", wrong(email))).status, 429);
  third.clock.skip(15 * 60_000);
  assert.equal((await post(third.url, "/api/user/login", wrong(email))).status, 401);
});

test("signing in well costs nothing, however often", async () => {
  await using site = await strict();
  const linus = await site.customer("Linus");
  const right = { email: linus.email, password: PASSWORD };
  for (let n = 0; n < 110; n++) {
    assert.equal((await post(site.url, "/api/user/login", right)).status, 200);
  }
});

test("an account under attack is not lost to its owner, who is signed in elsewhere", async () => {
  await using site = await strict();
  const linus = await site.customer("Linus");
  const ada = await site.agent("Ada");
  const { sessionId } = (await linus.post("/api/session/start")).body;
  for (let n = 0; n < 15; n++) {
    await post(site.url, "/api/user/login", wrong(linus.email));
    await post(site.url, "/api/agent/login", wrong(ada.email));
  }
  assert.equal((await post(site.url, "/api/user/login", wrong(linus.email))).status, 429);
  const sent = await linus.post("/api/session/message", { sessionId, message: "Still here" });
  assert.equal(sent.status, 201);
  assert.equal((await linus.get("/api/me")).status, 200);
  assert.match(await linus.page(`/chat/${sessionId}`), /Still here/);
  const status = await ada.post("/api/agent/status", { status: "busy" });
  assert.equal(status.body.status, "busy");
  const changed = await linus.form("/account/password", {
    current: PASSWORD,
    password: "a better password",
  });
  await changed.body?.cancel();
  assert.match(changed.headers.get("location") ?? "", /saved=password/);
});

test("registering, as a customer, an agent or a guest, has its limit by address", async () => {
  await using site = await strict();
  const account = (n: number) => ({ name: "A", email: `a${n}@example.com`, password: PASSWORD });
  const attempts = [
    (n: number) => post(site.url, "/api/user/register", account(n)),
    (n: number) => post(site.url, "/api/agent/register", account(n)),
    () => post(site.url, "/api/user/guest", { name: "Guest" }),
    (n: number) => form(site, "/register", account(1_000 + n)),
    () => form(site, "/guest", { name: "Guest" }),
  ];
  let done = 0;
  const passed = await passedBefore429((n) => (done++, attempts[n % attempts.length]!(n)), 400);
  assert.ok(passed >= 100, `only ${passed} an hour`); // many share an address
  for (const attempt of attempts) assert.equal(await passedBefore429(() => attempt(done)), 0);
});

test("starting and sending have their limits by customer, whichever way they go", async () => {
  await using site = await strict();
  const linus = await site.customer("Linus");
  const barbara = await site.customer("Barbara");
  const startAgain = () => linus.post("/api/session/start");
  const { sessionId } = (await startAgain()).body;
  assert.ok(await passedBefore429(startAgain, 200) > 20);
  assert.equal((await barbara.post("/api/session/start")).status, 201);

  const page = (headers: Record<string, string> = {}) =>
    form(site, `/chat/${sessionId}/messages`, { text: "Hi" }, { cookie: linus.cookie, ...headers });
  const ways = [
    () => linus.post("/api/session/message", { sessionId, message: "Hello" }),
    () => page(),
    () => page({ "hx-request-type": "partial" }),
  ];
  await using socket = await linus.socket(`sessionId=${sessionId}`);
  assert.ok(await passedBefore429((n) => ways[n % 3]!(), 1_000) > 100);
  for (const way of ways) assert.equal(await passedBefore429(way), 0);
  socket.send({ message: "Hello", clientId: "one-more" });
  const refused = await socket.next(({ clientId }) => clientId === "one-more");
  assert.deepEqual([refused.type, refused.code], ["error", "rate_limited"]);
  await saysStill(barbara);
});

test("a socket that sends too much is not read again for a second", async () => {
  await using site = await strict();
  const linus = await site.customer("Linus");
  const { sessionId } = (await linus.post("/api/session/start")).body;
  await using socket = await linus.socket(`sessionId=${sessionId}`);
  const say = (clientId: string) => socket.send({ message: "Hello", clientId });
  for (let n = 0; n < 310; n++) say(`${n}`);
  const isRefusal = ({ code }: Frame) => code === "rate_limited";
  const first = await socket.next(isRefusal);
  assert.equal(await socket.silence(), true);
  await site.clock.move(1_000);
  const second = await socket.next(isRefusal);
  assert.equal(Number(second.clientId), Number(first.clientId) + 1);
  assert.equal(await socket.silence(), true);
  assert.equal(socket.frames.filter(isRefusal).length, 2);
});

test("a socket that leaves while it isn't read leaves no timer behind", async () => {
  await using site = await strict();
  const linus = await site.customer("Linus");
  const { sessionId } = (await linus.post("/api/session/start")).body;
  const { clock } = site;
  const resting = new Set<Disposable>();
  const after = clock.after.bind(clock);
  clock.after = (ms, work) => {
    const timer = after(ms, work);
    if (ms === 1_000) resting.add(timer);
    return {
      [Symbol.dispose]: () => {
        resting.delete(timer);
        timer[Symbol.dispose]();
      },
    };
  };
  const socket = await linus.socket(`sessionId=${sessionId}`);
  for (let n = 0; n < 301; n++) socket.send({ message: "Hello" });
  await socket.next(({ code }) => code === "rate_limited");
  assert.equal(resting.size, 1);
  await socket[Symbol.asyncDispose]();
  await eventually(() => resting.size === 0, { within: 500 });
});

test("a socket that is not read for a while is not taken for gone", async () => {
  const { setInterval } = globalThis;
  globalThis.setInterval =
    ((work: () => void, ms: number) =>
      setInterval(work, ms === 30_000 ? 100 : ms)) as typeof setInterval; // the ping's interval
  try {
    await using site = await strict();
    const linus = await site.customer("Linus");
    const { sessionId } = (await linus.post("/api/session/start")).body;
    await using socket = await linus.socket(`sessionId=${sessionId}`);
    for (let n = 0; n < 400; n++) socket.send({ message: "Hello", clientId: `${n}` });
    await socket.next(({ code }) => code === "rate_limited");
    assert.equal(await closeCode(socket, 600), undefined);
    await site.clock.move(100_000); // all the others are refused, one a second
    await socket.next(({ clientId }) => clientId === "399");
  } finally {
    globalThis.setInterval = setInterval;
  }
});

test("an agent's replies have their limit too, on the desk as over JSON", async () => {
  await using site = await strict();
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const { sessionId } = (await linus.post("/api/session/start")).body;
  const path = `/agent/sessions/${sessionId}/messages`;
  const desk = (headers: Record<string, string> = {}) =>
    form(site, path, { text: "Hi" }, { cookie: ada.cookie, ...headers });
  const ways = [
    () => ada.post("/api/session/message", { sessionId, message: "Hello" }),
    () => desk(),
    () => desk({ "hx-request-type": "partial" }),
  ];
  assert.ok(await passedBefore429(ways[0]!, 1_000) > 100);
  for (const way of ways) assert.equal(await passedBefore429(way), 0);
  await saysStill(linus);
});

async function saysStill(person: Person): Promise<void> {
  const { sessionId } = (await person.post("/api/session/start")).body;
  const sent = await person.post("/api/session/message", { sessionId, message: "I may" });
  assert.equal(sent.status, 201);
}

test("opening sockets has its limit, on both kinds, with Retry-After in the refusal", async () => {
  await using site = await strict();
  const linus = await site.customer("Linus");
  const { sessionId } = (await linus.post("/api/session/start")).body;
  const { token, cookie } = linus;
  const opens = [
    () => upgrade(site.url, `/ws?sessionId=${sessionId}`, { authorization: `Bearer ${token}` }),
    () => upgrade(site.url, `/chat/${sessionId}/live`, { cookie, origin: site.url }),
  ];
  assert.ok(await passedBefore429((n) => opens[n % 2]!(), 400) > 100);
  for (const open of opens) assert.equal(await passedBefore429(open), 0);
  const other = await site.customer("Barbara");
  const own = (await other.post("/api/session/start")).body.sessionId;
  await using _ = await other.socket(`sessionId=${own}`);
});

/** Failures until the address is refused, each with what `forwarded` says of where it comes from. */
async function untilAddressRefused(site: TestSite, forwarded: (n: number) => string) {
  return await passedBefore429(async (n) => {
    const response = await site.fetch("/api/user/login", {
      method: "POST",
      headers: { "content-type": "application/json", "x-forwarded-for": forwarded(n) },
      body: JSON.stringify(wrong(`v${n}@example.com`)),
    });
    await response.body?.cancel();
    return response;
  }, 150);
}

test("without a proxy X-Forwarded-For is nobody's word: it resets no limit", async () => {
  await using site = await strict({ TRUST_PROXY: "0" });
  assert.equal(await untilAddressRefused(site, (n) => `10.0.0.${n}`), 100);
});

test("behind one proxy the last hop counts, and nothing that a client put before it", async () => {
  await using site = await strict({ TRUST_PROXY: "1" });
  assert.equal(await untilAddressRefused(site, (n) => `10.0.0.${n}, 203.0.113.7`), 100);
  await assert.rejects(
    untilAddressRefused(site, (n) => `203.0.113.7, 10.0.1.${n}`),
    /never refused/,
  );
});

test("behind two proxies the last but one counts", async () => {
  await using site = await strict({ TRUST_PROXY: "2" });
  const spoofed = (n: number) => `10.0.0.${n}, 203.0.113.7, 10.9.9.${n}`;
  assert.equal(await untilAddressRefused(site, spoofed), 100);
});

test("RATE_LIMITS=off turns all of them off", async () => {
  await using site = await testSite({ env: { RATE_LIMITS: "off" } });
  await assert.rejects(untilAddressRefused(site, () => "10.0.0.1"), /never refused/);
});

test("a customer has thirty answers an hour, in whichever chat; then a person is called, and the model isn't asked", async () => {
  const llm = new ScriptedLlm(() => grounded("Within 30 days."));
  await using site = await testSite({ env: { RATE_LIMITS: "on" }, articles: ARTICLES, llm });
  const linus = await site.customer("Linus");
  const asks = async (who: Person, sessionId: string) => {
    const { seq } = await say(who, sessionId, "May I return my lamp?");
    return (await untilSaid(who, sessionId, (m) => m.sender === "ai" && m.seq > seq)).text;
  };
  const first = (await start(linus)).sessionId;
  for (let i = 0; i < 20; i++) assert.equal(await asks(linus, first), "Within 30 days.");
  ok(await act(linus, "end", first));
  const { sessionId } = await start(linus);
  for (let i = 0; i < 10; i++) assert.equal(await asks(linus, sessionId), "Within 30 days.");
  assert.equal((await info(linus, sessionId)).waiting, false);
  assert.match(await asks(linus, sessionId), /finding a person/);
  await untilInfo(linus, sessionId, ({ waiting }) => waiting);
  assert.equal(llm.prompts.length, 30);

  const barbara = await site.customer("Barbara");
  assert.equal(await asks(barbara, (await start(barbara)).sessionId), "Within 30 days.");
});

test("a store that can't count is no limit: the answer comes when it can", async () => {
  const llm = new ScriptedLlm(() => grounded("Within 30 days."));
  await using site = await testSite({ env: { RATE_LIMITS: "on" }, articles: ARTICLES, llm });
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  const { tries } = site.store;
  const { count } = tries;
  let asked = 0;
  tries.count = () => (asked++, Promise.reject(new Fault("unavailable", "Not now")));
  await say(linus, sessionId, "May I return my lamp?");
  await eventually(() => asked > 0);
  tries.count = count;
  await site.clock.move(10_000);
  const { text } = await untilSaid(linus, sessionId, ({ sender }) => sender === "ai");
  assert.equal(text, "Within 30 days.");
});

test("an agent's suggestions and summaries are counted together, sixty in ten minutes", async () => {
  await using site = await strict();
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  await say(linus, sessionId, "May I return my lamp?");
  const passed = await passedBefore429(async (n) => {
    const what = n % 2 ? "suggestion" : "summary";
    const { status, headers, body } = await ada.form(`/agent/sessions/${sessionId}/${what}`, {});
    await body?.cancel();
    return { status, headers };
  });
  assert.equal(passed, 60);
});
