import { raw } from "hono/html";

/** The one place where HTML goes in as it is: an article's, which `services/library.ts` has cleaned. */
export function ArticleBody({ html }: { html: string }) {
  return <div class="prose">{raw(html)}</div>;
}
