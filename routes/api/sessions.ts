/** Sessions over JSON: start, look, hand over, claim, transfer, end, rate. */
import { createRoute, z } from "@hono/zod-openapi";
import { type Actor, Note, Rating, type Session, type Side } from "../../services/domain.ts";
import { Fault } from "../../services/errors.ts";
import { placed } from "../../services/place.ts";
import { asAgent, asCustomer, asWhoMay, signedIn } from "../actor.ts";
import type { Parts } from "../parts.ts";
import { isCallersName } from "../socket.ts";
import { SessionJson, sessionJson, SessionRowJson, sessionRowJson } from "./json.ts";
import { answer, AnyId, api, body, refusals, refusedWith } from "./openapi.ts";

const found = { ...refusals, 200: answer("The session as it is now", SessionJson) };

/** `POST /api/session/<verb>` by `sides`, with a session's id and perhaps more. */
function verb<P extends string, T extends z.ZodRawShape>(
  parts: Parts,
  path: P,
  more: T,
  sides?: readonly Side[],
) {
  return createRoute({
    method: "post",
    path,
    middleware: signedIn(parts, sides),
    request: { body: body(z.object({ sessionId: AnyId, ...more })) },
    responses: found,
  });
}

const start = (parts: Parts) =>
  createRoute({
    method: "post",
    path: "/api/session/start",
    middleware: signedIn(parts, ["user"]),
    request: {
      body: body(z.object({
        userId: z.string().max(300).nullish(),
        agentId: z.unknown().optional().openapi({ type: "string", description: "Ignored" }),
      })),
    },
    responses: { ...found, 201: answer("A new session", SessionJson) },
  });
const info = (parts: Parts) =>
  createRoute({
    method: "get",
    path: "/api/session/info",
    middleware: signedIn(parts),
    request: { query: z.object({ sessionId: AnyId }) },
    responses: found,
  });
const claim = (parts: Parts) =>
  createRoute({
    method: "post",
    path: "/api/session/claim",
    middleware: signedIn(parts, ["agent"]),
    request: { body: body(z.object({ sessionId: AnyId })) },
    responses: {
      ...found,
      409: refusedWith({
        assignedAgent: z.string().optional(),
        agentName: z.string().optional(),
      }),
    },
  });
const ofAgent = (parts: Parts) =>
  createRoute({
    method: "get",
    path: "/api/session/agent/{agentId}",
    middleware: signedIn(parts, ["agent"]),
    request: { params: z.object({ agentId: AnyId }) },
    responses: {
      ...refusals,
      200: answer(
        "Open sessions, newest activity first",
        z.object({ sessions: z.array(SessionRowJson) }),
      ),
    },
  });

export function sessions(parts: Parts) {
  const { chat, limits, store } = parts;
  const told = async (found: Session) => {
    const { session, queuePosition } = await placed(store, found);
    return sessionJson(session, queuePosition);
  };

  return api()
    .openapi(start(parts), (c) =>
      asCustomer(c, parts, async (customer) => {
        const { userId } = c.req.valid("json");
        if (userId && !await isCallersName(parts, customer, userId)) throw notYours();
        await limits.count("start", customer.id);
        const { session, created } = await chat.start(customer, { closeIfSilent: true });
        return c.json(await told(session), created ? 201 : 200);
      }))
    .openapi(ofAgent(parts), (c) =>
      asAgent(c, parts, async () => {
        const { agentId } = c.req.valid("param");
        if (!await store.agents.find(agentId)) {
          throw new Fault("not_found", "There is no such agent");
        }
        const rows = await store.sessions.carriedBy(agentId);
        return c.json({ sessions: rows.map(sessionRowJson) }, 200);
      }))
    .openapi(info(parts), (c) =>
      asWhoMay(c, parts, async (actor: Actor) => {
        const { sessionId } = c.req.valid("query");
        return c.json(await told(await chat.sessionFor(actor, sessionId)), 200);
      }))
    .openapi(
      verb(parts, "/api/session/handoff", { cancel: z.boolean().optional() }, ["user"]),
      (c) =>
        asCustomer(c, parts, async (customer) => {
          const { sessionId, cancel } = c.req.valid("json");
          const asked = cancel
            ? await chat.leaveLine(customer, sessionId)
            : await chat.ask(customer, sessionId);
          return c.json(await told(asked), 200);
        }),
    )
    .openapi(claim(parts), (c) =>
      asAgent(c, parts, async (agent) => {
        const { sessionId } = c.req.valid("json");
        return c.json(await told(await chat.claim(agent, sessionId)), 200);
      }))
    .openapi(
      verb(parts, "/api/session/transfer", { agentId: AnyId, note: Note.optional() }, ["agent"]),
      (c) =>
        asAgent(c, parts, async (agent) => {
          const { sessionId, agentId, note } = c.req.valid("json");
          return c.json(await told(await chat.transfer(agent, sessionId, agentId, note)), 200);
        }),
    )
    .openapi(verb(parts, "/api/session/end", {}), (c) =>
      asWhoMay(c, parts, async (actor) => {
        const { sessionId } = c.req.valid("json");
        return c.json(await told(await chat.close(actor, sessionId)), 200);
      }))
    .openapi(
      verb(parts, "/api/session/rate", { rating: Rating, comment: Note.optional() }, ["user"]),
      (c) =>
        asCustomer(c, parts, async (customer) => {
          const { sessionId, ...rating } = c.req.valid("json");
          return c.json(await told(await chat.rate(customer, sessionId, rating)), 200);
        }),
    );
}

const notYours = () => new Fault("forbidden", "That is another customer's id");
