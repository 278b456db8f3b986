/** Headers of every response, whose origin a request has, and the size of what it may bring. */
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import type { Config } from "../services/config.ts";
import { TOO_LONG } from "../services/domain.ts";
import { Fault } from "../services/errors.ts";
import type { Env } from "./parts.ts";

/** Enough for 4,000 characters of any script, escaped; nothing that anyone writes here is longer. */
export const MAX_BODY = 64 * 1024;
/** Enough for a page of a composer to give back what was pasted into it, however far beyond that: there may be no other copy. */
const MAX_PASTE = 512 * 1024;

/** The site's own address, as its readers know it. */
export function baseUrl(c: Context<Env>, config: Config): string {
  const { protocol, host } = new URL(c.req.url);
  return config.publicUrl ?? `${forwardedProtocol(c, config) ?? protocol}//${host}`;
}

export const isHttps = (c: Context<Env>, config: Config): boolean =>
  (config.publicUrl ?? forwardedProtocol(c, config) ?? c.req.url).startsWith("https:");

function forwardedProtocol(c: Context<Env>, { trustProxy }: Config): string | undefined {
  const name = trustProxy > 0 ? c.req.header("x-forwarded-proto") : undefined;
  return name && /^https?$/.test(name) ? `${name}:` : undefined;
}

/** By host where no `PUBLIC_URL` is set: a proxy may have taken TLS off. */
export function isOwnOrigin(c: Context<Env>, config: Config): boolean {
  const origin = c.req.header("origin");
  if (!origin || origin === "null") return false;
  if (config.publicUrl) return origin === config.publicUrl;
  return URL.parse(origin)?.host === new URL(c.req.url).host;
}

/** Refuses forms that another site sent, signed in or not, so that nobody is signed in to an account not theirs. */
export function refuseForeignForms(config: Config): MiddlewareHandler<Env> {
  return createMiddleware<Env>(async (c, next) => {
    const foreign = c.req.header("origin") !== undefined && !isOwnOrigin(c, config);
    if (c.req.method === "POST" && foreign && !c.req.path.startsWith("/api/")) {
      throw new Fault("forbidden", "This form comes from another site");
    }
    await next();
  });
}

/** The caller's address, behind as many proxies as the configuration trusts. */
export function addressOf(c: Context<Env>, config: Config): string {
  const hops = (c.req.header("x-forwarded-for") ?? "").split(",").map((hop) => hop.trim());
  return (config.trustProxy > 0 && hops.at(-config.trustProxy)) || c.env.remote;
}

/** Whether the request was made on this very machine, by nothing in between. */
export function isThisHost(c: Context<Env>): boolean {
  const local = /^(127\.|::1$|::ffff:127\.)/.test(c.env.remote);
  return local && c.req.header("x-forwarded-for") === undefined;
}

const limitedTo = (maxSize: number, sentence: string) =>
  bodyLimit({
    maxSize,
    onError: () => {
      throw new Fault("too_large", sentence);
    },
  });

const limited = limitedTo(MAX_BODY, `At most ${MAX_BODY / 1024} KiB, please`);
const limitedPaste = limitedTo(MAX_PASTE, TOO_LONG);

/** To ask whether there is a body makes a request of its own of what is only read from. */
export const limitBody: MiddlewareHandler<Env> = (c, next) => {
  if (/^(GET|HEAD)$/.test(c.req.method)) return next();
  return isMessageForm(c) ? limitedPaste(c, next) : limited(c, next);
};

/** Of known length, as all that browsers send: what is sent in chunks is buffered before it is known who sends it. */
const isMessageForm = ({ req }: Context): boolean =>
  /^\/(chat|agent)\/.*messages$/.test(req.path) && req.header("transfer-encoding") === undefined;

/** Of every response that says nothing else; what is not said to be public is nobody's to keep. */
function headersFor({ demo }: { demo: boolean }): Readonly<Record<string, string>> {
  const policy = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    ...(demo && { "frame-src": "'self'" }),
    "frame-ancestors": demo ? "'self'" : "'none'",
  };
  return {
    "content-security-policy": Object.entries(policy).map((each) => each.join(" ")).join("; "),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": demo ? "SAMEORIGIN" : "DENY",
    // with `no-referrer` Chromium sends `Origin: null` on plain forms
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "origin-agent-cluster": "?1",
  };
}

export function headers(site: { demo: boolean }): MiddlewareHandler<Env> {
  const all = headersFor(site);
  return createMiddleware<Env>(async (c, next) => {
    c.set("headers", all);
    await next();
    const left = c.get("headers");
    for (const name in left) {
      if (!c.res.headers.has(name)) c.res.headers.set(name, left[name] ?? "");
    }
  });
}
