/** A TCP proxy that is slow on purpose and can drop everybody, with what is on the way in both directions. */
import { chance } from "./crowd.ts";
import { pause } from "./helpers.ts";

export class Proxy implements AsyncDisposable {
  readonly url: string;
  /** Connections cut so far, and bytes that got lost with them. */
  cut = 0;
  lost = 0;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.TcpConn>();
  readonly #working = new Set<Promise<void>>();
  readonly #target: { hostname: string; port: number };
  readonly #between: (from: number, to: number) => number;
  readonly #delay: number;

  /** Each piece waits up to `delay` milliseconds on its way. */
  constructor(target: string, { seed, delay }: { seed: number; delay: number }) {
    const { hostname, port } = new URL(target);
    this.#target = { hostname, port: Number(port) };
    this.#between = chance(seed).between;
    this.#delay = delay;
    this.url = `http://127.0.0.1:${this.#listener.addr.port}`;
    this.#track(this.#accept());
  }

  /** Cuts every connection where it stands. */
  drop(): void {
    this.cut += this.#open.size / 2;
    for (const connection of this.#open) close(connection);
    this.#open.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.drop();
    while (this.#working.size > 0) await Promise.all(this.#working);
  }

  async #accept(): Promise<void> {
    try {
      for await (const near of this.#listener) this.#track(this.#join(near));
    } catch {
      // closed
    }
  }

  async #join(near: Deno.TcpConn): Promise<void> {
    const far = await Deno.connect(this.#target).catch(() => undefined);
    if (!far) return close(near);
    for (const connection of [near, far]) {
      connection.setNoDelay(true);
      this.#open.add(connection);
    }
    await Promise.all([this.#carry(near, far), this.#carry(far, near)]);
    for (const connection of [near, far]) {
      this.#open.delete(connection);
      close(connection);
    }
  }

  async #carry(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(16 * 1024);
    let underway = 0;
    try {
      for (let count; (count = await from.read(buffer)) !== null;) {
        underway = count;
        await pause(this.#between(0, this.#delay));
        for (let at = 0; at < count;) at += await to.write(buffer.subarray(at, count));
        underway = 0;
      }
      await to.closeWrite();
    } catch {
      this.lost += underway; // cut in the middle
      close(to);
    }
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#working.delete(tracked));
    this.#working.add(tracked);
  }
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // it is closed already
  }
}
