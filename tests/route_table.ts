/** Every route, what it is asked with, and who gets what: SPEC sections 3, 4 and 5 as a table. */
import { assets } from "../routes/static.ts";
import { PASSWORD } from "./helpers.ts";
import { type Request_, type Thing, World } from "./world.ts";

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
const all = (verdict: Verdict) => ({ nobody: verdict, customer: verdict, agent: verdict });
const login = "to /login";
const agentLogin = "to /agent/login";

// ---- pages --------------------------------------------------------------------------------------

const customers = (customer: ByTarget) => ({ nobody: login, customer, agent: login });
const agents = (agent: ByTarget) => ({ nobody: agentLogin, customer: agentLogin, agent });
const admins = (admin: ByTarget) => ({
  nobody: agentLogin,
  customer: agentLogin,
  agent: 403,
  admin,
});
const theirs = (own: Verdict): ByTarget => ({ own, others: 404, missing: 404 });
const anyones = (verdict: Verdict): ByTarget => ({ own: verdict, others: verdict, missing: 404 });

const account = async (world: World) => ({
  name: "Alan",
  email: `${await world.fresh()}@example.com`,
  password: PASSWORD,
});
const invited = async (world: World) => ({
  ...await account(world),
  invite: await world.site.site.parts.signIns.invite("agent", undefined),
});
const reset = async (world: World) =>
  `/reset/${await world.site.site.parts.signIns.reset("user", world.linus.id)}`;
const renamed = { form: () => ({ name: "Renamed" }) };
const samePassword = { form: () => ({ current: PASSWORD, password: PASSWORD }) };
const message = { form: () => ({ text: "Hello" }) };

const PAGES: readonly Row[] = [
  { route: "GET /", ...all(200) },
  { route: "GET /help", ...all(200) },
  { route: "GET /help/:slug", path: () => "/help/returns", ...all(200) },
  { route: "GET /help/:slug", what: "of no article", path: () => "/help/none", ...all(404) },
  { route: "GET /demo", ...all(200) },
  { route: "GET /static/:file", path: () => assets.css, ...all(200) },
  { route: "GET /static/:file", what: "of no file", path: () => "/static/x.js", ...all(404) },

  { route: "GET /register", ...all(200) },
  { route: "POST /register", form: (_, world) => account(world), ...all(303) },
  { route: "GET /login", ...all(200) },
  {
    route: "POST /login",
    form: (_, { linus }) => ({ email: linus.email, password: PASSWORD }),
    ...all(303),
  },
  {
    route: "POST /login",
    what: "with an agent's account",
    form: (_, { ada }) => ({ email: ada.email, password: PASSWORD }),
    ...all(422),
  },
  { route: "POST /guest", form: () => ({ name: "Alan" }), ...all(303) },
  { route: "POST /logout", ...all(303) },
  { route: "GET /reset/:token", path: (_, world) => reset(world), ...all(200) },
  { route: "GET /reset/:token", what: "of no link", path: () => "/reset/none", ...all(404) },
  {
    route: "POST /reset/:token",
    path: (_, world) => reset(world),
    form: () => ({ password: PASSWORD }),
    ...all("303 /login"),
  },
  {
    route: "POST /reset/:token",
    what: "of no link",
    path: () => "/reset/none",
    form: () => ({ password: PASSWORD }),
    ...all(404),
  },

  { route: "GET /account", ...customers(200) },
  { route: "POST /account/name", ...renamed, ...customers(303) },
  { route: "POST /account/password", ...samePassword, ...customers(303) },
  { route: "POST /account/sign-outs", ...customers(303) },

  { route: "GET /chat", ...customers(200) },
  { route: "POST /chat/messages", ...message, ...customers(303) },
  { route: "POST /chat/handoff", ...customers(303) },
  { route: "GET /chat/:id", thing: "session", ...customers(theirs(200)) },
  { route: "POST /chat/:id/messages", thing: "session", ...message, ...customers(theirs(303)) },
  { route: "POST /chat/:id/handoff", thing: "session", ...customers(theirs(303)) },
  { route: "POST /chat/:id/closure", thing: "session", ...customers(theirs(303)) },
  {
    route: "POST /chat/:id/rating",
    thing: "closed session",
    form: () => ({ rating: "4" }),
    ...customers(theirs(303)),
  },
  { route: "POST /chat/:id/typing", thing: "session", ...customers(theirs(204)) },
  {
    route: "POST /chat/:id/seen",
    thing: "session",
    form: () => ({ seq: "1" }),
    ...customers(theirs(204)),
  },
  { route: "GET /chat/:id/transcript.txt", thing: "session", ...customers(theirs(200)) },
  { route: "GET /chat/:id/transcript.json", thing: "session", ...customers(theirs(200)) },
  { route: "GET /chat/:id/live", thing: "session", isSocket: true, ...customers(theirs(101)) },
  { route: "GET /history", ...customers(200) },
  {
    route: "GET /history",
    what: "from a session on",
    thing: "session",
    path: (id) => `/history?after=${encodeURIComponent(id)}`,
    ...customers(theirs(200)),
  },

  { route: "GET /agent/login", ...all(200) },
  {
    route: "POST /agent/login",
    form: (_, { ada }) => ({ email: ada.email, password: PASSWORD }),
    ...all(303),
  },
  {
    route: "POST /agent/login",
    what: "with a customer's account",
    form: (_, { linus }) => ({ email: linus.email, password: PASSWORD }),
    ...all(422),
  },
  { route: "GET /agent/register", ...all(200) },
  { route: "POST /agent/register", form: (_, world) => invited(world), ...all(303) },
  {
    route: "POST /agent/register",
    what: "without an invitation",
    form: (_, world) => account(world),
    ...all(422),
  },
  { route: "POST /agent/logout", ...all("303 /agent/login") },
  { route: "GET /agent/account", ...agents(200) },
  { route: "POST /agent/account/name", ...renamed, ...agents(303) },
  { route: "POST /agent/account/password", ...samePassword, ...agents(303) },
  { route: "POST /agent/account/sign-outs", ...agents("303 /agent/login") },
  { route: "POST /agent/account/capacity", form: () => ({ capacity: "3" }), ...agents(303) },

  { route: "GET /agent", ...agents(200) },
  { route: "POST /agent/status", form: () => ({ status: "busy" }), ...agents(303) },
  { route: "GET /agent/live", isSocket: true, ...agents(101) },
  {
    route: "GET /agent/live",
    what: "on a session",
    thing: "session",
    isSocket: true,
    path: (id) => `/agent/live?session=${encodeURIComponent(id)}`,
    ...agents(anyones(101)),
  },
  { route: "GET /agent/sessions/:id", thing: "session", ...agents(anyones(200)) },
  {
    route: "POST /agent/sessions/:id/messages",
    thing: "session",
    ...message,
    ...agents({ own: 303, others: 422, missing: 404 }), // the desk again, with what was typed
  },
  {
    route: "POST /agent/sessions/:id/assignment",
    thing: "session",
    ...agents({ own: 303, others: 409, missing: 404 }),
  },
  {
    route: "POST /agent/sessions/:id/transfer",
    thing: "session",
    form: (_, { root }) => ({ to: root.id }),
    ...agents(anyones(303)),
  },
  { route: "POST /agent/sessions/:id/closure", thing: "session", ...agents(anyones(303)) },
  {
    route: "POST /agent/sessions/:id/typing",
    thing: "session",
    ...agents({ own: 204, others: "204 idle", missing: 404 }),
  },
  {
    route: "POST /agent/sessions/:id/seen",
    thing: "session",
    form: () => ({ seq: "1" }),
    ...agents({ own: 204, others: "204 idle", missing: 404 }),
  },
  { route: "GET /agent/team", ...admins(200) },
  { route: "POST /agent/team/invitations", form: () => ({ role: "agent" }), ...admins(200) },
  { route: "POST /agent/team/:id/reset", thing: "agent", ...admins(anyones(200)) },
];

// ---- the JSON API and its socket ----------------------------------------------------------------

const both = (customer: ByTarget, agent: ByTarget) => ({ nobody: 401, customer, agent });
const elsewhere = { cookie: 401, bearer: 403 };
const id = { json: (sessionId: string) => ({ sessionId }) };
const found = both(theirs(200), anyones(200));
const agentsOnly = (agent: ByTarget) => both(403, agent);
const customersOnly = (customer: ByTarget) => both(customer, 403);
const socket = { route: "GET /ws", thing: "session", isSocket: true } as const;

const API: readonly Row[] = [
  { route: "GET /healthz", ...all(200) },
  { route: "GET /readyz", ...all(200) },
  { route: "GET /metrics", ...all(200) }, // from this host; see headers_test.ts for elsewhere
  { route: "GET /api/openapi.json", ...all(200) },

  { route: "POST /api/user/register", json: (_, world) => account(world), ...all(201) },
  {
    route: "POST /api/user/login",
    json: (_, { linus }) => ({ email: linus.email, password: PASSWORD }),
    ...all(200),
  },
  {
    route: "POST /api/user/login",
    what: "with an agent's account",
    json: (_, { ada }) => ({ email: ada.email, password: PASSWORD }),
    ...all(401),
  },
  { route: "POST /api/user/guest", json: () => ({ name: "Alan" }), ...all(201) },
  { route: "POST /api/agent/register", json: (_, world) => invited(world), ...all(201) },
  {
    route: "POST /api/agent/register",
    what: "without an invitation",
    json: (_, world) => account(world),
    ...all(403),
  },
  {
    route: "POST /api/agent/login",
    json: (_, { ada }) => ({ email: ada.email, password: PASSWORD }),
    ...all(200),
  },
  {
    route: "POST /api/agent/login",
    what: "with a customer's account",
    json: (_, { linus }) => ({ email: linus.email, password: PASSWORD }),
    ...all(401),
  },
  {
    route: "POST /api/agent/invite",
    json: () => ({}),
    nobody: 401,
    customer: elsewhere,
    agent: 403,
    admin: 201,
  },
  {
    route: "POST /api/agent/status",
    thing: "agent",
    json: (agentId) => ({ agentId, status: "busy" }),
    nobody: 401,
    customer: elsewhere,
    agent: { own: 200, others: 403, missing: 403 },
  },

  {
    route: "POST /api/session/start",
    thing: "customer",
    json: (userId) => ({ userId }),
    ...customersOnly({ own: 200, others: 403, missing: 403 }),
  },
  {
    route: "GET /api/session/agent/:agentId",
    thing: "agent",
    ...agentsOnly(anyones(200)),
  },
  {
    route: "GET /api/session/info",
    thing: "session",
    path: (id) => `/api/session/info?sessionId=${encodeURIComponent(id)}`,
    ...found,
  },
  {
    route: "GET /api/session/messages",
    thing: "session",
    path: (id) => `/api/session/messages?sessionId=${encodeURIComponent(id)}`,
    ...found,
  },
  { route: "POST /api/session/handoff", thing: "session", ...id, ...customersOnly(theirs(200)) },
  {
    route: "POST /api/session/claim",
    thing: "session",
    ...id,
    ...agentsOnly({ own: 200, others: 409, missing: 404 }),
  },
  {
    route: "POST /api/session/transfer",
    thing: "session",
    json: (sessionId, { root }) => ({ sessionId, agentId: root.id }),
    ...agentsOnly(anyones(200)),
  },
  { route: "POST /api/session/end", thing: "session", ...id, ...found },
  {
    route: "POST /api/session/rate",
    thing: "closed session",
    json: (sessionId) => ({ sessionId, rating: 3 }),
    ...customersOnly(theirs(200)),
  },
  {
    route: "POST /api/session/message",
    thing: "session",
    json: (sessionId) => ({ sessionId, message: "Hello", sender: "agent" }),
    ...both(theirs(201), { own: 201, others: 403, missing: 404 }),
  },
  { route: "GET /api/me", ...both(200, 200) },
  { route: "POST /api/logout", ...both(200, 200) },
  { route: "POST /api/ws-ticket", ...both(200, 200) },

  {
    ...socket,
    path: (id) => `/ws?sessionId=${encodeURIComponent(id)}`,
    ...both(theirs(101), anyones(101)),
  },
  {
    ...socket,
    what: "as a customer",
    thing: "customer",
    path: (id, world) => {
      const whose = id === world.barbara.id ? "another customer" : "the customer";
      const sessionId = world.idOf("session", "own", whose);
      return `/ws?sessionId=${sessionId}&userId=${encodeURIComponent(id)}`;
    },
    nobody: 401,
    customer: { own: 101, others: 403, missing: 403 },
    agent: elsewhere,
  },
  {
    ...socket,
    what: "as an agent",
    thing: "agent",
    path: (id) => `/ws?agentId=${encodeURIComponent(id)}`,
    nobody: 401,
    customer: elsewhere,
    agent: { own: 101, others: 403, missing: 403 },
  },
  {
    ...socket,
    what: "without a session",
    thing: "customer",
    path: () => "/ws",
    ...both(400, 101),
  },
];

export const TABLE: readonly Row[] = [...API, ...PAGES];
