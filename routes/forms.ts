/** Plain forms: what was typed, checked; and where a browser goes next. */
import type { Context } from "hono";
import type { z } from "zod";
import { Fault } from "../services/errors.ts";
import { isPartial } from "./actor.ts";
import type { Env } from "./parts.ts";

export type Values = Readonly<Record<string, string>>;

/** The text fields of a form; the last of several under one name, and no files. */
export async function typed(c: Context<Env>): Promise<Values> {
  const body = await c.req.parseBody().catch((error) => {
    if (error instanceof Fault) throw error;
    throw new Fault("malformed", "The form could not be read");
  });
  const texts = Object.entries(body).filter((field): field is [string, string] =>
    typeof field[1] === "string"
  );
  return Object.fromEntries(texts);
}

export type Checked<T> =
  | { readonly data: T; readonly values: Values }
  | { readonly errors: Values; readonly values: Values };

/** The form's fields as `schema` has them, or a sentence for each that is wrong. Empty ones count as missing where optional. */
export async function checked<T extends z.ZodType>(
  c: Context<Env>,
  schema: T,
): Promise<Checked<z.infer<T>>> {
  const values = await typed(c);
  const parsed = schema.safeParse(values);
  if (parsed.success) return { data: parsed.data, values };
  const errors = Object.fromEntries(
    parsed.error.issues.toReversed().map(({ path, message }) => [String(path[0]), message]),
  );
  return { errors, values };
}

/** What a form page shows of a fault that is about what was typed; anything else is thrown on. */
export function errorsOf(error: unknown): Values {
  if (!(error instanceof Fault)) throw error;
  if (error.details.fields) return error.details.fields;
  if (error.code === "taken") return { email: error.message };
  if (/^(unauthorized|forbidden|rate_limited|not_present|not_found)$/.test(error.code)) {
    return { form: error.message };
  }
  throw error;
}

/** The status of a form that is shown again; a refusal by a limit says when to come back. */
export function statusOf(c: Context<Env>, error: unknown): 422 | 429 {
  if (!(error instanceof Fault) || error.code !== "rate_limited") return 422;
  c.header("retry-after", String(error.details.retryAfter ?? 1));
  return 429;
}

/** After a change: the page by its address; or nothing, for app.js, which hears of the change by the socket. */
export function done(c: Context<Env>, address: string): Response {
  return isPartial(c) ? c.body(null, 204) : c.redirect(address, 303);
}

/** Passwords don't go back into a page. */
export const harmless = ({ password: _, current: __, ...values }: Values): Values => values;
