/** Cookie, bearer or ticket → who is asking; and who may pass. */
import type { Context, MiddlewareHandler } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import type { CustomerActor } from "../services/chat.ts";
import type { AgentActor } from "../services/desk.ts";
import { type Actor, type Side, TIMES } from "../services/domain.ts";
import { Fault } from "../services/errors.ts";
import type { Env, Identity, Parts } from "./parts.ts";
import { isHttps, isOwnOrigin } from "./security.ts";

const SIDES = ["user", "agent"] as const;
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

// ---- cookies ------------------------------------------------------------------------------------

const cookieOf = (side: Side) => `handoff_${side}`;

/** The `__Host-` name where the site is on https: no other host or path can set or overwrite it. */
export function setSignInCookie(c: Context<Env>, parts: Parts, side: Side, token: string): void {
  const https = isHttps(c, parts.config);
  c.set("setsCookie", true);
  setCookie(c, cookieOf(side), token, {
    httpOnly: true,
    sameSite: "Lax",
    path: "/",
    maxAge: TIMES.signIn / 1_000,
    secure: https,
    ...(https && { prefix: "host" as const }),
  });
}

export function dropSignInCookie(c: Context<Env>, parts: Parts, side: Side): void {
  const https = isHttps(c, parts.config);
  deleteCookie(c, `${https ? "__Host-" : ""}${cookieOf(side)}`, { path: "/", secure: https });
}

function tokenOf(c: Context<Env>, parts: Parts, side: Side): string | undefined {
  return isHttps(c, parts.config)
    ? getCookie(c, cookieOf(side), "host")
    : getCookie(c, cookieOf(side));
}

// ---- who is asking ------------------------------------------------------------------------------

/** The sides that count at an address, the preferred first (SPEC section 5). */
function sidesAt(c: Context<Env>): readonly Side[] {
  const path = c.req.path;
  if (/^\/(api\/)?agent(\/|$)/.test(path) || c.req.query("agentId") !== undefined) return ["agent"];
  if (/^\/(chat|history|api\/user)(\/|$)/.test(path) || c.req.query("userId") !== undefined) {
    return ["user"];
  }
  return SIDES;
}

/** Everyone whom the request proves to be. A bearer beats cookies; a cookie that is relied on to change something needs this site's `Origin`. */
export async function identitiesOf(
  c: Context<Env>,
  parts: Parts,
  sides: readonly Side[] = sidesAt(c),
): Promise<readonly Identity[]> {
  const bearer = /^Bearer (\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  if (bearer !== undefined) {
    const signedIn = await parts.signIns.behind(bearer);
    return signedIn ? [{ ...signedIn, via: "bearer" }] : [];
  }
  const identities = await byCookie(c, parts, sides);
  if (identities.length > 0 && changes(c) && !isOwnOrigin(c, parts.config)) {
    throw new Fault("forbidden", "This request comes from another site");
  }
  return identities;
}

/** Those of this site's own pages: cookies sent from elsewhere are not relied on, and not touched. */
export async function byOwnCookie(c: Context<Env>, parts: Parts): Promise<readonly Identity[]> {
  return isOwnOrigin(c, parts.config) ? await byCookie(c, parts, SIDES) : [];
}

async function byCookie(
  c: Context<Env>,
  parts: Parts,
  sides: readonly Side[],
): Promise<readonly Identity[]> {
  const identities: Identity[] = [];
  for (const side of sides) {
    const token = tokenOf(c, parts, side);
    const signedIn = token === undefined ? undefined : await parts.signIns.behind(token);
    if (token === undefined || signedIn?.actor.side !== side) continue;
    identities.push({ ...signedIn, via: "cookie" });
    if (signedIn.prolonged) setSignInCookie(c, parts, side, token);
  }
  return identities;
}

const changes = (c: Context<Env>): boolean =>
  !SAFE.has(c.req.method) || c.req.header("upgrade")?.toLowerCase() === "websocket";

export const isAdmin = (actor: Actor): boolean => actor.side === "agent" && actor.role === "admin";

// ---- who may pass: the JSON API -----------------------------------------------------------------

/** Lets pass whoever is signed in, on one of `sides`: 401 for nobody, 403 for the wrong side. */
export function signedIn(parts: Parts, sides: readonly Side[] = SIDES): MiddlewareHandler<Env> {
  return createMiddleware<Env>(async (c, next) => {
    const all = await identitiesOf(c, parts);
    if (all.length === 0) throw new Fault("unauthorized", "Sign in first");
    const identities = all.filter(({ actor }) => sides.includes(actor.side));
    if (identities.length === 0) throw new Fault("forbidden", "This is not yours to do");
    c.set("identities", identities);
    await next();
  });
}

/** Does `work` as the one who counts first and, where that one may not, as the next. */
export async function asWhoMay<T>(
  c: Context<Env>,
  parts: Parts,
  work: (actor: Actor, identity: Identity) => Promise<T>,
): Promise<T> {
  let refused: unknown;
  for (const identity of c.var.identities) {
    try {
      if (identity.actor.side === "agent") await parts.presence.touch(identity.actor.id);
      return await work(identity.actor, identity);
    } catch (error) {
      if (!(error instanceof Fault) || !/^(forbidden|not_found)$/.test(error.code)) throw error;
      refused ??= error;
    }
  }
  throw refused;
}

export function asCustomer<T>(
  c: Context<Env>,
  parts: Parts,
  work: (actor: CustomerActor, identity: Identity) => Promise<T>,
): Promise<T> {
  return asWhoMay(c, parts, (actor, identity) => {
    if (actor.side === "user") return work(actor, identity);
    throw new Fault("forbidden", "This is for customers");
  });
}

export function asAgent<T>(
  c: Context<Env>,
  parts: Parts,
  work: (actor: AgentActor, identity: Identity) => Promise<T>,
): Promise<T> {
  return asWhoMay(c, parts, (actor, identity) => {
    if (actor.side === "agent") return work(actor, identity);
    throw new Fault("forbidden", "This is for agents");
  });
}

// ---- who may pass: pages ------------------------------------------------------------------------

/** Pages of customers; anyone else is sent to `/login` and back. */
export function requireCustomer(parts: Parts): MiddlewareHandler<Env> {
  return createMiddleware<Env>(async (c, next) => {
    const [identity] = await identitiesOf(c, parts, ["user"]);
    if (identity?.actor.side !== "user") return toLogin(c, "/login");
    c.set("customer", identity.actor);
    c.set("signInId", identity.signInId);
    await next();
  });
}

/** Pages of agents, and a sign that the agent is there. */
export function requireAgent(parts: Parts): MiddlewareHandler<Env> {
  return createMiddleware<Env>(async (c, next) => {
    const [identity] = await identitiesOf(c, parts, ["agent"]);
    if (identity?.actor.side !== "agent") return toLogin(c, "/agent/login");
    await parts.presence.touch(identity.actor.id);
    c.set("agent", identity.actor);
    c.set("signInId", identity.signInId);
    await next();
  });
}

/** After `requireAgent`. */
export const requireAdmin: MiddlewareHandler<Env> = createMiddleware<Env>(async (c, next) => {
  if (!isAdmin(c.var.agent)) throw new Fault("forbidden", "This page is for admins");
  await next();
});

export const isPartial = (c: Context): boolean => c.req.header("hx-request-type") === "partial";

function toLogin(c: Context<Env>, login: string): Response {
  const { pathname, search } = new URL(c.req.url);
  const back = c.req.method === "GET" ? `?next=${encodeURIComponent(pathname + search)}` : "";
  if (!isPartial(c)) return c.redirect(login + back, 303);
  return c.body(null, 401, { "hx-redirect": login });
}

/** Same-site paths only: anything else could send a freshly signed-in person elsewhere. */
export function safeNext(next: string | undefined, fallback: string): string {
  if (!next || !/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(next)) return fallback;
  const url = URL.parse(next, "http://site.invalid");
  return url?.origin === "http://site.invalid" ? next : fallback;
}
