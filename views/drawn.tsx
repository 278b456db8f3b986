import { raw } from "hono/html";
import type { Child } from "hono/jsx";

/** A component drawn once and used as it is from then on: for what never changes. */
export const drawn = (component: Child): Child => raw(String(component));
