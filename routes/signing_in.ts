/** Signing in and out, the same for pages and the JSON API. */
import type { Context } from "hono";
import { Email, type Side } from "../services/domain.ts";
import { byOwnCookie, dropSignInCookie } from "./actor.ts";
import type { Env, Identity, Parts } from "./parts.ts";
import { addressOf } from "./security.ts";

/**
 * Proves who it is under the limits: ten failures an account in 15 minutes, and a hundred an address. Each try counts
 * before the password is looked at, so that tries at once can't slip through, and a success gives its count back.
 */
export async function proveInLimits<T>(
  c: Context<Env>,
  { limits, config }: Parts,
  typed: string,
  prove: (email: string) => Promise<T>,
): Promise<T> {
  const email = Email.safeParse(typed).data ?? typed.trim().toLowerCase();
  const address = addressOf(c, config);
  const account = `${c.req.path.includes("agent") ? "agent" : "user"} ${email}`;
  await limits.count("signInAddress", address);
  await limits.count("signInAccount", account);
  const proven = await prove(email);
  await Promise.all([
    limits.forgive("signInAddress", address),
    limits.forgive("signInAccount", account),
  ]);
  return proven;
}

/**
 * A new sign-in's token. The one of that side which this site's own cookie carried ends, so that none outlives a
 * sign-in in a browser; a bearer's stays, since its sender may send it with whatever it asks.
 */
export async function begin(
  c: Context<Env>,
  parts: Parts,
  side: Side,
  accountId: string,
): Promise<string> {
  for (const { actor, signInId } of await byOwnCookie(c, parts)) {
    if (actor.side === side) await parts.signIns.end(signInId);
  }
  if (side === "agent") await parts.presence.signIn(accountId);
  return await parts.signIns.begin(side, accountId);
}

/** Ends a sign-in; an agent's chats go to somebody else at once. */
export async function end(parts: Parts, { actor, signInId }: Pick<Identity, "actor" | "signInId">) {
  await parts.signIns.end(signInId);
  if (actor.side === "agent") await parts.presence.signOut(actor);
}

/** Ends every sign-in that the request carries, after `signedIn`. */
export async function endCarried(c: Context<Env>, parts: Parts): Promise<void> {
  const byBearer = c.var.identities.filter(({ via }) => via === "bearer");
  for (const identity of [...byBearer, ...await byOwnCookie(c, parts)]) {
    await end(parts, identity);
    if (identity.via === "cookie") dropSignInCookie(c, parts, identity.actor.side);
  }
}
