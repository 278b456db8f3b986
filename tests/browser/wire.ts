/** The line between a browser and its server: it can go dead without a word, as when a laptop sleeps. */
export class Wire implements Disposable {
  readonly #listener: Deno.TcpListener;
  readonly #target: Deno.ConnectOptions;
  readonly #open = new Set<Deno.TcpConn>();
  /** Connections made before this one are dead. */
  #alive = {};

  constructor(target: string) {
    const { hostname, port } = new URL(target);
    this.#target = { hostname, port: Number(port) };
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#accept().catch(() => undefined); // ends when the listener is closed
  }

  get url(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}`;
  }

  /** All that is open stays open, and nothing passes any more; new connections are well. */
  freeze(): void {
    this.#alive = {};
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const connection of this.#open) connection.close();
  }

  async #accept(): Promise<void> {
    for await (const near of this.#listener) {
      const far = await Deno.connect(this.#target);
      const born = this.#alive;
      for (const [from, to] of [[near, far], [far, near]] as const) {
        this.#open.add(from);
        this.#pass(from, to, () => this.#alive === born).catch(() => undefined);
      }
    }
  }

  async #pass(from: Deno.TcpConn, to: Deno.TcpConn, isAlive: () => boolean): Promise<void> {
    try {
      for await (const bytes of from.readable.values({ preventCancel: true })) {
        if (!isAlive()) continue;
        const writer = to.writable.getWriter();
        await writer.write(bytes).finally(() => writer.releaseLock());
      }
    } finally {
      for (const end of [from, to]) if (this.#open.delete(end)) end.close();
    }
  }
}
