/** Headers of every response, whose origin a request has, and the size of what it may bring. */
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import { secureHeaders } from "hono/secure-headers";
import type { Config } from "../services/config.ts";
import { Fault } from "../services/errors.ts";
import type { Env } from "./parts.ts";

/** Enough for 4,000 characters of any script, escaped; nothing that anyone writes here is longer. */
export const MAX_BODY = 64 * 1024;

/** The site's own address, as its readers know it. */
export function baseUrl(c: Context<Env>, config: Config): string {
  if (config.publicUrl) return config.publicUrl;
  const url = new URL(c.req.url);
  const proto = config.trustProxy > 0 ? c.req.header("x-forwarded-proto") : undefined;
  return `${/^https?$/.test(proto ?? "") ? `${proto}:` : url.protocol}//${url.host}`;
}

export const isHttps = (c: Context<Env>, config: Config): boolean =>
  baseUrl(c, config).startsWith("https:");

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

export const limitBody: MiddlewareHandler<Env> = bodyLimit({
  maxSize: MAX_BODY,
  onError: () => {
    throw new Fault("too_large", `At most ${MAX_BODY / 1024} KiB, please`);
  },
});

/** `same-origin`, since with `no-referrer` Chromium sends `Origin: null` on plain forms. */
export function headers({ demo }: { demo: boolean }): MiddlewareHandler<Env> {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", "data:"],
      connectSrc: ["'self'"],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      ...(demo && { frameSrc: ["'self'"] }),
      frameAncestors: [demo ? "'self'" : "'none'"],
    },
    referrerPolicy: "same-origin",
    xFrameOptions: demo ? "SAMEORIGIN" : "DENY",
    xXssProtection: false,
    permissionsPolicy: { camera: [], microphone: [], geolocation: [], payment: [], usb: [] },
    crossOriginResourcePolicy: "same-origin",
    crossOriginOpenerPolicy: "same-origin",
    strictTransportSecurity: false,
  });
}

/** Whatever is not said to be public is nobody else's to keep. */
export const privateByDefault: MiddlewareHandler<Env> = createMiddleware<Env>(async (c, next) => {
  await next();
  if (!c.res.headers.has("cache-control")) c.res.headers.set("cache-control", "no-store");
});
