/** Whatever is thrown → a page, a fragment for htmx, or JSON. */
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { routePath } from "hono/route";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { Fault, type FaultCode } from "../services/errors.ts";
import type { Message } from "../services/domain.ts";
import { ErrorPage, type ErrorPageProps } from "../views/problem.tsx";
import { identitiesOf, isPartial } from "./actor.ts";
import { messageJson } from "./api/json.ts";
import type { Env, Parts } from "./parts.ts";

export const STATUS = {
  malformed: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  taken: 409,
  conflict: 409,
  stale: 409,
  already_assigned: 409,
  not_assigned: 409,
  not_present: 409,
  closed: 409,
  still_open: 409,
  too_large: 413,
  wrong_type: 415,
  invalid: 422,
  rate_limited: 429,
  unavailable: 503,
} as const satisfies Record<FaultCode, ContentfulStatusCode>;

/** The JSON of a fault, the same over HTTP and on a socket. */
export function faultJson({ code, message, details }: Fault) {
  const { retryAfter: _, messages, ...rest } = details;
  const missed = messages as readonly Message[] | undefined;
  return { error: message, code, ...rest, ...(missed && { messages: missed.map(messageJson) }) };
}

export const answersJson = (c: Context): boolean =>
  /^\/(api|ws|healthz|readyz|metrics)(\/|$)/.test(c.req.path);

export function onError(parts: Parts) {
  return (error: Error, c: Context<Env>): Response | Promise<Response> => {
    const fault = faultOf(error);
    if (!fault) return bug(parts, error, c);
    if (fault.code === "unavailable") parts.log.warn("unavailable", { error: fault });
    const status = STATUS[fault.code];
    const { retryAfter } = fault.details;
    if (retryAfter !== undefined) c.header("retry-after", String(retryAfter));
    if (answersJson(c)) return c.json(faultJson(fault), status);
    return problem(parts, c, status, fault.message);
  };
}

export function notFound(parts: Parts) {
  return (c: Context<Env>): Response | Promise<Response> => {
    const message = "There is nothing at this address";
    if (answersJson(c)) return c.json({ error: message, code: "not_found" }, 404);
    return problem(parts, c, 404, message);
  };
}

async function problem(
  parts: Parts,
  c: Context<Env>,
  status: ContentfulStatusCode,
  message: string,
): Promise<Response> {
  if (isPartial(c)) return c.text(message, status);
  const requestId = status === 500 ? c.var.requestId : undefined; // to find the bug in the log by
  const reader = await readerOf(parts, c, status);
  return c.html(
    <ErrorPage
      {...reader}
      site={parts.site}
      status={status}
      message={message}
      requestId={requestId}
    />,
    status,
  );
}

/** Whoever is signed in, for whom a refusal isn't to look like being signed out; nobody where the store may be what failed. */
async function readerOf(
  parts: Parts,
  c: Context<Env>,
  status: number,
): Promise<Pick<ErrorPageProps, "viewer" | "agent">> {
  if (status >= 500) return {};
  try {
    const [first] = await identitiesOf(c, parts);
    if (first?.actor.side === "user") return { viewer: first.actor };
    return { agent: first && await parts.store.agents.find(first.actor.id) };
  } catch {
    return {};
  }
}

/** hono throws its own for what it could not read. */
function faultOf(error: Error): Fault | undefined {
  if (error instanceof Fault) return error;
  if (!(error instanceof HTTPException) || error.status >= 500) return undefined;
  if (error.status === 413) return new Fault("too_large", "That is too large");
  return new Fault("malformed", "The request could not be read");
}

function bug(parts: Parts, error: Error, c: Context<Env>): Response | Promise<Response> {
  const { requestId } = c.var;
  const path = routePath(c, -1); // its pattern: an address may hold a token
  parts.log.error("bug", { requestId, method: c.req.method, path, error });
  const message = "Something went wrong";
  if (answersJson(c)) return c.json({ error: message, code: "bug", requestId }, 500);
  return problem(parts, c, 500, message);
}
