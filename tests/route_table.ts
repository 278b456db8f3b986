/** Every route, what it is asked with, and who gets what: SPEC sections 3, 4 and 5 as a table. */
import { PASSWORD } from "./helpers.ts";
import { PAGES } from "./route_pages.ts";
import { account, all, anyones, type ByTarget, invited, type Row, theirs } from "./route_row.ts";

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
