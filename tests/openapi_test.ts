/** The OpenAPI document says what the API does: every route, who may, what it takes and how it refuses (SPEC section 4). */
import assert from "node:assert/strict";
import { test, type TestSite, testSite } from "./helpers.ts";
import { TABLE } from "./route_table.ts";
import { act, refused, say, send, start } from "./talk.ts";

// deno-lint-ignore no-explicit-any -- schemas are looked at field by field
type Json = any;

const documentOf = async (site: TestSite): Promise<Json> =>
  await (await site.fetch("/api/openapi.json")).json();

/** `GET /api/me` and so on, as in the table of routes. */
const operationsOf = ({ paths }: Json): [string, Json][] =>
  Object.entries<Json>(paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).map(([method, operation]): [string, Json] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ])
  );

const operation = (document: Json, route: string): Json =>
  operationsOf(document).find(([name]) => name === route)?.[1];

/** Names of the fields that a schema declares, those that it refers to included. */
function fieldsOf(document: Json, schema: Json): string[] {
  const name = schema.$ref?.split("/").at(-1);
  const whole = name === undefined ? schema : document.components.schemas[name];
  const parts: Json[] = whole.allOf ?? [];
  return [
    ...Object.keys(whole.properties ?? {}),
    ...parts.flatMap((part) => fieldsOf(document, part)),
  ];
}

test("the document has every route of the API, and no other", async () => {
  await using site = await testSite();
  const documented = operationsOf(await documentOf(site)).map(([route]) => route);
  const there = TABLE.map(({ route }) => route.replace(":agentId", "{agentId}"))
    .filter((route) => /^\w+ \/(api\/|healthz|readyz|metrics)/.test(route))
    .filter((route) => route !== "GET /api/openapi.json");
  assert.deepEqual(documented.sort(), [...new Set(there)].sort());
});

test("it is of version 3.1, its references lead somewhere, and each operation has its parameters and answers", async () => {
  await using site = await testSite();
  const document = await documentOf(site);
  assert.match(document.openapi, /^3\.1\.\d+$/);
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)];
  assert.ok(references.length > 20);
  for (const [, path = ""] of references) {
    const found = path.split("/").reduce((node: Json, name) => node?.[name], document);
    assert.equal(typeof found, "object", path);
  }
  for (const [route, { parameters = [], responses }] of operationsOf(document)) {
    const inPath = [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const declared = parameters.filter((one: Json) => one.in === "path" && one.required);
    assert.deepEqual(declared.map(({ name }: Json) => name), inPath, route);
    for (const [status, { description, content }] of Object.entries<Json>(responses)) {
      assert.match(status, /^[1-5]\d\d$/);
      assert.ok(description && content, `${route} ${status}`);
    }
  }
});

test("a bearer is asked for exactly where nobody else may", async () => {
  await using site = await testSite();
  const document = await documentOf(site);
  for (const [route, { security = document.security }] of operationsOf(document)) {
    const row = TABLE.find((row) => row.route === route.replace("{agentId}", ":agentId"));
    const isOpen = security.length === 0 || security.some((one: Json) => !("bearer" in one));
    assert.equal(isOpen, row?.nobody !== 401, route);
  }
});

test("a message is said as message or text, and a page is asked for in whole numbers", async () => {
  await using site = await testSite();
  const document = await documentOf(site);
  const { schema } = operation(document, "POST /api/session/message")
    .requestBody.content["application/json"];
  assert.deepEqual(schema.required, ["sessionId"]);
  assert.deepEqual(schema.anyOf, [{ required: ["message"] }, { required: ["text"] }]);
  for (const name of ["message", "text"]) assert.equal(schema.properties[name].type, "string");
  const { parameters } = operation(document, "GET /api/session/messages");
  const of = (name: string) => parameters.find((one: Json) => one.name === name);
  assert.deepEqual(of("limit").schema, { type: "integer", minimum: 1, maximum: 200, default: 50 });
  for (const name of ["after", "before", "limit"]) {
    assert.deepEqual([of(name).schema.type, of(name).required], ["integer", false]);
  }
});

test("refusals have no field that the document doesn't declare", async () => {
  await using site = await testSite();
  const document = await documentOf(site);
  const [ada, grace] = [await site.agent("Ada"), await site.agent("Grace")];
  const linus = await site.customer("Linus");
  const { sessionId, assignedAgent } = await start(linus);
  const [owner, other] = assignedAgent === ada.id ? [ada, grace] : [grace, ada];
  await say(linus, sessionId, "Hello");
  const refusals: [string, Json, string[]][] = [
    ["claim", await act(other, "claim", sessionId), ["assignedAgent", "agentName"]],
    ["message", await send(owner, sessionId, "Blind", { basedOn: 0 }), ["messages"]],
  ];
  for (const [verb, answer, more] of refusals) {
    const names = Object.keys(refused(answer, 409));
    const { schema } = operation(document, `POST /api/session/${verb}`)
      .responses[409].content["application/json"];
    assert.deepEqual(names.sort(), ["code", "error", ...more].sort());
    for (const name of names) assert.ok(fieldsOf(document, schema).includes(name), name);
  }
});
