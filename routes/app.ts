/** The order of things: what every request passes, the routes, and what is said when something fails. */
import type { Hono, MiddlewareHandler } from "hono";
import { compress } from "hono/compress";
import { createMiddleware } from "hono/factory";
import { accountPages } from "./account.tsx";
import { agentSignInPages } from "./agent_sign_in.tsx";
import { agents } from "./api/agents.ts";
import { myself } from "./api/me.ts";
import { messages } from "./api/messages.ts";
import { api, crossOrigin, jsonOnly, serveDocument } from "./api/openapi.ts";
import { sessions } from "./api/sessions.ts";
import { users } from "./api/users.ts";
import { chatPages } from "./chat.tsx";
import { demoPage } from "./demo.tsx";
import { deskPages } from "./desk.tsx";
import { notFound, onError } from "./faults.tsx";
import { health } from "./health.ts";
import type { Env, Parts } from "./parts.ts";
import { publicPages } from "./public.tsx";
import { headers, limitBody, refuseForeignForms } from "./security.ts";
import { signInPages } from "./sign_in.tsx";
import { socket } from "./socket.ts";
import { staticFiles } from "./static.ts";
import { teamPages } from "./team.tsx";

export function createApp(parts: Parts): Hono<Env> {
  const app = api();
  app.onError(onError(parts));
  app.notFound(notFound(parts));

  app.use(named, parts.metrics.count, headers(parts.site));
  app.route("/", health(parts));
  app.route("/", staticFiles());
  app.route("/", socket(parts));
  app.use("/api/*", crossOrigin(parts)); // before all that may refuse: a browser hides an answer without its header
  app.use(compressed, limitBody, refuseForeignForms(parts.config));
  app.route("/", jsonApi(parts));
  serveDocument(app);

  app.route("/", publicPages(parts));
  app.route("/", signInPages(parts));
  app.route("/", agentSignInPages(parts));
  app.route("/", accountPages(parts));
  app.route("/", chatPages(parts));
  app.route("/", deskPages(parts));
  app.route("/", teamPages(parts));
  if (parts.site.demo) app.route("/", demoPage(parts));
  return app;
}

function jsonApi(parts: Parts) {
  const app = api();
  app.use("/api/*", jsonOnly);
  app.route("/", users(parts));
  app.route("/", agents(parts));
  app.route("/", sessions(parts));
  app.route("/", messages(parts));
  app.route("/", myself(parts));
  return app;
}

const compressing = compress();

/** To ask an answer whether it may be compressed costs as much as a small page; so not where nobody wants it. */
const compressed: MiddlewareHandler<Env> = (c, next) =>
  c.req.header("accept-encoding") ? compressing(c, next) : next();

/** A number to ask for in the log when somebody quotes it from an error page. */
const named = createMiddleware<Env>(async (c, next) => {
  c.set("requestId", crypto.randomUUID());
  await next();
});
