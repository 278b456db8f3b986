/** Sign-ins: cookies and bearers, which of two counts where, from which `Origin`, and when they end (SPEC section 5). */
import assert from "node:assert/strict";
import { PASSWORD, type Person, test, type TestSite, testSite } from "./helpers.ts";
import { act, ask, isFrom, logOf, ok, refused, say, start } from "./talk.ts";

const DAY = 24 * 60 * 60 * 1_000;

const login = (site: TestSite, { email }: Person, kind: "user" | "agent", more: object = {}) =>
  ask(site, `/api/${kind}/login`, { json: { email, password: PASSWORD }, ...more });

const me = async (site: TestSite, cookie: string) =>
  (await ask(site, "/api/me", { cookie })).status;

// ---- cookies ----------------------------------------------------------------------------------------

test("cookies are HttpOnly, Lax and for the whole site; on https Secure and __Host-", async () => {
  for (const env of [{}, { PUBLIC_URL: "https://chat.example.com" }, { TRUST_PROXY: "1" }]) {
    await using site = await testSite({ env });
    const linus = await site.customer("Linus");
    const ada = await site.agent("Ada");
    const https = Object.keys(env).length > 0;
    const headers = "TRUST_PROXY" in env ? { "x-forwarded-proto": "https" } : {};
    for (const [who, kind] of [[linus, "user"], [ada, "agent"]] as const) {
      const answer = await login(site, who, kind, { headers });
      const [set = "", ...more] = answer.headers.getSetCookie();
      assert.deepEqual(more, []);
      const [pair = "", ...flags] = set.split(/; */);
      const [name = "", value = ""] = pair.split("=");
      assert.match(value, /^[\w-]{43,}$/); // 256 bits
      const has = (flag: string) => flags.some((one) => one.toLowerCase() === flag);
      assert.ok(has("httponly") && has("samesite=lax") && has("path=/"), set);
      assert.equal(has("secure"), https);
      assert.equal(name.startsWith("__Host-"), https);
      assert.ok(!flags.some((flag) => /^domain/i.test(flag)));
      assert.ok(name.includes(kind));
    }
  }
});

test("each sign-in is a new one, and the one that the request carried ends", async () => {
  await using site = await testSite();
  const linus = await site.customer("Linus");
  const first = (await login(site, linus, "user")).cookies[0]!;
  const second = (await login(site, linus, "user")).cookies[0]!;
  assert.notEqual(first, second);
  assert.deepEqual([await me(site, first), await me(site, second)], [200, 200]);
  const page = await ask(site, "/login", {
    form: { email: linus.email, password: PASSWORD },
    cookie: second,
    origin: site.url,
  });
  assert.equal(page.status, 303);
  assert.deepEqual(
    [await me(site, first), await me(site, second), await me(site, page.cookies[0]!)],
    [200, 401, 200],
  );
});

test("signing in ends the cookie's sign-in from this site only, and never a bearer's", async () => {
  await using site = await testSite();
  for (
    const [side, who] of [["user", await site.customer("Linus")], [
      "agent",
      await site.agent("Ada"),
    ]] as const
  ) {
    const bearer = ok(await login(site, who, side)).token;
    const cookie = (await login(site, who, side)).cookies[0]!;
    for (const origin of ["https://evil.example", "null"]) {
      ok(await login(site, who, side, { bearer, cookie, origin }));
      assert.equal(await me(site, cookie), 200);
    }
    ok(await login(site, who, side, { bearer, cookie, origin: site.url }));
    assert.equal(await me(site, cookie), 401);
    ok(await ask(site, "/api/me", { bearer }));
  }
});

test("a sign-in lasts thirty days from its last use, a guest's too", async () => {
  await using site = await testSite();
  const linus = await site.customer("Linus");
  const guest = ok(await ask(site, "/api/user/guest", { json: { name: "Robin" } }));
  const isIn = async (bearer: string) => (await ask(site, "/api/me", { bearer })).status === 200;
  for (let i = 0; i < 3; i++) {
    site.clock.skip(29 * DAY);
    assert.ok(await isIn(linus.token) && await isIn(guest.token));
  }
  site.clock.skip(30 * DAY + 60_000);
  assert.ok(!await isIn(linus.token) && !await isIn(guest.token));
});

// ---- signing out ------------------------------------------------------------------------------------

test("logout ends every sign-in that the request carries, and no other", async () => {
  await using site = await testSite();
  const [linus, ada] = [await site.customer("Linus"), await site.agent("Ada")];
  const elsewhere = (await login(site, linus, "user")).body.token;
  const cookie = `${linus.cookie}; ${ada.cookie}`;
  const answer = await ask(site, "/api/logout", { json: {}, cookie, origin: site.url });
  assert.equal(answer.status, 200);
  const dropped = answer.headers.getSetCookie();
  assert.equal(dropped.length, 2);
  for (const set of dropped) assert.match(set, /^\w+=; .*(Max-Age=0|expires=Thu, 01 Jan 1970)/i);
  assert.deepEqual([await me(site, linus.cookie), await me(site, ada.cookie)], [401, 401]);
  assert.equal((await ask(site, "/api/me", { bearer: elsewhere })).status, 200);
  ok(await ask(site, "/api/logout", { json: {}, bearer: elsewhere }));
  refused(await ask(site, "/api/me", { bearer: elsewhere }), 401, "unauthorized");
  refused(await ask(site, "/api/logout", { json: {} }), 401);
});

test("logout ends a bearer's sign-in and the cookies', which from another site are left alone", async () => {
  await using site = await testSite();
  const logout = async (bearer: string, cookie: string, origin?: string) => {
    const answer = await ask(site, "/api/logout", {
      json: {},
      bearer,
      cookie,
      ...(origin && { origin }),
    });
    assert.equal(answer.status, 200);
    assert.equal((await ask(site, "/api/me", { bearer })).status, 401);
    return { dropped: answer.cookies.length, left: await me(site, cookie) };
  };
  const [linus, ada] = [await site.customer("Linus"), await site.agent("Ada")];
  const bearer = async () => ok(await login(site, linus, "user")).token;
  for (const origin of [undefined, "null", "https://evil.example"]) {
    for (const { cookie } of [linus, ada]) {
      assert.deepEqual(await logout(await bearer(), cookie, origin), { dropped: 0, left: 200 });
    }
  }
  for (const { cookie } of [linus, ada]) {
    assert.deepEqual(await logout(await bearer(), cookie, site.url), { dropped: 1, left: 401 });
  }
});

test("a page's “Sign out” ends its own side only, and “everywhere” every one of the account", async () => {
  await using site = await testSite();
  const [linus, ada] = [await site.customer("Linus"), await site.agent("Ada")];
  const cookie = `${linus.cookie}; ${ada.cookie}`;
  const form = (path: string, cookie: string) =>
    ask(site, path, { form: {}, cookie, origin: site.url });
  const out = await form("/logout", cookie);
  assert.deepEqual([out.status, out.location], [303, "/"]);
  assert.deepEqual([await me(site, linus.cookie), await me(site, ada.cookie)], [401, 200]);
  const deskOut = await form("/agent/logout", cookie);
  assert.deepEqual([deskOut.status, deskOut.location], [303, "/agent/login"]);
  assert.equal(await me(site, ada.cookie), 401);

  const [one, two] = [await login(site, linus, "user"), await login(site, linus, "user")];
  const barbara = await site.customer("Barbara");
  assert.equal((await form("/account/sign-outs", one.cookies[0]!)).status, 303);
  for (const { cookies } of [one, two]) assert.equal(await me(site, cookies[0]!), 401);
  assert.equal(await me(site, barbara.cookie), 200);
});

// ---- two cookies in one browser -----------------------------------------------------------------------

test("with two cookies the address decides which counts", async () => {
  await using site = await testSite();
  const [linus, ada] = [await site.customer("Linus"), await site.agent("Ada")];
  const both = `${linus.cookie}; ${ada.cookie}`;
  const { sessionId } = await start(linus);
  const at = (path: string, more: object = {}) =>
    ask(site, path, { cookie: both, origin: site.url, ...more });

  assert.equal(ok(await at("/api/me")).kind, "user");
  assert.equal(ok(await at("/api/me?agentId=x")).kind, "agent");
  assert.equal(ok(await at("/api/me?userId=x")).kind, "user");
  ok(await at("/api/agent/status", { json: { status: "available" } }));
  assert.match((await at("/agent")).body, /aria-label="Desk"/);
  assert.match((await at(`/chat/${sessionId}`)).body, /data-viewer="user"/);
  assert.match((await at("/history")).body, new RegExp(`/chat/${sessionId}`));

  // elsewhere the customer's, and the agent's where there is none or it may not
  const said = ok(await at("/api/session/message", { json: { sessionId, text: "Who am I?" } }));
  assert.equal(said.sender, "user");
  const barbara = await site.customer("Barbara");
  const others = `${barbara.cookie}; ${ada.cookie}`;
  const byAda = ok(
    await at("/api/session/message", {
      json: { sessionId, text: "The agent" },
      cookie: others,
    }),
  );
  assert.equal(byAda.sender, "agent");
  ok(await at("/api/session/claim", { json: { sessionId } }));
  assert.equal(ok(await at("/api/me", { cookie: ada.cookie })).kind, "agent");

  // where the address is the other side's, one's own cookie is nobody
  refused(await at("/api/agent/status", { json: {}, cookie: linus.cookie }), 401);
  assert.equal(
    (await at("/agent", { cookie: linus.cookie })).location?.split("?")[0],
    "/agent/login",
  );
  assert.equal((await at("/chat", { cookie: ada.cookie })).location?.split("?")[0], "/login");
});

test("a bearer beats cookies, a wrong one too", async () => {
  await using site = await testSite();
  const [linus, barbara] = [await site.customer("Linus"), await site.customer("Barbara")];
  const { cookie } = linus;
  assert.equal(ok(await ask(site, "/api/me", { cookie, bearer: barbara.token })).name, "Barbara");
  refused(await ask(site, "/api/me", { cookie, bearer: "nonsense" }), 401, "unauthorized");
});

// ---- Origin -------------------------------------------------------------------------------------------

test("what relies on a cookie needs this site's Origin; a bearer and reading need none", async () => {
  await using site = await testSite();
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  const { cookie, token: bearer } = linus;
  const { host } = new URL(site.url);
  const foreign = [
    undefined,
    "null",
    "https://evil.example",
    `${site.url}.evil.example`,
    `http://evil.example:${new URL(site.url).port}`,
    "http://127.0.0.1",
    host,
  ];
  const json = { sessionId, text: "Hello" };
  const form = { text: "Hello" };
  for (const origin of foreign) {
    const from = origin === undefined ? {} : { origin };
    const said = String(origin);
    refused(await ask(site, "/api/session/message", { json, cookie, ...from }), 403, "forbidden");
    const posted = await ask(site, `/chat/${sessionId}/messages`, { form, cookie, ...from });
    assert.equal(posted.status, 403, said);
    assert.equal((await ask(site, "/logout", { form: {}, cookie, ...from })).status, 403, said);
    refused(await ask(site, "/api/logout", { json: {}, cookie, ...from }), 403, "forbidden");
    ok(await ask(site, "/api/me", { cookie, ...from })); // reading changes nothing
    ok(await ask(site, "/api/session/message", { json, bearer, ...from }));
  }
  const own = { cookie, origin: site.url };
  assert.equal((await ask(site, "/api/session/message", { json, ...own })).status, 201);
  assert.equal((await ask(site, `/chat/${sessionId}/messages`, { form, ...own })).status, 303);
  const log = (await logOf(linus, sessionId)).filter(isFrom("user"));
  assert.equal(log.length, foreign.length + 2);
});

test("nobody is signed in by another site's form", async () => {
  await using site = await testSite();
  const [linus, ada] = [await site.customer("Linus"), await site.agent("Ada")];
  for (
    const [path, form] of [
      ["/login", { email: linus.email, password: PASSWORD }],
      ["/agent/login", { email: ada.email, password: PASSWORD }],
      ["/guest", { name: "Robin" }],
      ["/register", { name: "Robin", email: "robin@example.com", password: PASSWORD }],
    ] as [string, Record<string, string>][]
  ) {
    for (const origin of ["https://evil.example", "null"]) {
      const { status, cookies } = await ask(site, path, { form, origin });
      assert.deepEqual([status, cookies], [403, []], path);
    }
    const { status, cookies } = await ask(site, path, { form, origin: site.url });
    assert.deepEqual([status, cookies.length], [303, 1], path); // so a refusal means something
  }
});

test("with a public address that is the Origin, and no other", async () => {
  const origin = "https://chat.example.com";
  await using site = await testSite({ env: { PUBLIC_URL: origin } });
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  const json = { sessionId, text: "Hello" };
  const { cookie } = linus;
  assert.match(cookie, /^__Host-/);
  ok(await ask(site, "/api/session/message", { json, cookie, origin }));
  for (const other of [site.url, "http://chat.example.com", "https://example.com"]) {
    refused(await ask(site, "/api/session/message", { json, cookie, origin: other }), 403);
  }
});

test("CORS_ORIGINS may call the JSON API with a bearer, and others are not told that they may", async () => {
  const origin = "https://shop.example";
  await using site = await testSite({ env: { CORS_ORIGINS: `${origin}, https://b.example` } });
  const linus = await site.customer("Linus");
  const allowed = await ask(site, "/api/me", { bearer: linus.token, origin });
  assert.equal(allowed.headers.get("access-control-allow-origin"), origin);
  assert.equal(allowed.headers.get("access-control-allow-credentials"), null);
  const other = await ask(site, "/api/me", { bearer: linus.token, origin: "https://evil.example" });
  assert.equal(other.headers.get("access-control-allow-origin"), null);
  const json = { name: "Linus" };
  refused(await ask(site, "/api/session/start", { json, cookie: linus.cookie, origin }), 403);
});

test("an allowed origin can read every refusal of the API, and no other", async () => {
  const friend = "https://shop.example";
  await using site = await testSite({ env: { CORS_ORIGINS: friend } });
  const { token: bearer } = await site.customer("Linus");
  const path = "/api/session/message";
  const answers = async (origin: string): Promise<[number, string | null][]> => {
    const refusals = [
      await ask(site, path, { json: "x".repeat(100_000), bearer, origin }),
      await ask(site, path, { form: { text: "Hello" }, bearer, origin }),
      await ask(site, path, { json: "no object", bearer, origin }),
      await ask(site, path, { json: {}, origin }),
      await ask(site, "/api/nowhere", { origin }),
    ];
    return refusals.map(({ status, headers }) => [
      status,
      headers.get("access-control-allow-origin"),
    ]);
  };
  const statuses = [413, 415, 422, 401, 404];
  assert.deepEqual(await answers(friend), statuses.map((status) => [status, friend]));
  assert.deepEqual(
    await answers("https://evil.example"),
    statuses.map((status) => [status, null]),
  );
});

// ---- back to where one was going ------------------------------------------------------------------------

test("after signing in one goes on to same-site paths only", async () => {
  await using site = await testSite();
  const [linus, ada] = [await site.customer("Linus"), await site.agent("Ada")];
  const goes = async (who: Person, path: string, next: string) => {
    const form = { email: who.email, password: PASSWORD, next };
    return (await ask(site, path, { form, origin: site.url })).location;
  };
  assert.equal(await goes(linus, "/login", "/history?x=1"), "/history?x=1");
  assert.equal(await goes(ada, "/agent/login", "/agent/team"), "/agent/team");
  for (
    const next of [
      "https://evil.example",
      "//evil.example",
      "/\\evil.example",
      "\\\\evil.example",
      "/\t/evil.example",
      "\n//evil.example",
      "javascript:alert(1)",
      "http:evil.example",
      "evil",
      "",
    ]
  ) {
    assert.equal(await goes(linus, "/login", next), "/chat", JSON.stringify(next));
    assert.equal(await goes(ada, "/agent/login", next), "/agent", JSON.stringify(next));
  }
});

test("an account's session can't be reached after its sign-in ended", async () => {
  await using site = await testSite();
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  await say(linus, sessionId, "Hello");
  ok(await linus.post("/api/logout"));
  refused(await act(linus, "end", sessionId), 401, "unauthorized");
  const page = await ask(site, `/chat/${sessionId}`, { cookie: linus.cookie });
  assert.deepEqual([page.status, page.location], [303, `/login?next=%2Fchat%2F${sessionId}`]);
});
