/** Agents over JSON: register, sign in, invite, status and capacity. */
import { createRoute, z } from "@hono/zod-openapi";
import { AgentStatus, Capacity, Email, Name, Password, TIMES } from "../../services/domain.ts";
import { fromNow } from "../../services/clock.ts";
import { Fault } from "../../services/errors.ts";
import { asAgent, isAdmin, setSignInCookie, signedIn } from "../actor.ts";
import type { Parts } from "../parts.ts";
import { addressOf, baseUrl } from "../security.ts";
import { begin, proveInLimits } from "../signing_in.ts";
import { answer, AnyId, api, body, open, refusals } from "./openapi.ts";

const Role = z.enum(["admin", "agent"]);
const Registered = z.object({
  agentId: z.string(),
  id: z.string(),
  name: z.string(),
  email: z.string(),
  role: Role,
  message: z.string(),
});
const SignedInAgent = Registered.omit({ id: true }).extend({
  status: AgentStatus,
  token: z.string(),
});

const register = createRoute({
  ...open,
  method: "post",
  path: "/api/agent/register",
  request: {
    body: body(z.object({
      name: Name,
      email: Email,
      password: Password,
      invite: z.string().max(200).optional(),
      setupCode: z.string().max(200).optional(),
    })),
  },
  responses: { ...refusals, 201: answer("Registered; the first agent is the admin", Registered) },
});
const login = createRoute({
  ...open,
  method: "post",
  path: "/api/agent/login",
  request: {
    body: body(z.object({ email: z.string().max(1_000), password: z.string().max(1_000) })),
  },
  responses: { ...refusals, 200: answer("Signed in and available", SignedInAgent) },
});
const invitation = (parts: Parts) =>
  createRoute({
    method: "post",
    path: "/api/agent/invite",
    middleware: signedIn(parts, ["agent"]),
    request: { body: body(z.object({ email: Email.optional(), role: Role.default("agent") })) },
    responses: {
      ...refusals,
      201: answer(
        "Good once, for 7 days",
        z.object({ invite: z.string(), url: z.url(), expiresAt: z.iso.datetime() }),
      ),
    },
  });
const status = (parts: Parts) =>
  createRoute({
    method: "post",
    path: "/api/agent/status",
    middleware: signedIn(parts, ["agent"]),
    request: {
      body: body(z.object({
        status: AgentStatus.optional(),
        agentId: AnyId.optional(),
        capacity: Capacity.optional(),
      })),
    },
    responses: {
      ...refusals,
      200: answer(
        "As it is now",
        z.object({ agentId: z.string(), status: AgentStatus, capacity: z.int() }),
      ),
    },
  });

export function agents(parts: Parts) {
  const { accounts, clock, config, desk, limits, signIns, store } = parts;
  return api()
    .openapi(register, async (c) => {
      await limits.count("register", addressOf(c, config));
      const { id, name, email, role } = await accounts.registerAgent(c.req.valid("json"));
      return c.json({ agentId: id, id, name, email, role, message: "Account created" }, 201);
    })
    .openapi(login, async (c) => {
      const { email, password } = c.req.valid("json");
      const { id } = await proveInLimits(
        c,
        parts,
        email,
        (address) => accounts.agentBy(address, password),
      );
      const token = await begin(c, parts, "agent", id);
      setSignInCookie(c, parts, "agent", token);
      const agent = await store.agents.find(id);
      if (!agent) throw new Fault("unauthorized", "This account is gone");
      const { name, role, status } = agent;
      const message = "Signed in";
      return c.json({ agentId: id, name, email: agent.email, role, status, token, message }, 200);
    })
    .openapi(invitation(parts), (c) =>
      asAgent(c, parts, async (agent) => {
        if (!isAdmin(agent)) throw new Fault("forbidden", "Only admins invite");
        const { email, role } = c.req.valid("json");
        const invite = await signIns.invite(role, email);
        const url = `${baseUrl(c, config)}/agent/register?invite=${invite}`;
        const expiresAt = fromNow(clock, TIMES.invite).toISOString();
        return c.json({ invite, url, expiresAt }, 201);
      }))
    .openapi(status(parts), (c) =>
      asAgent(c, parts, async (agent) => {
        const { status: chosen, agentId, capacity } = c.req.valid("json");
        if (agentId !== undefined && agentId !== agent.id) {
          throw new Fault("forbidden", "Agents set their own status only");
        }
        const now = await desk.set(agent.id, {
          ...(chosen && { chosen }),
          ...(capacity !== undefined && { capacity }),
        });
        return c.json({ agentId: now.id, status: now.status, capacity: now.capacity }, 200);
      }));
}
