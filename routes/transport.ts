/**
 * HTTP and WebSockets under one port, by `node:http` and `ws`: unlike `Deno.serve` they bound what a socket may send, can
 * drop one that doesn't listen, and pause one that sends faster than its frames are handled.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setImmediate } from "node:timers";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
// @ts-types="@types/ws"
import { type RawData, WebSocket, WebSocketServer } from "ws";
import type { Log } from "../services/log.ts";
import type { Env } from "./parts.ts";

/** Above the 16 KiB that a frame may have, so that a sender a little over may go on; far above, `ws` closes with 1009. */
const MAX_PAYLOAD = 64 * 1024;
/** Of one message: what a browser sends comes in one. */
const MAX_FRAGMENTS = 64;
/** For the other end to hear why. */
const CUT_AFTER = 100;
/** Frames of one socket being handled before it is paused. */
const MAX_PENDING = 64;
/** Bytes held back for one write: of more than that, much would look as if the other end were slow. */
const MAX_HELD = 64 * 1024;
/** One that hasn't answered a ping by the next is gone. */
const PING_EVERY = 30_000;
/** For the other end to take its leave; then the connection is cut. */
const CLOSE_WITHIN = 2_000;

export interface LiveSocket {
  send(frame: string): void;
  close(code: number, reason: string): void;
  /** Bytes that the other end has not taken yet. */
  readonly buffered: number;
  /** A text frame, or undefined for a binary one. The socket is paused while too many are pending. */
  onFrame: (frame: string | undefined) => Promise<void>;
  /** A frame began that is far too large: after this the socket closes with 1009. */
  onTooLarge: () => void;
  onClose: () => void;
}

export interface Serving {
  readonly port: number;
  /** Takes no new connection, waits for the requests in hand, and cuts what is left. */
  close(): Promise<void>;
}

export interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly log: Log;
}

export async function serve(
  app: Hono<Env>,
  { port, host, log }: ServeOptions,
): Promise<Serving> {
  const remoteOf = ({ socket }: Pick<IncomingMessage, "socket">) => socket.remoteAddress ?? "";
  const server = createServer(getRequestListener(
    (request, { incoming }: { incoming: Pick<IncomingMessage, "socket"> }) =>
      app.fetch(request, { remote: remoteOf(incoming) }),
  ));
  const sockets = new WebSocketServer({
    noServer: true,
    WebSocket: BoundedSocket,
    maxPayload: MAX_PAYLOAD,
    maxFragments: MAX_FRAGMENTS,
    allowSynchronousEvents: false, // a frame a turn: of those that came together others needn't await the last
  });
  const connections = new Connections(server);
  server.on("upgrade", (incoming: IncomingMessage, duplex: Duplex, head) => {
    connections.forget(incoming.socket);
    duplex.on("error", giveUp);
    let ready: ((socket: LiveSocket) => void) | undefined;
    const takeOver = (then: (socket: LiveSocket) => void) => ready = then;
    const request = requestOf(incoming);
    Promise.try(() => app.fetch(request, { remote: remoteOf(incoming), takeOver }))
      .then(async (response) => {
        if (!ready) return await refuse(duplex, response);
        sockets.handleUpgrade(incoming, duplex, head, (ws) => ready?.(new Live(ws, duplex)));
      })
      .catch((error) => {
        log.error("upgrade", { error });
        duplex.destroy();
      });
  });
  const pinging = setInterval(() => sockets.clients.forEach(ping), PING_EVERY);
  await new Promise<void>((listening, failed) => {
    server.once("error", failed);
    server.listen(port, host, () => listening());
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      clearInterval(pinging);
      const closed = new Promise((done) => server.close(done));
      const idle = setInterval(() => connections.closeIdle(), 20);
      const late = setTimeout(() => {
        sockets.clients.forEach((ws) => ws.terminate());
        server.closeAllConnections();
      }, CLOSE_WITHIN);
      await closed;
      clearInterval(idle);
      clearTimeout(late);
    },
  };
}

/** Deno's node:http takes a connection that has carried a POST for busy for good, so they are counted here. */
class Connections {
  readonly #open = new Set<Socket>();
  readonly #busy = new Set<Socket>();

  constructor(server: Server) {
    server.on("connection", (socket: Socket) => {
      this.#open.add(socket);
      socket.once("close", () => this.forget(socket));
    });
    server.on("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
      this.#busy.add(socket);
      response.once("close", () => this.#busy.delete(socket));
    });
  }

  /** It ended, or became a WebSocket. */
  forget(socket: Socket): void {
    this.#open.delete(socket);
    this.#busy.delete(socket);
  }

  closeIdle(): void {
    for (const socket of this.#open) if (!this.#busy.has(socket)) socket.destroy();
  }
}

function requestOf({ url = "/", headers }: IncomingMessage): Request {
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one): [string, string] => [name, one])
  );
  return new Request(new URL(url, `http://${headers.host ?? "localhost"}`), { headers: pairs });
}

/** Apart from the request, which would otherwise live as long as its socket. */
function giveUp(this: Duplex): void {
  this.destroy();
}

/** An answer instead of a socket: 401, 403, 404 … with its body. */
async function refuse(duplex: Duplex, response: Response): Promise<void> {
  const body = await response.text();
  const headers = [...response.headers]
    .filter(([name]) => !/^(content-length|connection|content-encoding)$/.test(name));
  duplex.end([
    `HTTP/1.1 ${response.status} ${response.statusText || "Refused"}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    `content-length: ${new TextEncoder().encode(body).length}`,
    "connection: close",
    "",
    body,
  ].join("\r\n"));
}

const deaf = new WeakSet<WebSocket>();

function ping(ws: WebSocket): void {
  if (ws.isPaused) return; // its answer would not be read
  if (deaf.has(ws)) return ws.terminate();
  deaf.add(ws);
  ws.ping();
}

function isThere(this: WebSocket): void {
  deaf.delete(this);
}

/** `ws` closes above MAX_PAYLOAD by itself, without a reason and before any event. */
class BoundedSocket extends WebSocket {
  declare onTooLarge?: () => void;

  override close(code?: number, reason?: string): void {
    if (code === 1009 && reason === undefined) this.onTooLarge?.();
    super.close(code, reason);
  }
}

/** There are thousands: what they have in common stands in the class, not in closures. */
class Live implements LiveSocket {
  onFrame: LiveSocket["onFrame"] = unheard;
  onClose: LiveSocket["onClose"] = nothing;
  readonly #ws: BoundedSocket;
  readonly #duplex: Duplex;
  #isHeld = false;
  #pending = 0;
  #unheard = 0;
  #late: ReturnType<typeof setTimeout> | undefined;

  constructor(ws: BoundedSocket, duplex: Duplex) {
    this.#ws = ws;
    this.#duplex = duplex;
    ws.on("message", (data: RawData, isBinary: boolean) => this.#hear(data, isBinary));
    ws.on("pong", isThere);
    ws.on("error", () => this.#cut());
    ws.once("close", () => {
      clearTimeout(this.#late);
      this.onClose();
    });
  }

  set onTooLarge(tell: () => void) {
    this.#ws.onTooLarge = tell;
  }

  get buffered(): number {
    return this.#ws.bufferedAmount;
  }

  send(frame: string): void {
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    if (!this.#isHeld) {
      this.#isHeld = true;
      this.#duplex.cork(); // what is sent in one turn goes out as one write
      setImmediate(Live.#release, this);
    }
    this.#ws.send(frame);
    if (this.#duplex.writableLength > MAX_HELD) Live.#release(this);
  }

  close(code: number, reason: string): void {
    const ws = this.#ws;
    if (ws.readyState !== WebSocket.OPEN) return;
    ws.close(code, reason);
    const late = setTimeout(() => ws.terminate(), CLOSE_WITHIN);
    ws.once("close", () => clearTimeout(late));
  }

  static #release(live: Live): void {
    live.#isHeld = false;
    live.#duplex.uncork();
  }

  #hear(data: RawData, isBinary: boolean): void {
    const ws = this.#ws;
    deaf.delete(ws); // its answer may stand behind many of these
    if (ws.readyState !== WebSocket.OPEN) {
      if (++this.#unheard === MAX_PENDING) ws.terminate();
      return;
    }
    if (++this.#pending === MAX_PENDING) ws.pause();
    this.onFrame(isBinary ? undefined : data.toString()).finally(() => {
      if (this.#pending-- === MAX_PENDING) ws.resume();
    });
  }

  /** Too large, not UTF-8, cut off: `ws` would read on, to throw it away. */
  #cut(): void {
    this.#late ??= setTimeout(() => this.#ws.terminate(), CUT_AFTER);
    setImmediate(() => this.#duplex.pause());
  }
}

const unheard = (): Promise<void> => Promise.resolve();
const nothing = (): void => {};
