/**
 * A page around a part that was drawn before. That one is kept as bytes: encoding a long log takes longer than drawing
 * all that stands around it.
 */
import type { Context } from "hono";
import type { Child } from "hono/jsx";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { PLACE } from "../views/drawn.tsx";
import type { Env } from "./parts.ts";

const encoder = new TextEncoder();
/** Of a unit of text. */
const MAX_BYTES = 3;
/** What pages are put together on, so that each is allocated once. */
let sheet = new Uint8Array(256 * 1024);

interface PageOptions {
  /** What was drawn, for where `Place` stands. */
  readonly inset?: Uint8Array | undefined;
  readonly status?: ContentfulStatusCode;
}

export function page(c: Context<Env>, view: Child, { inset, status = 200 }: PageOptions): Response {
  const html = String(view);
  const body = inset ? around(html, inset) : encoder.encode(html);
  const type = { "content-type": "text/html; charset=UTF-8" };
  if (status !== 200 || c.get("setsCookie")) return c.body(body, status, type);
  const headers = { ...c.get("headers"), ...type };
  c.set("headers", {}); // none is left to add, which would take as long as the page
  return new Response(body, { headers });
}

/** What is escaped never looks like `PLACE`, so the first one is it. */
function around(html: string, inset: Uint8Array): Uint8Array<ArrayBuffer> {
  const at = html.indexOf(PLACE);
  const room = html.length * MAX_BYTES + inset.length;
  if (sheet.length < room) sheet = new Uint8Array(room);
  const head = encoder.encodeInto(html.slice(0, at), sheet).written;
  sheet.set(inset, head);
  const rest = sheet.subarray(head + inset.length);
  const { written } = encoder.encodeInto(html.slice(at + PLACE.length), rest);
  return sheet.slice(0, head + inset.length + written);
}
