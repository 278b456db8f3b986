/**
 * A page around a log that was drawn before. Both are put together as bytes: encoding a long log takes longer than
 * drawing all that stands around it, and what stands around it can be kept as well.
 */
import type { Context } from "hono";
import type { Child } from "hono/jsx";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { newId } from "../services/domain.ts";
import { PLACE } from "../views/drawn.tsx";
import type { Env } from "./parts.ts";

const encoder = new TextEncoder();

/** Stands in a frame for an id that each page has of its own. It is told to nobody, so nothing that people write has it. */
export const EACH_ID = newId();

/** What stands around the log. */
export interface Frame {
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
  /** Where in the tail `EACH_ID` stands, if so. */
  readonly idAt: number | undefined;
}

/** What is escaped never looks like `PLACE`, so the first one is it. */
export function framed(view: Child): Frame {
  const html = String(view);
  const [head = "", tail = ""] = halves(html, PLACE) ?? [html];
  const [before] = halves(tail, EACH_ID) ?? [];
  return {
    head: encoder.encode(head),
    tail: encoder.encode(tail),
    idAt: before === undefined ? undefined : encoder.encode(before).length,
  };
}

interface PageOptions {
  /** What was drawn, for where `Place` stands. */
  readonly inset?: Uint8Array | undefined;
  readonly status?: ContentfulStatusCode;
}

export function page(
  c: Context<Env>,
  frame: Frame,
  { inset = new Uint8Array(), status = 200 }: PageOptions,
): Response {
  const body = around(frame, inset);
  const type = { "content-type": "text/html; charset=UTF-8" };
  if (status !== 200 || c.get("setsCookie")) return c.body(body, status, type);
  const headers = { ...c.get("headers"), ...type };
  c.set("headers", {}); // none is left to add, which would take as long as the page
  return new Response(body, { headers });
}

function around({ head, tail, idAt }: Frame, inset: Uint8Array): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(head.length + inset.length + tail.length);
  const tailAt = head.length + inset.length;
  body.set(head);
  body.set(inset, head.length);
  body.set(tail, tailAt);
  if (idAt !== undefined) encoder.encodeInto(newId(), body.subarray(tailAt + idAt));
  return body;
}

function halves(text: string, between: string): readonly [string, string] | undefined {
  const at = text.indexOf(between);
  return at < 0 ? undefined : [text.slice(0, at), text.slice(at + between.length)];
}
