/** What there is to compare with: servers that do the one thing and nothing else. Started by its name in the arguments. */
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
// @ts-types="@types/ws"
import { type WebSocket, WebSocketServer } from "ws";

const MAX_JOBS = 500;

function listen(handler?: RequestListener) {
  const server = createServer(handler);
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo;
    const line = { event: "listening", address: `http://127.0.0.1:${port}` };
    Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
  });
  return server;
}

function sockets(): WebSocketServer {
  return new WebSocketServer({ server: listen() });
}

/** What a message is, in a table without anything else; and in one that keeps a log's promises. */
const TABLES = {
  plain: `CREATE TABLE messages (
    id INTEGER PRIMARY KEY, sessionId TEXT, seq INTEGER, clientId TEXT, sender TEXT, text TEXT, at INTEGER)`,
  promising: `CREATE TABLE messages (
    id INTEGER PRIMARY KEY, sessionId INTEGER, seq INTEGER, clientId TEXT, sender TEXT, text TEXT, at INTEGER,
    UNIQUE (sessionId, seq), UNIQUE (sessionId, clientId))`,
};

interface CommitOptions {
  readonly table: keyof typeof TABLES;
  /** Also tells the socket that opened next to the speaker's. */
  readonly deliver: boolean;
}

/** Parses, commits in groups, acknowledges. */
function commit(file: string, { table, deliver }: CommitOptions): void {
  const db = new DatabaseSync(file);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  db.exec(TABLES[table]);
  const insert = db.prepare(
    "INSERT INTO messages (sessionId, seq, clientId, sender, text, at) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const logs = new Map<string, { number: number; seq: number }>();
  const logOf = (sessionId: string) => {
    const log = logs.get(sessionId) ?? { number: logs.size, seq: 0 };
    logs.set(sessionId, log);
    return log;
  };
  const queue: { ws: WebSocket; sent: Record<string, string> }[] = [];
  let scheduled = false;
  const flush = () => {
    const jobs = queue.splice(0, MAX_JOBS);
    db.exec("BEGIN IMMEDIATE");
    const timestamp = Date.now();
    const ids = jobs.map(({ sent: { sessionId, clientId, sender, message } }) => {
      const log = logOf(sessionId!);
      const key = table === "plain" ? sessionId! : log.number;
      return insert.run(key, ++log.seq, clientId!, sender!, message!, timestamp).lastInsertRowid;
    });
    db.exec("COMMIT");
    jobs.forEach(({ ws, sent: { clientId, message, sessionId } }, i) => {
      const id = String(ids[i]);
      ws.send(JSON.stringify({ type: "ack", sessionId, clientId, id, timestamp }));
      if (!deliver) return;
      others.get(ws)?.send(JSON.stringify({ type: "message", sessionId, id, timestamp, message }));
    });
    scheduled = queue.length > 0;
    if (scheduled) setImmediate(flush);
  };
  const others = new Map<WebSocket, WebSocket>();
  const alone = new Map<string, WebSocket>();
  sockets().on("connection", (ws, { url = "" }) => {
    const other = alone.get(url);
    alone.set(url, ws);
    if (other) others.set(other, ws).set(ws, other);
    ws.on("message", (data) => {
      queue.push({ ws, sent: JSON.parse(data.toString()) });
      if (scheduled) return;
      scheduled = true;
      setImmediate(flush);
    });
  });
}

/** One and the same page to everyone, by the same server as ours. */
function constant(size: number): void {
  const page = "x".repeat(size);
  const app = new Hono().get("*", (c) => c.html(page));
  listen(getRequestListener(app.fetch));
}

/** The same with nothing in between. */
function bare(size: number): void {
  const page = "x".repeat(size);
  listen((_request, response) => {
    response.writeHead(200, { "content-type": "text/html", "content-length": size });
    response.end(page);
  });
}

/** Whoever says a number makes all the others get a frame of so many bytes. */
function broadcast(): void {
  const server = sockets();
  let bytes = new Uint8Array();
  server.on("connection", (ws) => {
    ws.on("message", (data) => {
      const size = Number(data.toString());
      if (bytes.length !== size) bytes = new Uint8Array(size).fill(120);
      for (const client of server.clients) if (client !== ws) client.send(bytes, { binary: false });
    });
  });
}

const [name, argument = ""] = Deno.args;
if (name === "commit") commit(argument, { table: "plain", deliver: false });
else if (name === "deliver") commit(argument, { table: "plain", deliver: true });
else if (name === "promise") commit(argument, { table: "promising", deliver: true });
else if (name === "constant") constant(Number(argument));
else if (name === "bare") bare(Number(argument));
else if (name === "broadcast") broadcast();
else throw new Error(`There is no floor ${name}`);
