/** What the rows of `route_table.ts` are made of. */
import { PASSWORD } from "./helpers.ts";
import type { Request_, Thing, World } from "./world.ts";

/** A status; `to /login` where one is sent there instead; `204 idle` for done without any effect. */
export type Verdict = number | string;
/** A cookie counts only at addresses of its side; a bearer counts everywhere. */
export type ByMeans = Verdict | { readonly cookie: Verdict; readonly bearer: Verdict };
/** `missing`: a random or malformed id. */
export type ByTarget = ByMeans | {
  readonly own: ByMeans;
  readonly others: ByMeans;
  readonly missing: ByMeans;
};

export interface Row {
  /** As in the app's own table. */
  readonly route: string;
  /** Where a route is asked in several ways. */
  readonly what?: string;
  /** Whose `id` it is asked with. */
  readonly thing?: Thing;
  /** Signed-out ones are nobody. */
  readonly nobody: ByTarget;
  readonly customer: ByTarget;
  readonly agent: ByTarget;
  /** Where an admin may more; to an admin everything is another's. */
  readonly admin?: ByTarget;
  readonly isSocket?: boolean;
  /** The address, where it isn't the route with its `:id` put in. */
  path?(id: string, world: World): string | Promise<string>;
  json?(id: string, world: World): object | Promise<object>;
  form?(id: string, world: World): Record<string, string> | Promise<Record<string, string>>;
}

export async function requestOf(row: Row, id: string, world: World): Promise<Request_> {
  const [method = "", route = ""] = row.route.split(" ");
  const path = await row.path?.(id, world) ?? route.replace(/:\w+/, encodeURIComponent(id));
  const json = await row.json?.(id, world);
  const isPlainForm = method === "POST" && !path.startsWith("/api/");
  const form = await row.form?.(id, world) ?? (isPlainForm ? {} : undefined);
  return { method, path, isSocket: row.isSocket ?? false, json, form };
}

/** The same for everybody. */
export const all = (verdict: Verdict) => ({ nobody: verdict, customer: verdict, agent: verdict });
export const theirs = (own: Verdict): ByTarget => ({ own, others: 404, missing: 404 });
export const anyones = (verdict: Verdict): ByTarget => ({
  own: verdict,
  others: verdict,
  missing: 404,
});

export const account = async (world: World) => ({
  name: "Alan",
  email: `${await world.fresh()}@example.com`,
  password: PASSWORD,
});
export const invited = async (world: World) => ({
  ...await account(world),
  invite: await world.site.site.parts.signIns.invite("agent", undefined),
});
