/** Who am I, sign out, and a ticket for a socket without cookies. */
import { createRoute, z } from "@hono/zod-openapi";
import { AgentStatus, TIMES } from "../../services/domain.ts";
import { Fault } from "../../services/errors.ts";
import { asWhoMay, signedIn } from "../actor.ts";
import type { Parts } from "../parts.ts";
import { endCarried } from "../signing_in.ts";
import { answer, api, refusals } from "./openapi.ts";

const Me = z.object({
  kind: z.enum(["user", "agent"]),
  id: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  role: z.enum(["admin", "agent"]).nullable(),
  status: AgentStatus.nullable(),
});

const me = (parts: Parts) =>
  createRoute({
    method: "get",
    path: "/api/me",
    middleware: signedIn(parts),
    responses: { ...refusals, 200: answer("Whoever the request speaks for", Me) },
  });
const logout = (parts: Parts) =>
  createRoute({
    method: "post",
    path: "/api/logout",
    middleware: signedIn(parts),
    responses: {
      ...refusals,
      200: answer("Every sign-in of the request has ended", z.object({ message: z.string() })),
    },
  });
const ticket = (parts: Parts) =>
  createRoute({
    method: "post",
    path: "/api/ws-ticket",
    middleware: signedIn(parts),
    responses: {
      ...refusals,
      200: answer(
        "Opens one socket",
        z.object({ ticket: z.string(), expiresIn: z.int() }),
      ),
    },
  });

export function myself(parts: Parts) {
  const { signIns, store } = parts;
  return api()
    .openapi(me(parts), (c) =>
      asWhoMay(c, parts, async ({ side, id }) => {
        if (side === "user") {
          const customer = await store.customers.find(id);
          if (!customer) throw gone();
          const { name, email = null } = customer;
          return c.json({ kind: side, id, name, email, role: null, status: null }, 200);
        }
        const agent = await store.agents.find(id);
        if (!agent) throw gone();
        const { name, email, role, status } = agent;
        return c.json({ kind: side, id, name, email, role, status }, 200);
      }))
    .openapi(logout(parts), async (c) => {
      await endCarried(c, parts);
      return c.json({ message: "Signed out" }, 200);
    })
    .openapi(ticket(parts), (c) =>
      asWhoMay(c, parts, async (_actor, { signInId }) => {
        const made = await signIns.ticket(signInId);
        return c.json({ ticket: made, expiresIn: TIMES.ticket / 1_000 }, 200);
      }));
}

const gone = () => new Fault("unauthorized", "This account is gone");
