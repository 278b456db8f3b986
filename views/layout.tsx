import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { Icon } from "./icon.tsx";

export interface Site {
  company: string;
  assets: { css: string; js: string; desk: string; icons: string; favicon: string };
  demo: boolean;
}

/** The customer who is signed in. */
export interface Viewer {
  name: string;
  guest?: boolean | undefined;
}

interface DocumentProps {
  site: Site;
  title: string;
  /** What kind of page it is: CSS lays the body out by it. */
  frame: "page" | "chat" | "desk";
  /** Whose eyes it is for: CSS tells "mine" from "theirs" by it. */
  side?: "user" | "agent" | undefined;
  /** Where "Skip to …" goes. */
  skip?: { to: string; label: string } | undefined;
  /** Further attributes of the body, for CSS and app.js. */
  data?: Record<`data-${string}`, string | undefined> | undefined;
  children: Child;
}

const HTMX = JSON.stringify({
  history: false,
  defaultSettleDelay: 0,
  extensions: "ws, upsert",
  morphIgnore: ["data-htmx-powered", "open"], // what a reader folded stays folded
  ws: { pauseOnBackground: false, reconnectMaxDelay: 5000 },
});
const TO_CONTENT = { to: "main", label: "Skip to content" };

/** The whole document, around whatever stands in its body. */
export function Document(props: DocumentProps) {
  const { site, title, frame, side, skip = TO_CONTENT, data, children } = props;
  return (
    <>
      {raw("<!DOCTYPE html>")}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <title>{title}</title>
          <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
          <meta name="color-scheme" content="light dark" />
          <meta name="htmx-config" content={HTMX} />
          <link rel="icon" type="image/svg+xml" href={site.assets.favicon} />
          <link rel="stylesheet" href={site.assets.css} />
          <script src={site.assets.js} defer></script>
          {side === "agent" && <script src={site.assets.desk} defer></script>}
        </head>
        <body class={frame} data-viewer={side} {...data}>
          <a class="skip" href={`#${skip.to}`}>{skip.label}</a>
          {children}
        </body>
      </html>
    </>
  );
}

export interface LayoutProps {
  site: Site;
  /** The page's own name; the company's is put behind it. */
  title: string;
  viewer?: Viewer | undefined;
  /** Pages that are themselves a sign-in show no link to one. */
  bare?: boolean | undefined;
  children: Child;
}

/** A public or customer's page: the site's header, the content, the footer. */
export function Layout({ site, title, viewer, bare, children }: LayoutProps) {
  return (
    <Document site={site} title={`${title} · ${site.company}`} frame="page">
      <header class="top">
        <a class="brand" href="/">
          <Icon site={site} name="chats" />
          {site.company}
        </a>
        <nav aria-label="Site">
          <a href="/help">Help</a>
          {viewer ? <Account viewer={viewer} /> : !bare && <a href="/login">Sign in</a>}
        </nav>
      </header>
      <main id="main" tabindex={-1}>{children}</main>
      <footer class="foot">
        <span>{site.company} support</span>
        <a href="/agent">For agents</a>
      </footer>
    </Document>
  );
}

function Account({ viewer }: { viewer: Viewer }) {
  return (
    <>
      <a href="/history">My chats</a>
      <a href="/account">{viewer.guest ? "Account" : viewer.name}</a>
      <SignOut action="/logout" />
    </>
  );
}

export function SignOut({ action }: { action: string }) {
  return (
    <form method="post" action={action}>
      <button type="submit" class="quiet">Sign out</button>
    </form>
  );
}
