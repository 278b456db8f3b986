import { raw } from "hono/html";
import type { Child } from "hono/jsx";

export const PLACE = "<!--drawn-->";

/** A component drawn once and used as it is from then on, in the place that a page has for it: for what never changes. */
export const drawn = (component: Child): Uint8Array => new TextEncoder().encode(String(component));

export function Place() {
  return raw(PLACE);
}
