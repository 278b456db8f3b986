/** One's own account, for customers and agents: name, password, sign-ins, and an agent's capacity. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { type Actor, Capacity, Name, Password, type Side } from "../services/domain.ts";
import { AccountPage, AgentAccountPage, type Saved } from "../views/account.tsx";
import { dropSignInCookie, requireAgent, requireCustomer } from "./actor.ts";
import { checked, errorsOf, harmless, type Values } from "./forms.ts";
import type { Env, Parts } from "./parts.ts";

const NewName = z.object({ name: Name });
const NewPassword = z.object({ current: z.string().max(1_000), password: Password });
const NewCapacity = z.object({ capacity: z.coerce.number().pipe(Capacity) });
const SAVED = z.enum(["name", "password", "capacity"]);

interface Outcome {
  readonly values?: Values;
  readonly errors?: Values;
}

export function accountPages(parts: Parts) {
  const { accounts, chat, desk, presence, signIns, site, store } = parts;

  async function page(c: Context<Env>, actor: Actor, outcome: Outcome = {}) {
    const saved = SAVED.safeParse(c.req.query("saved")).data;
    const status = outcome.errors ? 422 : 200;
    if (actor.side === "user") {
      const { name, email } = await chat.customer(actor);
      const viewer = { name, guest: email === undefined };
      return c.html(
        <AccountPage site={site} viewer={viewer} email={email} saved={saved} {...outcome} />,
        status,
      );
    }
    const agent = await store.agents.find(actor.id);
    if (!agent) return c.notFound();
    return c.html(
      <AgentAccountPage site={site} agent={agent} saved={saved} {...outcome} />,
      status,
    );
  }

  const back = (c: Context<Env>, actor: Actor, saved: Saved) =>
    c.redirect(`${actor.side === "user" ? "/account" : "/agent/account"}?saved=${saved}`, 303);

  async function rename(c: Context<Env>, actor: Actor) {
    const form = await checked(c, NewName);
    if ("errors" in form) return page(c, actor, form);
    await accounts.rename(actor, form.data.name);
    return back(c, actor, "name");
  }

  async function changePassword(c: Context<Env>, actor: Actor) {
    const form = await checked(c, NewPassword);
    const values = harmless(form.values);
    if ("errors" in form) return page(c, actor, { values, errors: form.errors });
    try {
      await parts.limits.count("signInAccount", `${actor.side} ${actor.id}`);
      await accounts.changePassword(actor, { ...form.data, signInId: c.var.signInId });
    } catch (error) {
      return page(c, actor, { values, errors: errorsOf(error) });
    }
    return back(c, actor, "password");
  }

  async function signOutEverywhere(c: Context<Env>, actor: Actor, side: Side) {
    await signIns.endAll(actor);
    if (actor.side === "agent") await presence.signOut(actor);
    dropSignInCookie(c, parts, side);
    return c.redirect(side === "user" ? "/" : "/agent/login", 303);
  }

  return new Hono<Env>()
    .use("/account", requireCustomer(parts))
    .use("/account/*", requireCustomer(parts))
    .use("/agent/account", requireAgent(parts))
    .use("/agent/account/*", requireAgent(parts))
    .get("/account", (c) => page(c, c.var.customer))
    .post("/account/name", (c) => rename(c, c.var.customer))
    .post("/account/password", (c) => changePassword(c, c.var.customer))
    .post("/account/sign-outs", (c) => signOutEverywhere(c, c.var.customer, "user"))
    .get("/agent/account", (c) => page(c, c.var.agent))
    .post("/agent/account/name", (c) => rename(c, c.var.agent))
    .post("/agent/account/password", (c) => changePassword(c, c.var.agent))
    .post("/agent/account/sign-outs", (c) => signOutEverywhere(c, c.var.agent, "agent"))
    .post("/agent/account/capacity", async (c) => {
      const form = await checked(c, NewCapacity);
      if ("errors" in form) return page(c, c.var.agent, form);
      await desk.set(c.var.agent.id, form.data);
      return back(c, c.var.agent, "capacity");
    });
}
