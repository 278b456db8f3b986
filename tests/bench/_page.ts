import { Hono } from "hono";
import { testSite } from "../helpers.ts";
import { fill } from "./cast.ts";
import { openSqlite } from "../../services/sqlite/open.ts";
import { MessageList } from "../../views/message.tsx";
import { chatPages } from "../../routes/chat.tsx";
import { openSite } from "../../main.ts";
import { openLog } from "../../services/log.ts";
import { parseConfig } from "../../services/config.ts";
import { Library } from "../../services/library.ts";
import { Passwords } from "../../services/passwords.ts";
import { clock, day } from "../../views/time.tsx";
const file = "data/p/page.db";
for (const e of ["", "-wal", "-shm"]) {
  try {
    Deno.removeSync(file + e);
  } catch { /**/ }
}
const { agent, chat } = await fill(file, async (cast) => {
  const agent = await cast.agent(100);
  const chat = await cast.chat("Linus");
  await cast.talk(chat, agent, 50);
  return { agent, chat };
});
const store = await openSqlite({ file });
const log = openLog("error");
const site = openSite({
  config: parseConfig({ RATE_LIMITS: "off" }),
  store,
  log,
  library: new Library([]),
  passwords: await Passwords.open(log, 4),
});
async function time(name: string, work: () => unknown, n = 100) {
  let best = Infinity;
  for (let r = 0; r < 60; r++) {
    const t = performance.now();
    for (let i = 0; i < n; i++) {
      const p = work();
      if (p instanceof Promise) await p;
    }
    best = Math.min(best, (performance.now() - t) / n);
  }
  console.log(name.padEnd(60), (best * 1000).toFixed(2), "µs");
}
const id = chat.session.id;
const headers = { cookie: chat.customer.cookie.cookie };
const env = { remote: "127.0.0.1" };
const url = `http://127.0.0.1/chat/${id}`;
const text = await (await site.app.fetch(new Request(url, { headers }), env)).text();
console.log(text.length, new TextEncoder().encode(text).length);
await time("whole app.fetch", () => site.app.fetch(new Request(url, { headers }), env));
await time(
  "whole app.fetch + text()",
  async () => (await site.app.fetch(new Request(url, { headers }), env)).text(),
);
const small = new Hono().get("*", (c) => c.html("x".repeat(100)));
await time("bare hono fetch", () => small.fetch(new Request(url, { headers }), env));
await time(
  "404-ish healthz through app",
  () => site.app.fetch(new Request("http://127.0.0.1/healthz", { headers }), env),
);
await time(
  "help page (public)",
  () => site.app.fetch(new Request("http://127.0.0.1/login", { headers: {} }), env),
);
const page = await store.messages.page(id, { limit: 51 });
await time("messages.page 51", () => store.messages.page(id, { limit: 51 }));
await time("MessageList render", () => String(MessageList({ messages: page.messages })));
const d = new Date();
await time("clock() Intl", () => clock(d));
await time("day() Intl", () => day(d));
await time("toISOString", () => d.toISOString());
await time("signIns.behind", () => site.parts.signIns.behind(chat.customer.token));
await time("encode page", () => new TextEncoder().encode(text));
await time("Buffer.from page", () => Buffer.from(text));
const flat = "x".repeat(text.length);
await time("encode ascii", () => new TextEncoder().encode(flat));
import { Buffer } from "node:buffer";
const parts = text.split(/(?<=<\/li>)/);
await time("join rope then encode", () => {
  let s = "";
  for (const p of parts) s += p;
  return new TextEncoder().encode(s);
});
Deno.exit(0);
