/** What every answer says to a browser: pages, JSON, files, errors, redirects and refused upgrades alike. */
import assert from "node:assert/strict";
import { assets } from "../routes/static.ts";
import { Fault } from "../services/errors.ts";
import { PASSWORD, test, testSite } from "./helpers.ts";
import { type HttpAnswer, upgrade } from "./raw_socket.ts";
import { requestOf } from "./route_row.ts";
import { TABLE } from "./route_table.ts";
import { CALLERS, World } from "./world.ts";

const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
  "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const ALWAYS = {
  "content-security-policy": CSP,
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
  "x-frame-options": "DENY",
  "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
};
const NEVER = ["server", "x-powered-by", "access-control-allow-origin", "etag", "last-modified"];

/** What is wrong with an answer's headers. */
function faultsOf(name: string, { headers }: Pick<HttpAnswer, "headers">): string[] {
  const isStatic = headers.get("cache-control")?.startsWith("public");
  const faults = Object.entries(ALWAYS)
    .filter(([header, value]) => headers.get(header) !== value)
    .map(([header]) => `${name}: ${header} is ${headers.get(header)}`);
  faults.push(...NEVER.filter((header) => headers.has(header)).map((one) => `${name}: ${one}`));
  if (isStatic && !name.includes("/static/")) faults.push(`${name}: may be kept`);
  if (!isStatic && headers.get("cache-control") !== "no-store") faults.push(`${name}: no no-store`);
  return faults;
}

test("every answer of every route, given or refused, has the headers", async () => {
  await using world = await World.open({}, { demo: false });
  const faults: string[] = [];
  const statuses = new Set<number>();
  for (const row of TABLE.filter(({ route }) => route !== "GET /demo")) {
    for (const caller of CALLERS) {
      for (const origin of [world.site.url, "https://evil.example"]) {
        const id = row.thing ? world.idOf(row.thing, "own", caller) : "";
        const answer = await world.ask(await requestOf(row, id, world), {
          caller,
          means: "cookie",
          origin,
        });
        statuses.add(answer.status);
        if (answer.status === 101) continue; // from here on it is no HTTP
        faults.push(...faultsOf(`${row.route} by ${caller}: ${answer.status}`, answer));
        if (answer.status < 400) await world.restore();
      }
    }
  }
  assert.deepEqual(faults, []);
  for (const status of [101, 200, 201, 204, 303, 400, 401, 403, 404, 409, 422]) {
    assert.ok(statuses.has(status), `${status} was never seen`);
  }
});

test("whatever goes wrong has them too: 400, 404, 405, 413, 415, 500, 503, and refused upgrades", async () => {
  await using site = await testSite();
  const linus = await site.customer("Linus");
  const { sessionId } = (await linus.post("/api/session/start")).body;
  const authorization = `Bearer ${linus.token}`;
  const json = { authorization, "content-type": "application/json" };
  const { sessions } = site.store;
  const found = sessions.openOf;
  const answer = async (path: string, init: RequestInit = {}): Promise<HttpAnswer> => {
    const response = await site.fetch(path, { headers: { authorization }, ...init });
    return { status: response.status, headers: response.headers, body: await response.text() };
  };
  const failing = async (error: Error, path: string) => {
    sessions.openOf = () => Promise.reject(error);
    const got = await answer(path);
    sessions.openOf = found;
    return got;
  };
  const post = (body: string, headers: Record<string, string> = json) =>
    answer("/api/session/message", { method: "POST", body, headers });
  const answers: [number, HttpAnswer][] = [
    [400, await post("{")],
    [404, await answer("/nowhere")],
    [404, await answer("/api/nowhere")],
    [404, await answer("/static/nothing.js")],
    [404, await answer("/chat", { method: "DELETE" })],
    [413, await post("x".repeat(100_000))],
    [415, await post("{}", { authorization, "content-type": "text/plain" })],
    [500, await failing(new Error("a secret detail"), "/chat")],
    [503, await failing(new Fault("unavailable", "The store is away"), "/chat")],
    [200, await answer(assets.js, { headers: { "accept-encoding": "gzip" } })],
    [200, await answer("/", { method: "HEAD" })],
    [401, await upgrade(site.url, `/ws?sessionId=${sessionId}`)],
    [403, await upgrade(site.url, `/ws?sessionId=${sessionId}`, { cookie: linus.cookie })],
    [404, await upgrade(site.url, "/ws?sessionId=none", { authorization })],
    [303, await upgrade(site.url, `/chat/${sessionId}/live`)],
    [404, await upgrade(site.url, "/nowhere")],
    [200, await upgrade(site.url, "/healthz")],
  ];
  for (const [i, [status, got]] of answers.entries()) {
    const name = i === 9 ? "/static/" : `answer ${i}`;
    assert.equal(got.status, status, `${name}: ${got.body}`);
    assert.deepEqual(faultsOf(name, got), []);
    assert.ok(!got.body.includes("a secret detail"), got.body);
  }
  assert.match(answers[9]![1].headers.get("cache-control")!, /immutable/);
});

test("in the demo, and only there, pages may stand in a frame of this site", async () => {
  await using site = await testSite({ demo: true });
  for (const path of ["/demo", "/login"]) {
    const response = await site.fetch(path);
    await response.body?.cancel();
    const csp = response.headers.get("content-security-policy") ?? "";
    assert.match(csp, /; frame-src 'self'; frame-ancestors 'self'$/);
    assert.doesNotMatch(csp, /unsafe|\*|https?:/);
  }
});

// ---- cookies ------------------------------------------------------------------------------------

async function cookiesOf(env: Record<string, string>, headers: Record<string, string> = {}) {
  const site = await testSite({ env });
  await site.customer("Linus");
  await site.agent("Ada");
  const signIn = async (path: string, email: string) => {
    const response = await site.fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ email, password: PASSWORD }),
    });
    await response.body?.cancel();
    const cookies = response.headers.getSetCookie();
    assert.equal(cookies.length, 1);
    return cookies[0]!;
  };
  return {
    site,
    user: await signIn("/api/user/login", "linus@example.com"),
    agent: await signIn("/api/agent/login", "ada@agents.example"),
    [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
  };
}

const flagsOf = (cookie: string): string => cookie.replace(/=[\w-]{43};/, "=…;");

test("on http cookies are HttpOnly and Lax, for 30 days", async () => {
  await using on = await cookiesOf({});
  const flags = "Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax";
  assert.equal(flagsOf(on.user), `handoff_user=…; ${flags}`);
  assert.equal(flagsOf(on.agent), `handoff_agent=…; ${flags}`);
});

test("on https they are Secure and __Host-, and no other name is believed", async () => {
  const flags = "Max-Age=2592000; Path=/; HttpOnly; Secure; SameSite=Lax";
  const publicUrl = "https://chat.example.com";
  await using on = await cookiesOf({ PUBLIC_URL: publicUrl });
  assert.equal(flagsOf(on.user), `__Host-handoff_user=…; ${flags}`);
  assert.equal(flagsOf(on.agent), `__Host-handoff_agent=…; ${flags}`);

  const [pair = ""] = on.user.split(";");
  const me = async (cookie: string) => {
    const response = await on.site.fetch("/api/me", { headers: { cookie } });
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await me(pair), 200);
  assert.equal(await me(pair.replace("__Host-", "")), 401);
  assert.equal(await me(pair.replace("__Host-", "__Secure-")), 401);

  const out = await on.site.fetch("/logout", {
    method: "POST",
    headers: { cookie: pair, origin: publicUrl },
  });
  await out.body?.cancel();
  assert.equal(
    out.headers.getSetCookie()[0],
    "__Host-handoff_user=; Max-Age=0; Path=/; Secure",
  );
  assert.equal(await me(pair), 401);
});

test("a proxy that is trusted may say that the site is on https, and nobody else", async () => {
  const headers = { "x-forwarded-proto": "https" };
  await using trusted = await cookiesOf({ TRUST_PROXY: "1" }, headers);
  assert.match(trusted.user, /^__Host-.*; Secure/);
  await using untrusted = await cookiesOf({ TRUST_PROXY: "0" }, headers);
  assert.match(untrusted.user, /^handoff_user=/);
});

// ---- the numbers --------------------------------------------------------------------------------

test("the numbers are for this host, or for who has the token", async () => {
  await using site = await testSite({
    env: { METRICS_TOKEN: "the-metrics-token", TRUST_PROXY: "1" },
  });
  const status = async (headers: Record<string, string>) => {
    const response = await site.fetch("/metrics", { headers });
    await response.body?.cancel();
    return response.status;
  };
  const elsewhere = { "x-forwarded-for": "203.0.113.7" };
  assert.equal(await status({}), 200);
  assert.equal(await status(elsewhere), 403);
  assert.equal(await status({ "x-forwarded-for": "127.0.0.1" }), 403);
  assert.equal(await status({ "x-forwarded-for": "" }), 403);
  assert.equal(await status({ ...elsewhere, authorization: "Bearer wrong" }), 403);
  assert.equal(await status({ ...elsewhere, authorization: "Bearer the-metrics-token" }), 200);
});
