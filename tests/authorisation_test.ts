/** Every route and every socket, for everybody, with everybody's ids: allowed exactly where `route_table.ts` says. */
import assert from "node:assert/strict";
import { testOnEachStore as test } from "./each_store.ts";
import { testSite } from "./helpers.ts";
import type { HttpAnswer } from "./raw_socket.ts";
import { type ByMeans, requestOf, type Row, type Verdict } from "./route_row.ts";
import { TABLE } from "./route_table.ts";
import { type Caller, CALLERS, MEANS, type Means, type Target, TARGETS, World } from "./world.ts";

interface Cell {
  readonly row: Row;
  readonly caller: Caller;
  readonly means: Means;
  readonly target: Target;
}

const nameOf = ({ row, caller, means, target }: Cell): string =>
  `${row.route} ${row.what ?? ""} by ${caller}, ${means}${row.thing ? `, ${target} id` : ""}`;

function* cells(): Generator<Cell> {
  for (const row of TABLE) {
    for (const caller of CALLERS) {
      for (const means of caller === "nobody" ? ["cookie"] as const : MEANS) {
        for (const target of row.thing ? TARGETS : ["own"] as const) {
          yield { row, caller, means, target };
        }
      }
    }
  }
}

/** What the table says. */
export function verdictOf({ row, caller, means, target }: Cell): Verdict {
  const side = /customer$/.test(caller) ? "customer" : "agent";
  const rule = caller === "nobody" || caller.startsWith("a signed-out")
    ? row.nobody
    : caller === "an admin"
    ? row.admin ?? row.agent
    : row[side];
  if (typeof rule !== "object") return rule;
  if ("cookie" in rule) return rule[means];
  const isOwn = target === "own" && caller !== "an admin";
  const of: ByMeans = isOwn ? rule.own : /own|others/.test(target) ? rule.others : rule.missing;
  return typeof of === "object" ? of[means] : of;
}

/** The answer in the table's words. */
function answered({ status, headers }: HttpAnswer, expected: Verdict): Verdict {
  const to = (headers.get("location") ?? "").split("?")[0];
  if (status === 303 && typeof expected === "string") {
    return expected.startsWith("to ") ? `to ${to}` : `303 ${to}`;
  }
  if (status === 303 && /login$/.test(to ?? "")) return `to ${to}`;
  return status === 204 && typeof expected === "string" ? expected : status;
}

const isRefusal = (verdict: Verdict): boolean =>
  typeof verdict === "number" ? verdict >= 400 : /^to |idle$/.test(verdict);

/** Whether what must change nothing, reading or refused, has: looked at once for all of them in a row. */
class Stillness {
  readonly #world: World;
  #before: string | undefined;
  #harmless: string[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** To be called before each of them. */
  async begin(name: string): Promise<void> {
    this.#before ??= await this.#world.snapshot();
    this.#harmless.push(name);
  }

  /** What is wrong, if anything; to be called before what may change something. */
  async end(): Promise<string[]> {
    if (this.#before === undefined) return [];
    const isSame = await this.#world.snapshot() === this.#before;
    const harmless = this.#harmless.splice(0);
    this.#before = undefined;
    return isSame ? [] : [`something changed by one of these: ${harmless.join("; ")}`];
  }
}

test("every route, for everybody, with everybody's ids, allows exactly what the table says", async () => {
  await using world = await World.open();
  const wrong: string[] = [];
  const notFound = new Map<string, string>();
  const stillness = new Stillness(world);
  let allowed = 0;
  for (const cell of cells()) {
    const expected = verdictOf(cell);
    const isHarmless = isRefusal(expected) || cell.row.route.startsWith("GET ");
    if (isHarmless) await stillness.begin(nameOf(cell));
    else wrong.push(...await stillness.end());
    const id = cell.row.thing ? world.idOf(cell.row.thing, cell.target, cell.caller) : "";
    const answer = await world.ask(await requestOf(cell.row, id, world), cell);
    const got = answered(answer, expected);
    if (got !== expected) wrong.push(`${nameOf(cell)}: ${expected} expected, got ${got}`);
    if (answer.status === 404 && cell.caller === "the customer") {
      const { route, what } = cell.row;
      const body = answer.body.replaceAll(id, "…");
      const first = notFound.getOrInsert(`${route} ${what}`, body);
      if (first !== body) wrong.push(`${nameOf(cell)}: not yours and not there differ`);
    }
    if (!isRefusal(expected)) allowed++;
    if (!isHarmless) await world.restore();
  }
  wrong.push(...await stillness.end());
  assert.deepEqual(wrong, []);
  assert.ok(allowed > 500, `only ${allowed} were allowed: refusing everything proves nothing`);
});

test("no route is missing in the table, and the table has none that isn't there", async () => {
  await using site = await testSite({ demo: true });
  const { routes } = site.site.app;
  const own = routes.filter(({ method, handler }) => method !== "ALL" || handler.length < 2);
  const there = new Set(own.map(({ method, path }) => `${method} ${path}`));
  const listed = new Set(TABLE.map(({ route }) => route));
  assert.ok(there.size > 60, `${there.size} routes`); // so that looking at them means something
  assert.deepEqual([...there].filter((route) => !listed.has(route)), [], "without a row");
  assert.deepEqual([...listed].filter((route) => !there.has(route)), [], "without a route");
});

test("the demo's door, which signs anybody in, is there in the demo only", async () => {
  await using site = await testSite();
  const response = await site.fetch("/demo");
  await response.body?.cancel();
  assert.equal(response.status, 404);
  assert.deepEqual(response.headers.getSetCookie(), []);
});

test("no other method does anything at any address, whoever asks", async () => {
  await using world = await World.open();
  const before = await world.snapshot();
  const paths = new Set<string>();
  for (const row of TABLE) {
    if (row.isSocket) continue;
    const id = row.thing ? world.idOf(row.thing, "own", "the customer") : "";
    paths.add((await requestOf(row, id, world)).path);
  }
  const done: string[] = [];
  for (const path of paths) {
    for (const method of ["PUT", "PATCH", "DELETE"]) {
      for (const caller of ["the customer", "an admin"] as const) {
        const { status } = await world.ask({ method, path, json: {} }, { caller, means: "bearer" });
        if (![303, 404].includes(status)) done.push(`${method} ${path}: ${status}`);
      }
    }
  }
  assert.deepEqual(done, []);
  assert.equal(await world.snapshot(), before);
});
