import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { Http, request } from "./http.ts";
const [mode] = Deno.args;
const page = "x".repeat(20000);
const app = new Hono().get("*", (c) => {
  c.header("a", "b");
  return c.html(page);
});
const app2 = new Hono().use(async (c, next) => {
  await next();
  c.res.headers.set("cache-control", "no-store");
}).get("*", (c) => c.html(page));
const s = createServer(
  getRequestListener((mode!.includes("mw") ? app2 : app).fetch, {
    overrideGlobalObjects: mode!.includes("over"),
  }),
);
s.listen(0, async () => {
  const http = await Http.open(`http://127.0.0.1:${(s.address() as any).port}`);
  const r = request({ path: "/" });
  let best = Infinity;
  for (let k = 0; k < 40; k++) {
    const t = performance.now();
    for (let i = 0; i < 100; i++) await http.ask(r);
    best = Math.min(best, (performance.now() - t) / 100);
  }
  console.log(mode, (best * 1000).toFixed(1), "µs a request, client included");
  Deno.exit(0);
});
