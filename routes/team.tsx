/** The admins' page of who is on the team: invitations and password links. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { Email } from "../services/domain.ts";
import { Fault } from "../services/errors.ts";
import { TeamPage, type TeamProps } from "../views/team.tsx";
import { requireAdmin, requireAgent } from "./actor.ts";
import { checked } from "./forms.ts";
import type { Env, Parts } from "./parts.ts";
import { baseUrl } from "./security.ts";

const Invitation = z.object({
  email: z.union([z.literal("").transform(() => undefined), Email]).optional(),
  role: z.enum(["agent", "admin"]).default("agent"),
});

export function teamPages(parts: Parts) {
  const { config, signIns, site, store } = parts;

  async function page(
    c: Context<Env>,
    more: Partial<Pick<TeamProps, "invitation" | "reset" | "values" | "errors">> = {},
  ) {
    const agents = await store.agents.all();
    const agent = agents.find(({ id }) => id === c.var.agent.id);
    if (!agent) throw new Fault("unauthorized", "This account is gone");
    return c.html(
      <TeamPage site={site} agent={agent} agents={agents} {...more} />,
      more.errors ? 422 : 200,
    );
  }

  return new Hono<Env>()
    .use("/agent/team", requireAgent(parts), requireAdmin)
    .use("/agent/team/*", requireAgent(parts), requireAdmin)
    .get("/agent/team", (c) => page(c))
    // Links are shown once, in the answer itself: they are kept nowhere but as hashes.
    .post("/agent/team/invitations", async (c) => {
      const form = await checked(c, Invitation);
      if ("errors" in form) return page(c, form);
      const invite = await signIns.invite(form.data.role, form.data.email);
      return page(c, { invitation: `${baseUrl(c, config)}/agent/register?invite=${invite}` });
    })
    .post("/agent/team/:id/reset", async (c) => {
      const agent = await store.agents.find(c.req.param("id"));
      if (!agent) throw new Fault("not_found", "There is no such agent");
      const token = await signIns.reset("agent", agent.id);
      const link = `${baseUrl(c, config)}/reset/${token}`;
      return page(c, { reset: { name: agent.name, link } });
    });
}
