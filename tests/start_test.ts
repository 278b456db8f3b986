/** The process as `deno task start` and `deno task demo` run it: its start, its permissions and its end. */
import assert from "node:assert/strict";
import { listen, PASSWORD, test } from "./helpers.ts";
import { Running, tasks } from "./running.ts";

interface Answer {
  status: number;
  // deno-lint-ignore no-explicit-any -- answers are looked at field by field, by assertions
  body: any;
}

async function post(url: string, path: string, json: unknown, token?: string): Promise<Answer> {
  const response = await fetch(url + path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(json),
  });
  return { status: response.status, body: await response.json() };
}

async function page(url: string): Promise<{ status: number; html: string }> {
  const response = await fetch(url);
  return { status: response.status, html: await response.text() };
}

test("start runs with the permissions that it needs and no others", () => {
  for (const task of ["start", "dev", "demo", "reset-password"]) {
    const flags = tasks[task]?.split(" ").filter((word) => word.startsWith("-")) ?? [];
    assert.ok(!flags.some((flag) => /^(-A|--allow-all|--allow-run|--allow-sys)/.test(flag)), task);
    assert.ok(!flags.some((flag) => flag.startsWith("--unstable")), task);
    assert.ok(flags.includes("--allow-write=data"), task);
    assert.ok(flags.includes("--allow-ffi=node_modules"), task);
    assert.ok(flags.includes("--no-prompt"), task);
    assert.ok(flags.some((flag) => flag.startsWith("--allow-read=.")), task);
  }
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`it starts, serves, and on ${signal} closes sockets 1012, finishes its work and ends`, async () => {
    const secrets = { METRICS_TOKEN: "metrics-secret", SETUP_CODE: "setup-secret" };
    await using running = new Running("start", secrets);
    const url = await running.listening();
    assert.equal((await page(`${url}/healthz`)).status, 200);
    assert.equal((await page(`${url}/readyz`)).status, 200);
    const { html, status } = await page(url);
    assert.equal(status, 200);
    assert.match(html, /Start chat/);
    const guest = (await post(url, "/api/user/guest", { name: "Robin" })).body;
    const { sessionId } = (await post(url, "/api/session/start", {}, guest.token)).body;
    const authorization = `Bearer ${guest.token}`;
    const sockets = await Promise.all(
      [1, 2, 3].map(() =>
        listen(`${url.replace("http", "ws")}/ws?sessionId=${sessionId}`, {
          headers: { authorization },
        })
      ),
    );
    for (const socket of sockets) await socket.type("session");
    const json = { name: "Linus", email: "linus@example.com", password: PASSWORD };
    const inHand = post(url, "/api/user/register", json); // a quarter of a second of hashing
    await new Promise((done) => setTimeout(done, 60));
    running.process.kill(signal);
    const { code, ms } = await running.ended();
    assert.equal(code, 0, running.printed);
    assert.ok(ms < 5_000, `${ms} ms`);
    assert.equal((await inHand).status, 201);
    for (const socket of sockets) assert.equal((await socket.closed).code, 1012);
    assert.match(running.printed, /"event":"stopped"/);
    for (const secret of [...Object.values(secrets), PASSWORD, guest.token]) {
      assert.ok(!running.printed.includes(secret));
    }
    for (const line of running.printed.trim().split("\n")) JSON.parse(line); // one JSON line per event
  });
}

test("what was said is there after a restart, and a second process on the file sees it at once", async () => {
  await using first = new Running("start");
  const url = await first.listening();
  await using second = new Running("start", { DATA_FILE: first.dataFile });
  const other = await second.listening();
  const { token } = (await post(url, "/api/user/guest", { name: "Robin" })).body;
  const { sessionId } = (await post(other, "/api/session/start", {}, token)).body;
  const authorization = `Bearer ${token}`;
  const socket = await listen(`${other.replace("http", "ws")}/ws?sessionId=${sessionId}`, {
    headers: { authorization },
  });
  await socket.type("session");
  await post(url, "/api/session/message", { sessionId, text: "Hello there" }, token);
  await socket.next(({ message }) => message === "Hello there");
  for (const { process } of [first, second]) process.kill("SIGTERM");
  await socket.closed;
  await Promise.all([first.ended(), second.ended()]);
  await using again = new Running("start", { DATA_FILE: first.dataFile });
  const address = await again.listening();
  const response = await fetch(`${address}/api/session/messages?sessionId=${sessionId}`, {
    headers: { authorization },
  });
  const { messages } = await response.json();
  assert.ok(messages.some(({ text }: { text: string }) => text === "Hello there"));
});

test("a bad variable ends the start with one sentence that names it", async () => {
  const bad = {
    PORT: "eighty",
    DATA_FILE: "/tmp/handoff.db",
    HOST: "no.such.host.invalid",
    LOG_LEVEL: "loud",
  };
  await Promise.all(
    Object.entries(bad).map(async ([name, value]) => {
      await using running = new Running("start", { [name]: value });
      const { code } = await running.ended();
      assert.equal(code, 1, `${name}: ${running.printed}`);
      const [sentence = "", ...more] = running.printed.trim().split("\n");
      assert.deepEqual(more, [], running.printed);
      assert.match(sentence, new RegExp(`\\b${name}\\b.*\\.$`));
    }),
  );
});

test("reset-password prints a link that sets a new password", async () => {
  await using running = new Running("start");
  const url = await running.listening();
  const linus = { name: "Linus", email: "linus@example.com", password: PASSWORD };
  await post(url, "/api/user/register", linus);
  const env = { DATA_FILE: running.dataFile, PORT: new URL(url).port };
  await using reset = new Running("reset-password", env, ["Linus@Example.com"]);
  assert.equal((await reset.ended()).code, 0, reset.printed);
  const [link = ""] = /http\S+\/reset\/[\w-]+/.exec(reset.printed) ?? [];
  const { pathname } = new URL(link);
  const password = "a brand new one";
  const set = await fetch(url + pathname, {
    method: "POST",
    redirect: "manual",
    headers: { origin: url },
    body: new URLSearchParams({ password }),
  });
  await set.body?.cancel();
  assert.equal(set.status, 303);
  assert.equal((await post(url, "/api/user/login", { ...linus, password })).status, 200);
  assert.equal((await post(url, "/api/user/login", linus)).status, 401);
  await using unknown = new Running("reset-password", env, ["nobody@example.com"]);
  assert.equal((await unknown.ended()).code, 1);
  assert.match(unknown.printed, /nobody@example\.com/);
});

test("demo is a living company: articles, people who can sign in, who waits, and both sides at once", async () => {
  await using running = new Running("demo");
  const url = await running.listening();
  const articles = (await page(`${url}/help`)).html.matchAll(/href="\/help\/([\w-]+)"/g);
  assert.ok([...articles].length >= 12);
  const { html } = await page(`${url}/demo`);
  assert.equal([...html.matchAll(/<iframe[^>]* src="\/[^"]*"/g)].length, 2);

  const printed = running.printed;
  assert.ok(printed.includes(`:${new URL(url).port}/demo`), printed);
  const password = /password is (\S+)/.exec(printed)?.[1];
  const emails = printed.match(/[\w.]+@[\w.]+\w/g) ?? [];
  const signedIn = await Promise.all(emails.map(async (email) => {
    const agent = await post(url, "/api/agent/login", { email, password });
    const user = await post(url, "/api/user/login", { email, password });
    assert.ok(agent.status === 200 || user.status === 200, email);
    return agent.status === 200 ? agent.body : undefined;
  }));
  const agents = signedIn.filter(Boolean);
  assert.ok(agents.length >= 2 && agents.length < emails.length, emails.join());
  const login = await fetch(`${url}/agent/login`, {
    method: "POST",
    redirect: "manual",
    headers: { origin: url },
    body: new URLSearchParams({ email: agents[0].email, password: password ?? "" }),
  });
  await login.body?.cancel();
  const cookie = login.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const desk = await fetch(`${url}/agent?list=closed`, { headers: { cookie } });
  const lists = (await desk.text()).match(/id="count-(\w+)"[^>]*>\d+/g)?.join() ?? "";
  assert.match(lists, /count-closed"[^>]*>[1-9]/);
  const count = [...lists.matchAll(/count-(?:waiting|mine|others)"[^>]*>(\d+)/g)];
  assert.ok(count.reduce((sum, [, n]) => sum + Number(n), 0) > 0, lists);
});
