/** What another site can make a browser send: whatever relies on a cookie is refused, and nothing has changed. */
import assert from "node:assert/strict";
import { test } from "./helpers.ts";
import type { HttpAnswer } from "./raw_socket.ts";
import { requestOf, type Row } from "./route_row.ts";
import { TABLE } from "./route_table.ts";
import { type Caller, type Request_, World } from "./world.ts";

/** An empty one is missing. */
function foreignOrigins(url: string): readonly string[] {
  const { host, hostname, port } = new URL(url);
  return [
    "",
    "null",
    "https://evil.example",
    `${url}.evil.example`,
    `http://evil.example/${host}`,
    `http://${host}@evil.example`,
    `http://${hostname}:${Number(port) + 1}`,
    `http://sub.${host}`,
    "file://",
    host,
  ];
}

/** Who may do it by cookie, if it takes a cookie at all. */
function callerOf({ nobody, agent, customer }: Row): Caller | undefined {
  if (isDone(nobody) || (nobody === customer && nobody === agent)) return undefined;
  if (isDone(customer)) return "the customer";
  return isDone(agent) ? "the agent" : "an admin";
}

function isDone(rule: Row["agent"]): boolean {
  const own = typeof rule === "object" && "own" in rule ? rule.own : rule;
  return typeof own === "number" ? own < 400 : String(own).startsWith("303");
}

/** These take no cookie's word for who it is, but end the one that comes along. */
const isSignOut = ({ route }: Row): boolean => /sign-outs|logout/.test(route);

/** Rows that change something, or are sockets, by who is signed in. */
const RELYING = TABLE.flatMap((row) => {
  const caller = callerOf(row);
  const isRelying = row.isSocket || row.route.startsWith("POST");
  return caller && isRelying ? [{ row, caller }] : [];
});

const wanted = async (world: World, row: Row, caller: Caller): Promise<Request_> => {
  const target = caller === "an admin" ? "others" : "own";
  return await requestOf(row, row.thing ? world.idOf(row.thing, target, caller) : "", world);
};

const isAllowed = ({ status, headers }: HttpAnswer): boolean =>
  status < 400 && !/login\?|\/login$/.test(headers.get("location") ?? "");

const nameOf = ({ route, what = "" }: Row, origin: string) => `${route} ${what} from “${origin}”`;

test("by cookie, no other site's Origin, none, and no missing one, changes anything or opens a socket", async () => {
  await using world = await World.open();
  const wrong: string[] = [];
  assert.ok(RELYING.length > 40, `${RELYING.length} rows`);
  for (const { row, caller } of RELYING) {
    const request = await wanted(world, row, caller);
    const before = await world.snapshot();
    for (const origin of foreignOrigins(world.site.url)) {
      const { status } = await world.ask(request, { caller, means: "cookie", origin });
      if (status !== 403) wrong.push(`${nameOf(row, origin)}: ${status}`);
      if (await world.snapshot() !== before) {
        wrong.push(`${nameOf(row, origin)}: changed something`);
      }
    }
    const answer = await world.ask(request, { caller, means: "cookie" });
    const done = isAllowed(answer) || isSignOut(row);
    if (!done) wrong.push(`${nameOf(row, "here")}: ${answer.status}`); // so the refusals mean something
    await world.restore();
  }
  assert.deepEqual(wrong, []);
});

test("a refused sign-out leaves the sign-in as it was", async () => {
  await using world = await World.open();
  const { cookie } = world.linus;
  const headers = () => new Headers({ cookie, origin: "https://evil.example" });
  const signOuts = [
    { method: "POST", path: "/api/logout" },
    { method: "POST", path: "/logout", form: {} },
    { method: "POST", path: "/account/sign-outs", form: {} },
  ];
  for (const request of signOuts) {
    assert.equal((await world.send(request, headers())).status, 403);
    assert.equal((await world.linus.get("/api/me")).status, 200);
  }
  const own = new Headers({ cookie, origin: world.site.url });
  assert.equal((await world.send(signOuts[1]!, own)).status, 303);
  assert.equal((await world.linus.get("/api/me")).status, 401);
});

test("a bearer, which no other site can send, needs no Origin", async () => {
  await using world = await World.open();
  const wrong: string[] = [];
  for (const { row, caller } of RELYING) {
    const request = await wanted(world, row, caller);
    const answer = await world.ask(request, { caller, means: "bearer" });
    const done = isAllowed(answer) || isSignOut(row);
    if (!done) wrong.push(`${nameOf(row, "")}: ${answer.status}`);
    await world.restore();
  }
  assert.deepEqual(wrong, []);
});

test("a ticket opens the socket without an Origin", async () => {
  await using world = await World.open();
  const { ticket } = (await world.linus.post("/api/ws-ticket")).body;
  const sessionId = world.idOf("session", "own", "the customer");
  const path = `/ws?sessionId=${sessionId}&ticket=${ticket}`;
  const answer = await world.send({ method: "GET", path, isSocket: true }, new Headers());
  assert.equal(answer.status, 101);
});

test("another site can't sign anybody in to an account that isn't theirs", async () => {
  await using world = await World.open();
  const rows = TABLE.filter(({ route, nobody }) =>
    nobody === 303 && /^POST \/(agent\/)?(login|register|guest)$/.test(route)
  );
  assert.equal(rows.length, 5);
  for (const row of rows) {
    for (const origin of foreignOrigins(world.site.url).filter(Boolean)) {
      const request = await requestOf(row, "", world);
      const { status, headers } = await world.send(request, new Headers({ origin }));
      assert.deepEqual([status, headers.getSetCookie()], [403, []], nameOf(row, origin));
    }
    const request = await requestOf(row, "", world);
    const answer = await world.send(request, new Headers({ origin: world.site.url }));
    assert.equal(answer.headers.getSetCookie().length, 1, row.route);
  }
});

test("with PUBLIC_URL that is the site's Origin, and the Host's is not", async () => {
  const publicUrl = "http://chat.example.com";
  await using world = await World.open({ PUBLIC_URL: publicUrl });
  for (const { row, caller } of RELYING.slice(0, 8)) {
    const request = await wanted(world, row, caller);
    const from = (origin: string) => world.ask(request, { caller, means: "cookie", origin });
    assert.equal((await from(world.site.url)).status, 403, row.route);
    assert.equal((await from("https://chat.example.com")).status, 403, row.route);
    assert.equal((await from(`${publicUrl}.evil.example`)).status, 403, row.route);
    const own = await from(publicUrl);
    assert.ok(isAllowed(own), `${row.route}: ${own.status}`);
    await world.restore();
  }
});

test("the JSON API answers other origins' browsers only where CORS_ORIGINS lists them", async () => {
  const friend = "https://friend.example";
  await using world = await World.open({ CORS_ORIGINS: friend });
  const allowedTo = async (origin: string, path: string) => {
    const headers = { origin, "access-control-request-method": "POST" };
    const response = await world.site.fetch(path, { method: "OPTIONS", headers });
    await response.body?.cancel();
    const { headers: answer } = response;
    assert.equal(answer.get("access-control-allow-credentials"), null);
    return answer.get("access-control-allow-origin");
  };
  assert.equal(await allowedTo(friend, "/api/session/message"), friend);
  assert.equal(await allowedTo("https://evil.example", "/api/session/message"), null);
  assert.equal(await allowedTo("null", "/api/session/message"), null);
  assert.equal(await allowedTo(friend, "/chat"), null);
});
