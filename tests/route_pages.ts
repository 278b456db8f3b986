/** The pages' rows of the route table: SPEC section 3. */
import { assets } from "../routes/static.ts";
import { PASSWORD } from "./helpers.ts";
import { account, all, anyones, type ByTarget, invited, type Row, theirs } from "./route_row.ts";
import type { World } from "./world.ts";

const login = "to /login";
const agentLogin = "to /agent/login";

const customers = (customer: ByTarget) => ({ nobody: login, customer, agent: login });
const agents = (agent: ByTarget) => ({ nobody: agentLogin, customer: agentLogin, agent });
const admins = (admin: ByTarget) => ({
  nobody: agentLogin,
  customer: agentLogin,
  agent: 403,
  admin,
});
const reset = async (world: World) =>
  `/reset/${await world.site.site.parts.signIns.reset("user", world.linus.id)}`;
const renamed = { form: () => ({ name: "Renamed" }) };
const samePassword = { form: () => ({ current: PASSWORD, password: PASSWORD }) };
const message = { form: () => ({ text: "Hello" }) };

export const PAGES: readonly Row[] = [
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
  // They read, and tell the agent alone.
  { route: "POST /agent/sessions/:id/suggestion", thing: "session", ...agents(anyones(200)) },
  { route: "POST /agent/sessions/:id/summary", thing: "session", ...agents(anyones(200)) },
  { route: "GET /agent/team", ...admins(200) },
  { route: "POST /agent/team/invitations", form: () => ({ role: "agent" }), ...admins(200) },
  { route: "POST /agent/team/:id/reset", thing: "agent", ...admins(anyones(200)) },
];
