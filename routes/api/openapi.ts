/** What the JSON API's files share: how a body is checked, what every route may answer, and the document made from both. */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { Fault } from "../../services/errors.ts";
import type { Env, Parts } from "../parts.ts";
import { ErrorJson } from "./json.ts";

/** A part of the API: what doesn't fit its schema is `invalid`, with a sentence for each field. */
export function api(): OpenAPIHono<Env> {
  return new OpenAPIHono<Env>({
    defaultHook: (result) => {
      if (!result.success) throw invalid(result.error.issues);
    },
  });
}

export interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export function invalid(issues: readonly Issue[]): Fault {
  const fields = Object.fromEntries(
    issues.toReversed().map(({ path, message }) => [path.map(String).join("."), message]),
  );
  const [first] = issues;
  const where = first?.path.length ? `${first.path.map(String).join(".")}: ` : "";
  return new Fault("invalid", `${where}${first?.message ?? "Not acceptable"}`, { fields });
}

/** A JSON body that has to be there. */
export const body = <T extends z.ZodType>(schema: T) => ({
  required: true,
  content: { "application/json": { schema } },
});

export const answer = <T extends z.ZodType>(description: string, schema: T) => ({
  description,
  content: { "application/json": { schema } },
});

const refused = answer("Refused; `code` says why", ErrorJson);
/** A refusal that says more than others; which of it depends on `code`. */
export const refusedWith = <T extends z.ZodRawShape>(more: T) =>
  answer("Refused; `code` says why", ErrorJson.extend(more));

/** Of a route that asks nobody to sign in. */
export const open = { security: [] };

/** The answers that any route may give instead. */
export const refusals = {
  400: refused,
  401: refused,
  403: refused,
  404: refused,
  409: refused,
  413: refused,
  415: refused,
  422: refused,
  429: refused,
  503: refused,
} as const;

/** A lookup's id: one that can't be an id finds nothing, like any other that is not there. */
export const AnyId = z.string().max(200).openapi({ example: "6743a1f00000000000000000" });

/** A number in a query, where all is text. */
export const inQuery = <T extends z.ZodType>(number: T) =>
  z.preprocess((text) => /^\d{1,15}$/.test(String(text)) ? Number(text) : text, number);

/** Strict, so that nothing is stored that was never written. */
const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** Bodies are JSON objects and say so; what can't be parsed is refused before any schema sees it. */
export const jsonOnly = createMiddleware<Env>(async (c, next) => {
  if (c.req.method === "POST" && bringsBody(c)) {
    const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
    if (type !== "application/json") {
      throw new Fault("wrong_type", "Send JSON, with content-type: application/json");
    }
    const bytes = await c.req.arrayBuffer();
    try {
      JSON.parse(UTF8.decode(bytes));
    } catch (error) {
      throw new Fault("malformed", "The body is not JSON in UTF-8", {}, { cause: error });
    }
  }
  await next();
});

const bringsBody = ({ req }: Context): boolean =>
  Number(req.header("content-length") ?? 0) > 0 || req.header("transfer-encoding") !== undefined;

/** Browsers on the listed origins may call the API with a bearer; cookies stay at home. */
export function crossOrigin({ config }: Parts) {
  return cors({
    origin: [...config.corsOrigins],
    allowMethods: ["GET", "POST"],
    allowHeaders: ["authorization", "content-type"],
    exposeHeaders: ["retry-after"],
    maxAge: 600,
  });
}

export function serveDocument(app: OpenAPIHono<Env>): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
  });
  app.doc31("/api/openapi.json", {
    openapi: "3.1.0",
    info: { title: "Handoff", version: "1" },
    security: [{ bearer: [] }],
  });
}
