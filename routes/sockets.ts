/** The open sockets of this instance: opened, guarded, kept alive, and closed when their reader may not listen any more. */
import type { Context } from "hono";
import type { Bus } from "../services/bus.ts";
import type { Clock } from "../services/clock.ts";
import { Fault } from "../services/errors.ts";
import type { Log } from "../services/log.ts";
import type { Presence } from "../services/presence.ts";
import type { SignIns } from "../services/sign_ins.ts";
import type { Env, Identity } from "./parts.ts";
import type { LiveSocket } from "./transport.ts";

/** A reader this far behind is dropped: it reconnects and reads its tail. */
const MAX_BUFFERED = 256 * 1024;
const BEAT_EVERY = 10_000;

/** A socket, for what stands behind it. */
export class Connection {
  readonly #socket: LiveSocket;
  readonly #done: DisposableStack;
  /** Text frames that the other end sends, undefined for binary ones; ignored until set. */
  onFrame: LiveSocket["onFrame"];

  constructor(socket: LiveSocket, done: DisposableStack) {
    this.#socket = socket;
    this.#done = done;
    this.onFrame = socket.onFrame;
  }

  /** One of the frames is too large to be read at all: the last moment to say so. */
  set onTooLarge(tell: () => void) {
    this.#socket.onTooLarge = tell;
  }

  send(frame: string): void {
    if (this.#socket.buffered > MAX_BUFFERED) this.close(1013, "Too slow");
    else this.#socket.send(frame);
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  /** Disposes with the connection, or at once where that has gone. */
  keep(resource: Disposable): void {
    if (this.#done.disposed) resource[Symbol.dispose]();
    else this.#done.use(resource);
  }
}

export interface SocketsOptions {
  readonly bus: Bus;
  readonly signIns: SignIns;
  readonly presence: Presence;
  readonly clock: Clock;
  readonly log: Log;
}

export class Sockets implements Disposable {
  readonly #options: SocketsOptions;
  readonly #open = new Map<LiveSocket, { signInId: string; done: DisposableStack }>();
  readonly #listening: Disposable;
  #beat: Disposable;

  constructor(options: SocketsOptions) {
    this.#options = options;
    this.#listening = options.bus.listen((change) => {
      if (change.kind === "sign_in") this.#closeOf(change.signInId);
      else if (change.kind === "gap") this.#recheck();
    });
    this.#beat = this.#nextBeat();
  }

  get size(): number {
    return this.#open.size;
  }

  /** Takes the request over; `begin` runs once the socket is open, and its failure closes it. */
  accept(
    c: Context<Env>,
    identity: Pick<Identity, "signInId" | "actor">,
    begin: (connection: Connection) => Promise<void>,
  ): Response {
    if (!c.env.takeOver) throw new Fault("malformed", "Open this address as a WebSocket");
    c.env.takeOver((socket) => this.#begin(socket, identity, begin));
    return new Response(null);
  }

  /** 1012 tells every reader to come back in a moment. */
  restart(): void {
    for (const socket of this.#open.keys()) socket.close(1012, "Restarting");
  }

  #begin(
    socket: LiveSocket,
    { signInId, actor }: Pick<Identity, "signInId" | "actor">,
    begin: (connection: Connection) => Promise<void>,
  ): void {
    const done = new DisposableStack();
    this.#open.set(socket, { signInId, done });
    if (actor.side === "agent") done.use(this.#options.presence.hold(actor.id));
    const connection = new Connection(socket, done);
    socket.onFrame = (frame) => this.#guarded(socket, () => connection.onFrame(frame));
    socket.onClose = () => {
      this.#open.delete(socket);
      done.dispose();
    };
    this.#guarded(socket, () => begin(connection));
    this.#check(socket, signInId); // it may have ended before this socket could hear of it
  }

  [Symbol.dispose](): void {
    this.#beat[Symbol.dispose]();
    this.#listening[Symbol.dispose]();
    this.restart();
  }

  /** Nothing escapes a socket's callback: unguarded, one rejected promise ends the process. */
  #guarded(socket: LiveSocket, work: () => Promise<void>): Promise<void> {
    return work().catch((error) => {
      this.#options.log.error("socket", { error });
      socket.close(1011, "Try again");
    });
  }

  #closeOf(signInId: string): void {
    for (const [socket, open] of this.#open) {
      if (open.signInId === signInId) socket.close(1008, "Signed out");
    }
  }

  /** After a gap in the store's changes a sign-in may have ended unheard. */
  #recheck(): void {
    for (const [socket, { signInId }] of this.#open) this.#check(socket, signInId);
  }

  #check(socket: LiveSocket, signInId: string): void {
    this.#guarded(socket, async () => {
      if (!await this.#options.signIns.signedIn(signInId)) socket.close(1008, "Signed out");
    });
  }

  /** An empty object every 10 s: a page whose server froze notices the silence. */
  #nextBeat(): Disposable {
    return this.#options.clock.after(BEAT_EVERY, () => {
      for (const socket of this.#open.keys()) if (socket.buffered === 0) socket.send("{}");
      this.#beat = this.#nextBeat();
    });
  }
}
