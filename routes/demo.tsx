/** The demo's own page: a customer and an agent side by side, both signed in, nothing to read first. */
import { Hono } from "hono";
import { DEMO } from "../services/demo.ts";
import { DemoPage } from "../views/demo.tsx";
import { identitiesOf, setSignInCookie } from "./actor.ts";
import type { Env, Parts } from "./parts.ts";
import { begin } from "./signing_in.ts";

export function demoPage(parts: Parts) {
  const { accounts, site, store } = parts;
  return new Hono<Env>().get("/demo", async (c) => {
    const here = await identitiesOf(c, parts, ["user", "agent"]);
    const has = (side: string) => here.some(({ actor }) => actor.side === side);
    if (!has("user")) {
      const { id } = await accounts.welcomeGuest(DEMO.visitor);
      setSignInCookie(c, parts, "user", await begin(c, parts, "user", id));
    }
    if (!has("agent")) {
      const ada = await store.agents.byEmail(DEMO.agents[0].email);
      if (ada) setSignInCookie(c, parts, "agent", await begin(c, parts, "agent", ada.id));
    }
    return c.html(<DemoPage site={site} />);
  });
}
