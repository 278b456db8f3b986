/** Pages for anyone: the welcome and the help articles. */
import { type Context, Hono } from "hono";
import { Fault } from "../services/errors.ts";
import { ArticlePage, HelpPage } from "../views/help.tsx";
import type { Viewer } from "../views/layout.tsx";
import { WelcomePage } from "../views/welcome.tsx";
import { identitiesOf } from "./actor.ts";
import type { Env, Parts } from "./parts.ts";

const WELCOME_ARTICLES = 6;

export function publicPages(parts: Parts) {
  const { chat, library, site } = parts;

  /** Whoever reads, if they are signed in: these pages are for anyone. */
  async function reader(c: Context<Env>): Promise<{ viewer?: Viewer; isOpen: boolean }> {
    const [identity] = await identitiesOf(c, parts, ["user"]);
    if (identity?.actor.side !== "user") return { isOpen: false };
    const { name, email } = await chat.customer(identity.actor);
    const open = await chat.openSessionOf(identity.actor);
    return { viewer: { name, guest: email === undefined }, isOpen: open !== undefined };
  }

  return new Hono<Env>()
    .get("/", async (c) => {
      const articles = library.all().slice(0, WELCOME_ARTICLES);
      return c.html(<WelcomePage site={site} articles={articles} {...await reader(c)} />);
    })
    .get("/help", async (c) => {
      const q = c.req.query("q")?.trim().slice(0, 200) || undefined;
      const articles = q ? library.search(q) : library.all();
      const { viewer } = await reader(c);
      return c.html(<HelpPage site={site} viewer={viewer} q={q} articles={articles} />);
    })
    .get("/help/:slug", async (c) => {
      const article = library.find(c.req.param("slug"));
      if (!article) throw new Fault("not_found", "There is no such article");
      const { viewer } = await reader(c);
      return c.html(<ArticlePage site={site} viewer={viewer} article={article} />);
    });
}
