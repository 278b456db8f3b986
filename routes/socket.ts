/** The JSON socket `/ws` of `origin.md`: speaks through the same `chat.post` as everything else. */
import { type Context, Hono } from "hono";
import type { Actor, Session } from "../services/domain.ts";
import { Fault } from "../services/errors.ts";
import { identitiesOf } from "./actor.ts";
import type { Env, Identity, Parts } from "./parts.ts";
import { AgentChannel, SessionChannel } from "./channels.ts";
import { addressOf } from "./security.ts";

/** Whether `claimed` is the caller's own id or e-mail. */
export async function isCallersName(
  { store }: Parts,
  actor: Actor,
  claimed: string,
): Promise<boolean> {
  if (claimed === actor.id) return true;
  const people = actor.side === "user" ? store.customers : store.agents;
  const email = (await people.find(actor.id))?.email;
  return email !== undefined && claimed.trim().toLowerCase() === email;
}

export function socket(parts: Parts) {
  const { config, limits, sockets } = parts;
  return new Hono<Env>().get("/ws", async (c) => {
    await limits.count("socketAddress", addressOf(c, config));
    const sessionId = c.req.query("sessionId");
    const { identity, session } = await whoCounts(c, parts, sessionId);
    const { actor } = identity;
    await limits.count("socket", actor.id);
    if (!session) {
      return sockets.accept(
        c,
        identity,
        (connection) => new AgentChannel(parts, connection, actor).open(),
      );
    }
    const after = c.req.query("after");
    return sockets.accept(
      c,
      identity,
      (connection) => new SessionChannel(parts, connection, actor, session).open(after),
    );
  });
}

/** The first of the request's identities that may listen here, and is who the address claims; and to what. */
async function whoCounts(
  c: Context<Env>,
  parts: Parts,
  sessionId: string | undefined,
): Promise<{ identity: Identity; session: Session | undefined }> {
  const identities = await identitiesAtSocket(c, parts);
  if (identities.length === 0) throw new Fault("unauthorized", "Sign in first");
  let refused: unknown;
  for (const identity of identities) {
    try {
      await refuseOthersNames(c, parts, identity.actor);
      return { identity, session: await sessionFor(parts, identity.actor, sessionId) };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      refused ??= error;
    }
  }
  throw refused;
}

/** To a session that one may read; without one, as an agent. */
async function sessionFor({ chat }: Parts, actor: Actor, sessionId: string | undefined) {
  if (sessionId !== undefined) return await chat.sessionFor(actor, sessionId);
  if (actor.side !== "agent") throw new Fault("malformed", "sessionId is missing");
}

async function identitiesAtSocket(c: Context<Env>, parts: Parts): Promise<readonly Identity[]> {
  const ticket = c.req.query("ticket");
  if (ticket === undefined) return await identitiesOf(c, parts);
  const grant = await parts.signIns.spend("ticket", ticket).catch((error) => {
    if (!(error instanceof Fault) || error.code !== "not_found") throw error;
    throw new Fault("unauthorized", "This ticket was used or has expired");
  });
  const signedIn = await parts.signIns.signedIn(grant.signInId);
  return signedIn ? [{ ...signedIn, via: "ticket" }] : [];
}

async function refuseOthersNames(c: Context<Env>, parts: Parts, actor: Actor): Promise<void> {
  const claims = { user: c.req.query("userId"), agent: c.req.query("agentId") };
  const other = actor.side === "user" ? claims.agent : claims.user;
  const own = claims[actor.side];
  const wrong = other !== undefined ||
    (own !== undefined && !await isCallersName(parts, actor, own));
  if (wrong) throw new Fault("forbidden", "That id is not yours");
}
