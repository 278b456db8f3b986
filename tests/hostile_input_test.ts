/** Bodies, queries and addresses that nobody means well: refused in words, the process unharmed, others served meanwhile. */
import assert from "node:assert/strict";
import { test, type TestSite, testSite } from "./helpers.ts";
import { pour } from "./pour.ts";
import { guest, post, Started } from "./started.ts";
import { send, start } from "./talk.ts";
import { requestOf } from "./route_row.ts";
import { TABLE } from "./route_table.ts";
import { World } from "./world.ts";

// deno-lint-ignore no-explicit-any -- schemas and answers are looked at field by field
type Json = any;

const NOT_TEXT: readonly unknown[] = [
  {},
  [],
  ["a"],
  1,
  true,
  { $gt: "" },
  { toString: "x", length: 3 },
  { constructor: { prototype: { polluted: 1 } } },
  [["a", ["b"]]],
];
const NO_TEXT_OF_OURS = ["\0", "a\0b", "\ud800", "a\udc00b", "\udc00\ud800"];
/** Fields that the API takes whatever they hold, or that may be null. */
const IGNORED = new Set(["POST /api/session/start agentId"]);

interface Field {
  readonly route: string;
  readonly name: string;
  readonly type: string;
  /** A whole request that is well but for this field. */
  readonly json: Record<string, unknown>;
}

/** Every field of every body, as the OpenAPI document has them. */
async function fieldsOf(world: World): Promise<Field[]> {
  const document: Json = await (await world.site.fetch("/api/openapi.json")).json();
  const fields: Field[] = [];
  for (const [path, { post: route }] of Object.entries<Json>(document.paths)) {
    const schema = route?.requestBody?.content["application/json"].schema;
    if (!schema) continue;
    const row = TABLE.find((row) => row.route === `POST ${path}` && !row.what);
    assert.ok(row, path);
    const id = row.thing ? world.idOf(row.thing, "own", "the customer") : "";
    const { json } = await requestOf(row, id, world);
    const { message: _, ...spoken }: Record<string, unknown> = { ...json };
    for (const [name, property] of Object.entries<Json>(schema.properties ?? {})) {
      const type = [property.type ?? "string"].flat()[0];
      const counts = name === "text" ? spoken : { ...json }; // beside a message it would not be looked at
      fields.push({ route: row.route, name, type, json: counts });
    }
  }
  return fields;
}

const tokenFor = (world: World, { route }: Field): string =>
  /agent|claim|transfer/.test(route) ? world.root.token : world.linus.token;

async function refusal(world: World, field: Field, value: unknown): Promise<string | undefined> {
  const path = field.route.slice("POST ".length);
  const json = { ...field.json, [field.name]: value };
  const { status, body } = await post(world.site.url, path, json, tokenFor(world, field));
  const isRefused = status >= 400 && status < 500 && typeof body.error === "string" &&
    typeof body.code === "string" && (status !== 422 || body.fields?.[field.name] !== undefined);
  const shown = JSON.stringify(value).slice(0, 60);
  return isRefused ? undefined : `${field.route} ${field.name}=${shown}: ${status} ${body.code}`;
}

test("objects, arrays and numbers in place of any text field of the API are refused, field by field", async () => {
  await using world = await World.open();
  const fields = (await fieldsOf(world)).filter(({ route, name, type }) =>
    type === "string" && !IGNORED.has(`${route} ${name}`)
  );
  assert.ok(fields.length > 25, `${fields.length} fields`);
  const before = await world.snapshot();
  const wrong: (string | undefined)[] = [];
  for (const field of fields) {
    for (const value of NOT_TEXT) wrong.push(await refusal(world, field, value));
  }
  assert.deepEqual(wrong.filter(Boolean), []);
  assert.equal(await world.snapshot(), before);
  assert.equal(({} as Json).polluted, undefined);
});

test("NUL and lone surrogates are refused in every text field of the API", async () => {
  await using world = await World.open();
  const fields = (await fieldsOf(world)).filter(({ route, name, type }) =>
    type === "string" && !IGNORED.has(`${route} ${name}`)
  );
  const wrong: (string | undefined)[] = [];
  for (const field of fields.filter(({ name }) => name !== "setupCode")) { // here none is asked for
    for (const value of NO_TEXT_OF_OURS) {
      const path = field.route.slice("POST ".length);
      const json = { ...field.json, [field.name]: value + "long enough" };
      const { status } = await post(world.site.url, path, json, tokenFor(world, field));
      if (status < 400 || status >= 500) wrong.push(`${field.route} ${field.name}: ${status}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("numbers out of range, and what is no number, are refused", async () => {
  await using world = await World.open();
  const NOT_NUMBERS = [-1, 1.5, 1e308, 2 ** 53, -(2 ** 53), "3", "", [], {}, true, "1e3"];
  const fields = (await fieldsOf(world)).filter(({ type }) => /integer|number/.test(type));
  const wrong: (string | undefined)[] = [];
  assert.equal(fields.length, 3); // capacity, rating, basedOn
  for (const field of fields) {
    for (const value of NOT_NUMBERS) wrong.push(await refusal(world, field, value));
  }
  const of = (name: string) => fields.find((field) => field.name === name)!;
  for (const value of [0, 6]) wrong.push(await refusal(world, of("rating"), value));
  for (const value of [0, 101]) wrong.push(await refusal(world, of("capacity"), value));
  assert.deepEqual(wrong.filter(Boolean), []);

  const sessionId = world.idOf("session", "own", "the customer");
  const cursors = ["after", "before", "limit"].flatMap((name) =>
    ["-1", "1.5", "x", "1e3", "99999999999999999", "0x10", "٣", ""].map((value) => [name, value])
  );
  for (const [name = "", value = ""] of [...cursors, ["limit", "0"], ["limit", "201"]]) {
    const query = `sessionId=${sessionId}&${name}=${encodeURIComponent(value)}`;
    const { status, body } = await world.linus.get(`/api/session/messages?${query}`);
    assert.deepEqual([status, body.code], [422, "invalid"], query);
  }
});

test("keys like __proto__ give nobody anything, over JSON and in forms", async () => {
  await using world = await World.open();
  const { site, root } = world;
  const { invite } = (await root.post("/api/agent/invite", {})).body;
  const registration = { name: "Eve", email: "eve@agents.example", password: "correct horse" };
  const sent = JSON.stringify({ ...registration, invite }).replace(
    "{",
    `{"__proto__":{"role":"admin","polluted":1},"constructor":{"prototype":{"polluted":1}},` +
      `"role":"admin","id":"000000000000000000000000","passwordHash":"x",`,
  );
  const response = await site.fetch("/api/agent/register", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: sent,
  });
  const eve = await response.json();
  assert.deepEqual([response.status, eve.role], [201, "agent"]);
  assert.notEqual(eve.id, "000000000000000000000000");
  const form = await world.linus.form("/account/name", {
    name: "Linus",
    "__proto__": "x",
    "__proto__[polluted]": "1",
    "__proto__.polluted": "1",
    "constructor.prototype.polluted": "1",
    "name[]": "x",
    "name.first": "x",
  });
  await form.body?.cancel();
  assert.equal(form.status, 303);
  assert.equal((await world.linus.get("/api/me")).body.name, "Linus");
  assert.equal(({} as Json).polluted, undefined);
  assert.equal(({} as Json).role, undefined);
});

/** A message posted with a body as it is. */
async function raw(site: TestSite, token: string, body: BodyInit, type = "application/json") {
  const headers = { authorization: `Bearer ${token}`, ...(type && { "content-type": type }) };
  const response = await site.fetch("/api/session/message", { method: "POST", headers, body });
  const answer = await response.json();
  return [response.status, answer.code ?? answer.text];
}

test("bodies that are no JSON object in UTF-8 are refused with what is wrong", async () => {
  await using site = await testSite();
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  const well = JSON.stringify({ sessionId, message: "Well" });
  const post = (body: BodyInit, type?: string) => raw(site, linus.token, body, type);
  assert.deepEqual(await post(well), [201, "Well"]); // so that a refusal means something
  assert.deepEqual(await post(well, "application/json; charset=utf-8"), [201, "Well"]);

  for (
    const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "*"]
  ) {
    assert.deepEqual(await post(well, type), [415, "wrong_type"], type);
  }
  assert.deepEqual(await post(new TextEncoder().encode(well), ""), [415, "wrong_type"]);
  for (const body of ["{", "{'a':1}", "undefined", "NaN", `${well}x`, '{"a":01}', "\u0007", " "]) {
    assert.deepEqual(await post(body), [400, "malformed"], body);
  }
  for (const body of ["null", "[]", "3", '"text"', "true", `[${well}]`]) {
    assert.deepEqual(await post(body), [422, "invalid"], body);
  }
  const bytes = new TextEncoder().encode(well.replace("Well", "We?l"));
  bytes[bytes.indexOf("?".charCodeAt(0))] = 0xff;
  assert.deepEqual(await post(bytes), [400, "malformed"]);
  const { body } = await linus.get(`/api/session/messages?sessionId=${sessionId}`);
  const own = body.messages.filter(({ sender }: Json) => sender === "user");
  assert.deepEqual(own.map(({ text }: Json) => text), ["Well", "Well"]);
});

test("a body in pieces, whose length nobody told, is taken like any other", async () => {
  await using site = await testSite();
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  const pieces = [`{"sessionId":"${sessionId}",`, '"message":', '"In pieces"}'];
  const body = ReadableStream.from(pieces.map((piece) => new TextEncoder().encode(piece)));
  assert.deepEqual(await raw(site, linus.token, body), [201, "In pieces"]);
  const bare = await site.fetch("/api/ws-ticket", {
    method: "POST",
    headers: { authorization: `Bearer ${linus.token}` },
  });
  await bare.body?.cancel();
  assert.equal(bare.status, 200); // and one that isn't there is missed by nobody
});

test("of a key that stands twice the last counts, for who may and for what is done", async () => {
  await using site = await testSite();
  const linus = await site.customer("Linus");
  const barbara = await site.customer("Barbara");
  const [own, others] = [(await start(linus)).sessionId, (await start(barbara)).sessionId];
  const twice = (first: string, last: string) =>
    raw(site, linus.token, `{"sessionId":"${first}","sessionId":"${last}","message":"Hello"}`);
  assert.deepEqual(await twice(own, others), [404, "not_found"]);
  assert.deepEqual(await twice(others, own), [201, "Hello"]);
  const { body } = await barbara.get(`/api/session/messages?sessionId=${others}`);
  assert.deepEqual(body.messages, []);
});

test("10,000 levels of JSON are refused like anything that isn't a text", async () => {
  await using site = await testSite();
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  const DEEP = 10_000;
  const arrays = "[".repeat(DEEP) + "]".repeat(DEEP);
  const objects = '{"a":'.repeat(DEEP) + "1" + "}".repeat(DEEP);
  for (const deep of [arrays, objects]) {
    const body = `{"sessionId":"${sessionId}","message":${deep}}`;
    const [status] = await raw(site, linus.token, body);
    assert.ok(status === 422 || status === 400 || status === 413, String(status));
  }
  assert.equal((await send(linus, sessionId, "Still there")).status, 201);
});

test("addresses and queries that can't be read end in a refusal, and never in a fault of ours", async () => {
  await using world = await World.open();
  const { site, linus, root } = world;
  const strange = ["%00", "%", "%ff", "%ed%a0%80", "..%2f..%2f", "%2e%2e", "__proto__", "'--", "𝔘"];
  const paths = strange.flatMap((one) => [
    `/chat/${one}`,
    `/chat/${one}/transcript.txt`,
    `/help/${one}`,
    `/reset/${one}`,
    `/static/${one}`,
    `/api/session/agent/${one}`,
    `/api/session/info?sessionId=${one}`,
    `/history?after=${one}`,
    `/agent/sessions/${one}`,
    `/help?q=${one}`,
    `/agent?q=${one}`,
    `/agent?list=${one}&after=${one}`,
    `/login?next=${one}`,
    `/${one}`,
  ]);
  for (const path of paths) {
    for (const { token } of [linus, root]) {
      const response = await site.fetch(path, { headers: { authorization: `Bearer ${token}` } });
      await response.body?.cancel();
      assert.ok(response.status < 500, `${path}: ${response.status}`);
    }
  }
  assert.deepEqual(site.logged.filter((line) => line.includes('"event":"bug"')), []);
});

// ---- size, against a process of its own ---------------------------------------------------------

test("bodies of 1 MB, 100 MB and without end are refused, memory stays, and others are served", async () => {
  await using server = await Started.open({ env: { RATE_LIMITS: "off" } });
  const linus = await guest(server.url, "Linus");
  const bearer = `authorization: Bearer ${linus.token}`;
  const json = [bearer, "content-type: application/json"];
  const form = [bearer, "content-type: application/x-www-form-urlencoded"];
  const files = [bearer, "content-type: multipart/form-data; boundary=x"];
  const wish = { sessionId: linus.sessionId, message: "Hello" };
  const before = server.memory().now;
  const served: number[] = [];
  let isOver = false;
  const others = (async () => {
    while (!isOver) {
      const from = performance.now();
      const { status } = await post(server.url, "/api/session/message", wish, linus.token);
      assert.equal(status, 201);
      served.push(performance.now() - from);
    }
  })();
  const ENDLESS = 100_000;
  for (const chunked of [false, true]) {
    for (const megabytes of [1, 100, ENDLESS]) {
      for (
        const [path, head] of [
          ["/api/session/message", json],
          ["/api/user/login", json],
          ["/login", form],
          ["/chat/messages", files],
        ] as const
      ) {
        const { status, sent } = await pour(server, path, { head: [...head], megabytes, chunked });
        const name = `${path}, ${megabytes} MB, ${chunked ? "chunked" : "told"}`;
        assert.ok(status === 413 || status === 0, `${name}: ${status}`);
        if (megabytes === 1) assert.equal(status, 413, name);
        assert.ok(sent <= 100, `${name}: it took ${sent} MB`);
      }
    }
  }
  isOver = true;
  await others;
  assert.ok(served.length > 20 && Math.max(...served) < 5_000, `${served.length} sends served`);
  const { most } = server.memory();
  assert.ok(most - before < 100, `${before} MB before, ${most} MB at most`);
  assert.equal((await post(server.url, "/api/session/message", wish, linus.token)).status, 201);
});
