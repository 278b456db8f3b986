/** Accounts: registering, proving who one is, guests, passwords, and the limits on guessing (SPEC section 5). */
import assert from "node:assert/strict";
import { openLog } from "../services/log.ts";
import { Passwords } from "../services/passwords.ts";
import { PASSWORD, test, testOfLimits, type TestSite, testSite } from "./helpers.ts";
import { ask, type Asked, ok, refused } from "./talk.ts";

const LINUS = { name: "Linus", email: "linus@example.com", password: PASSWORD };

const register = (site: TestSite, more: object = {}, kind = "user") =>
  ask(site, `/api/${kind}/register`, { json: { ...LINUS, ...more } });
const login = (site: TestSite, more: object = {}, kind = "user") =>
  ask(site, `/api/${kind}/login`, { json: { email: LINUS.email, password: PASSWORD, ...more } });

test("registering over JSON answers 201 and doesn't sign in", async () => {
  await using site = await testSite();
  const { status, body, cookies } = await register(site, { email: "Linus@Example.com" });
  assert.equal(status, 201);
  assert.match(body.userId, /^[0-9a-f]{24}$/);
  assert.deepEqual([body.name, body.email], ["Linus", "linus@example.com"]);
  assert.match(body.message, /\w/);
  assert.deepEqual([cookies, body.token], [[], undefined]);
  refused(await register(site, { email: "LINUS@example.COM" }), 409);
});

test("registering on a page signs in, and goes on to where one was going", async () => {
  await using site = await testSite();
  const { status, location, cookies } = await ask(site, "/register", {
    form: { ...LINUS, next: "/history" },
    origin: site.url,
  });
  assert.deepEqual([status, location, cookies.length], [303, "/history", 1]);
  const me = await ask(site, "/api/me", { cookie: cookies[0]! });
  assert.deepEqual([me.body.kind, me.body.name], ["user", "Linus"]);
  const again = await ask(site, "/register", { form: LINUS, origin: site.url });
  assert.equal(again.status, 422);
  assert.match(again.body, /has an account already/);
  assert.match(again.body, /value="linus@example.com"/); // what was typed is still there
  assert.ok(!again.body.includes(PASSWORD));
});

test("signing in gives a cookie and a bearer, whatever the e-mail's case", async () => {
  await using site = await testSite();
  const { userId } = ok(await register(site));
  const { status, body, cookies } = await login(site, { email: " LINUS@example.com " });
  assert.equal(status, 200);
  assert.deepEqual([body.userId, body.name, body.email], [userId, "Linus", LINUS.email]);
  assert.equal(cookies.length, 1);
  const expected = {
    kind: "user",
    id: userId,
    name: "Linus",
    email: LINUS.email,
    role: null,
    status: null,
  };
  assert.deepEqual(ok(await ask(site, "/api/me", { bearer: body.token })), expected);
  assert.deepEqual(ok(await ask(site, "/api/me", { cookie: cookies[0]! })), expected);
  refused(await ask(site, "/api/me"), 401, "unauthorized");
});

test("a guest needs a name only, and is somebody for as long as the sign-in lives", async () => {
  await using site = await testSite();
  const guest = await ask(site, "/api/user/guest", { json: { name: "Robin" } });
  assert.equal(guest.status, 201);
  const { userId, token } = guest.body;
  assert.deepEqual(ok(await ask(site, "/api/me", { bearer: token })), {
    kind: "user",
    id: userId,
    name: "Robin",
    email: null,
    role: null,
    status: null,
  });
  const started = await ask(site, "/api/session/start", { json: { userId }, bearer: token });
  assert.equal(started.status, 201);
  const other = ok(await ask(site, "/api/user/guest", { json: { name: "Robin" } }));
  assert.notEqual(other.userId, userId);
  refused(await ask(site, "/api/user/guest", { json: { name: "  " } }), 422, "invalid");
  const page = await ask(site, "/guest", {
    form: { name: "Robin", next: "/chat" },
    origin: site.url,
  });
  assert.deepEqual([page.status, page.location], [303, "/chat"]);
});

test("what is typed wrong is told field by field", async () => {
  await using site = await testSite();
  for (
    const [field, values] of Object.entries({
      name: ["", "   ", "x".repeat(101), "a\0b", undefined, 7],
      email: ["", "linus", "linus@", "@example.com", `${"x".repeat(250)}@example.com`, undefined],
      password: ["", "1234567", undefined, 12345678],
    })
  ) {
    for (const value of values) {
      const { fields } = refused(await register(site, { [field]: value }), 422, "invalid");
      assert.deepEqual(Object.keys(fields), [field], String(value));
      assert.match(fields[field], /\w/);
    }
  }
  assert.equal((await register(site)).status, 201); // so the rest of it was fine
});

test("a password has 8 characters to 72 bytes", async () => {
  await using site = await testSite();
  const tries: [string, number][] = [
    ["12345678", 201],
    ["x".repeat(72), 201],
    ["€".repeat(24), 201],
    ["1234567", 422],
    ["x".repeat(73), 422],
    ["€".repeat(25), 422],
  ];
  for (const [index, [password, status]] of tries.entries()) {
    const email = `p${index}@example.com`;
    assert.equal((await register(site, { email, password })).status, status, password);
    if (status === 201) assert.equal((await login(site, { email, password })).status, 200);
  }
  // Nothing is cut off behind the reader's back.
  const cut = { email: "p1@example.com", password: "x".repeat(71) };
  refused(await login(site, cut), 401, "unauthorized");
});

test("a wrong e-mail and a wrong password look the same", async () => {
  await using site = await testSite();
  await register(site);
  const seen = ({ status, body, cookies, headers }: Asked) => ({
    status,
    cookies,
    body: JSON.stringify(body).replaceAll(/\w+@example\.com/g, "…"),
    type: headers.get("content-type"),
  });
  for (const kind of ["user", "agent"]) {
    const wrongPassword = await login(site, { password: "wrong password" }, kind);
    const wrongEmail = await login(site, { email: "nobody@example.com" }, kind);
    assert.deepEqual(seen(wrongPassword), seen(wrongEmail));
    refused(wrongPassword, 401, "unauthorized");
  }
  const form = (email: string) =>
    ask(site, "/login", { form: { email, password: "wrong password" }, origin: site.url });
  assert.deepEqual(seen(await form(LINUS.email)), seen(await form("nobody@example.com")));
});

test("a wrong e-mail and a wrong password take the same", async () => {
  const passwords = await Passwords.open(openLog("error"), 10);
  const hash = await passwords.hash(PASSWORD);
  const time = async (hash: string | undefined) => {
    const from = performance.now();
    for (let i = 0; i < 3; i++) {
      assert.equal(await passwords.matches("wrong password", hash), false);
    }
    return performance.now() - from;
  };
  const [known, unknown] = [await time(hash), await time(undefined)];
  assert.ok(unknown > known / 2 && unknown < known * 2, `${known} ms and ${unknown} ms`);
  assert.match(await (await Passwords.open(openLog("error"))).hash(PASSWORD), /^\$2[aby]\$12\$/);
});

test("passwords and tokens are never logged, and never given back", async () => {
  await using site = await testSite();
  const answers = [
    await register(site),
    await login(site),
    await login(site, { password: "oh no!!!" }),
  ];
  const { token } = answers[1]!.body;
  await ask(site, "/api/session/start", { json: {}, bearer: token });
  await ask(site, `/ws?ticket=${token}`, {});
  assert.ok(!JSON.stringify(answers.map(({ body }) => body)).includes(PASSWORD));
  const logged = site.logged.join("\n");
  for (const secret of [PASSWORD, "oh no!!!", token]) assert.ok(!logged.includes(secret));
});

test("customers and agents are separate, even with one e-mail", async () => {
  await using site = await testSite();
  ok(await register(site));
  refused(await login(site, {}, "agent"), 401);
  ok(await register(site, { password: "an agent's own" }, "agent"));
  refused(await login(site, {}, "agent"), 401);
  const agent = ok(await login(site, { password: "an agent's own" }, "agent"));
  const user = ok(await login(site));
  assert.equal((await ask(site, "/api/me", { bearer: agent.token })).body.kind, "agent");
  assert.equal((await ask(site, "/api/me", { bearer: user.token })).body.kind, "user");
  const status = { json: { status: "busy" }, bearer: user.token };
  refused(await ask(site, "/api/agent/status", status), 403, "forbidden");
  refused(await ask(site, "/api/session/start", { json: {}, bearer: agent.token }), 403);
});

test("name and password are changed on the account page, the password with the old one only", async () => {
  await using site = await testSite();
  const linus = await site.customer("Linus");
  const form = async (path: string, form: Record<string, string>) =>
    await ask(site, path, { form, cookie: linus.cookie, origin: site.url });
  assert.equal((await form("/account/name", { name: "Linus T." })).status, 303);
  assert.equal((await linus.get("/api/me")).body.name, "Linus T.");
  const next = "a much better one";
  const wrong = await form("/account/password", { current: "wrong one", password: next });
  assert.equal(wrong.status, 422);
  assert.match(wrong.body, /not your current password/);
  assert.equal((await login(site)).status, 200);
  const changed = await form("/account/password", { current: PASSWORD, password: next });
  assert.equal(changed.status, 303);
  refused(await login(site), 401);
  assert.equal((await login(site, { password: next })).status, 200);
});

// ---- guessing -------------------------------------------------------------------------------------

for (const kind of ["user", "agent"]) {
  testOfLimits(
    `ten failures close the account of ${
      kind === "user" ? "a customer" : "an agent"
    } for a while, and no other's`,
    async () => {
      await using site = await testSite({ env: { RATE_LIMITS: "on" } });
      ok(await register(site, {}, kind));
      const barbara = { name: "Barbara", email: "barbara@example.com" };
      if (kind === "user") ok(await register(site, barbara));
      const wrong = { password: "wrong password" };
      const tries = await Promise.all(Array.from({ length: 14 }, () => login(site, wrong, kind)));
      const statuses = tries.map(({ status }) => status).sort();
      assert.deepEqual(statuses, [...Array(10).fill(401), ...Array(4).fill(429)]);
      const right = await login(site, { email: LINUS.email.toUpperCase() }, kind);
      refused(right, 429, "rate_limited");
      const wait = Number(right.headers.get("retry-after"));
      assert.ok(wait > 0 && wait <= 15 * 60, String(wait));
      if (kind === "user") assert.equal((await login(site, barbara, kind)).status, 200);
      const page = await ask(site, kind === "user" ? "/login" : "/agent/login", {
        form: { email: LINUS.email, password: PASSWORD },
        origin: site.url,
      });
      assert.equal(page.status, 429);
      assert.ok(Number(page.headers.get("retry-after")) > 0);
    },
  );
}

testOfLimits("signing in rightly, however often, closes nothing", async () => {
  await using site = await testSite({ env: { RATE_LIMITS: "on" } });
  ok(await register(site));
  for (let i = 0; i < 25; i++) assert.equal((await login(site)).status, 200);
});

testOfLimits("an address that an outsider claims by X-Forwarded-For escapes no limit", async () => {
  await using site = await testSite({ env: { RATE_LIMITS: "on" } });
  ok(await register(site));
  const tries = [];
  for (let i = 0; i < 12; i++) {
    tries.push(
      await ask(site, "/api/user/login", {
        json: { email: LINUS.email, password: "wrong password" },
        headers: { "x-forwarded-for": `10.0.0.${i}` },
      }),
    );
  }
  assert.equal(tries.at(-1)?.status, 429);
  const metrics = await ask(site, "/metrics", { headers: { "x-forwarded-for": "127.0.0.1" } });
  assert.equal(metrics.status, 403);
  assert.equal((await ask(site, "/metrics")).status, 200);
});
