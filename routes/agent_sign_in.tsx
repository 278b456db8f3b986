/** Pages for agents to join, sign in and sign out. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { Email, Name, Password } from "../services/domain.ts";
import {
  AgentLoginPage,
  AgentRegisterPage,
  type AgentRegisterProps,
} from "../views/agent_sign_in.tsx";
import { dropSignInCookie, identitiesOf, safeNext, setSignInCookie } from "./actor.ts";
import { checked, errorsOf, harmless, statusOf, type Values } from "./forms.ts";
import type { Env, Parts } from "./parts.ts";
import { addressOf } from "./security.ts";
import { begin, end, proveInLimits } from "./signing_in.ts";
import { Credentials } from "./sign_in.tsx";

const Registration = z.object({
  name: Name,
  email: Email,
  password: Password,
  invite: z.string().max(200).optional(),
  code: z.string().max(200).optional(),
});

export function agentSignInPages(parts: Parts) {
  const { accounts, config, limits, signIns, site, store } = parts;

  async function enter(c: Context<Env>, agentId: string, next: string | undefined) {
    setSignInCookie(c, parts, "agent", await begin(c, parts, "agent", agentId));
    return c.redirect(safeNext(next, "/agent"), 303);
  }

  async function doorFor(invite: string | undefined): Promise<AgentRegisterProps["door"]> {
    if (await store.agents.none()) return "first";
    if (invite === undefined) return "closed";
    return await signIns.peek("invite", invite) ? "invited" : "spent";
  }

  /** The registration form, as far as it is open to who holds `invite`. */
  async function door(
    c: Context<Env>,
    invite: string | undefined,
    { status = 200, ...form }: { values?: Values; errors?: Values; status?: 200 | 422 | 429 } = {},
  ) {
    return c.html(
      <AgentRegisterPage
        site={site}
        door={await doorFor(invite)}
        invite={invite}
        asksCode={await accounts.needsSetupCode()}
        {...form}
      />,
      status,
    );
  }

  return new Hono<Env>()
    .get("/agent/login", (c) => c.html(<AgentLoginPage site={site} next={c.req.query("next")} />))
    .post("/agent/login", async (c) => {
      const form = await checked(c, Credentials);
      const again = (errors: Values, status: 422 | 429 = 422) =>
        c.html(
          <AgentLoginPage
            site={site}
            next={form.values.next}
            values={harmless(form.values)}
            errors={errors}
          />,
          status,
        );
      if ("errors" in form) return again(form.errors);
      const { email, password, next } = form.data;
      try {
        const { id } = await proveInLimits(
          c,
          parts,
          email,
          (address) => accounts.agentBy(address, password),
        );
        return await enter(c, id, next);
      } catch (error) {
        return again(errorsOf(error), statusOf(c, error));
      }
    })
    .get("/agent/register", (c) => door(c, c.req.query("invite") || undefined))
    .post("/agent/register", async (c) => {
      const form = await checked(c, Registration);
      const { invite } = form.values;
      const values = harmless(form.values);
      if ("errors" in form) return door(c, invite, { values, errors: form.errors, status: 422 });
      try {
        await limits.count("register", addressOf(c, config));
        const { id } = await accounts.registerAgent({ ...form.data, setupCode: form.data.code });
        return await enter(c, id, undefined);
      } catch (error) {
        const status = statusOf(c, error);
        return door(c, invite, { values, errors: errorsOf(error), status });
      }
    })
    .post("/agent/logout", async (c) => {
      const [identity] = await identitiesOf(c, parts, ["agent"]);
      if (identity) await end(parts, identity);
      dropSignInCookie(c, parts, "agent");
      return c.redirect("/agent/login", 303);
    });
}
