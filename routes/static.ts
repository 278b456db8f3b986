/** The few files that pages load: joined at start, compressed once, under addresses that change with their content. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { Hono } from "hono";
import hxUpsert from "htmx.org/dist/ext/hx-upsert.min.js" with { type: "text" };
import hxWs from "htmx.org/dist/ext/hx-ws.min.js" with { type: "text" };
import htmx from "htmx.org/dist/htmx.min.js" with { type: "text" };
import app from "../static/app.js" with { type: "text" };
import desk from "../static/desk.js" with { type: "text" };
import base from "../static/css/base.css" with { type: "text" };
import components from "../static/css/components.css" with { type: "text" };
import layout from "../static/css/layout.css" with { type: "text" };
import tokens from "../static/css/tokens.css" with { type: "text" };
import utilities from "../static/css/utilities.css" with { type: "text" };
import favicon from "../static/favicon.svg" with { type: "text" };
import icons from "../static/icons.svg" with { type: "text" };
import { Fault } from "../services/errors.ts";
import type { Env } from "./parts.ts";

interface Asset {
  readonly path: string;
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly gzip: Uint8Array<ArrayBuffer>;
}

function asset(name: string, type: string, text: string): Asset {
  const body = new TextEncoder().encode(text);
  const hash = createHash("sha256").update(body).digest("hex").slice(0, 12);
  const [stem, ending] = name.split(".");
  const gzip = new Uint8Array(gzipSync(body, { level: 9 }));
  return { path: `/static/${stem}.${hash}.${ending}`, type, body, gzip };
}

const withoutComments = (css: string): string => css.replace(/\/\*[^]*?\*\//g, "");
const sheets = [tokens, base, layout, components, utilities].map(withoutComments);
/** Without indents and comments; a string in them must not look like one. */
const withoutRemarks = (js: string): string =>
  js.replace(/^ +/gm, "").replace(/^\/\*\*.*\*\/\n/gm, "").replace(/(^| )\/\/ .*\n/gm, "\n");
// In this order: an hx-ws that comes late never connects, silently.
const scripts = [htmx, hxWs, hxUpsert, withoutRemarks(app)];

const CSS = asset("handoff.css", "text/css; charset=utf-8", sheets.join("\n"));
const JS = asset("handoff.js", "text/javascript; charset=utf-8", scripts.join("\n;\n"));
const DESK = asset("desk.js", "text/javascript; charset=utf-8", withoutRemarks(desk));
const ICONS = asset("icons.svg", "image/svg+xml", icons);
const FAVICON = asset("favicon.svg", "image/svg+xml", favicon);

export const assets = {
  css: CSS.path,
  js: JS.path,
  desk: DESK.path,
  icons: ICONS.path,
  favicon: FAVICON.path,
} as const;

const byPath = new Map([CSS, JS, DESK, ICONS, FAVICON].map((one) => [one.path, one]));

export function staticFiles() {
  return new Hono<Env>().get("/static/:file", (c) => {
    const found = byPath.get(c.req.path);
    if (!found) throw new Fault("not_found", "There is no such file");
    const packed = /\bgzip\b/.test(c.req.header("accept-encoding") ?? "");
    return c.body(packed ? found.gzip : found.body, 200, {
      "content-type": found.type,
      "cache-control": "public, max-age=31536000, immutable",
      "vary": "accept-encoding",
      ...(packed && { "content-encoding": "gzip" }),
    });
  });
}
