import type { Child } from "hono/jsx";

/** A live region arriving: takes the place of the one with this id, and keeps the nodes that stay the same. */
export function Push({ to, children }: { to: string; children: Child }) {
  return <hx-partial hx-target={`#${to}`} hx-swap="outerMorph">{children}</hx-partial>;
}
