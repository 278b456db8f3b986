/** One request of an SDK that brings no limits of its own: bounded, stoppable, and kept to the address it was made for. */
const MAX_BYTES = 256 * 1_024;

type Fetch = typeof globalThis.fetch;

export class Wire implements Disposable {
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #onAbort = () => this.#end(this.#signal.reason);
  #body: TransformStreamDefaultController<Uint8Array> | undefined;
  #broken: Error | undefined;
  #retryAfter: number | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", this.#onAbort, { once: true });
    if (signal.aborted) this.#onAbort();
  }

  /** What went wrong on the way, which the SDK would hide. */
  get broken(): Error | undefined {
    return this.#broken;
  }

  /** For how many milliseconds a proxy on the way asks to be left alone; Gemini says it in the body. */
  get retryAfter(): number | undefined {
    return this.#retryAfter;
  }

  /**
   * The SDK takes no `fetch` and reads the global one as it is called. So for this one call, which hands the
   * request over before it returns, the global one is ours: a redirect would take the key elsewhere, an
   * aborted signal goes unheard, and an answer of any length is read to its end.
   */
  carry<T>(call: () => Promise<T>): Promise<T> {
    const { fetch } = globalThis;
    globalThis.fetch = (address, init) => this.#fetch(fetch, address, init);
    try {
      return call();
    } finally {
      globalThis.fetch = fetch;
    }
  }

  /** Ends the request, read or not. */
  [Symbol.dispose](): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#end(new Error("Nobody reads on"));
  }

  /** The body is ended by hand: a signal's hold on it doesn't outlast a garbage collection (Deno 2.9). */
  #end(reason: unknown): void {
    this.#stop.abort(reason);
    this.#body?.error(reason);
  }

  async #fetch(fetch: Fetch, ...[address, init]: Parameters<Fetch>): Promise<Response> {
    try {
      const { signal } = this.#stop;
      const response = await fetch(address, { ...init, redirect: "error", signal });
      this.#retryAfter = milliseconds(response.headers.get("retry-after"));
      return new Response(response.body?.pipeThrough(this.#bound()) ?? null, response);
    } catch (error) {
      this.#broken = withCause(error);
      throw this.#broken;
    }
  }

  #bound(): TransformStream<Uint8Array, Uint8Array> {
    let bytes = 0;
    return new TransformStream({
      start: (controller) => {
        this.#body = controller;
      },
      transform: (chunk, controller) => {
        bytes += chunk.byteLength;
        if (bytes <= MAX_BYTES) return controller.enqueue(chunk);
        this.#broken = new Error(`The answer is longer than ${MAX_BYTES} bytes`);
        this.#end(this.#broken);
      },
    });
  }
}

function milliseconds(seconds: string | null): number | undefined {
  return seconds !== null && /^\d+$/.test(seconds) ? Number(seconds) * 1_000 : undefined;
}

/** "fetch failed" says nothing; what it failed by stands a level below. */
function withCause(error: unknown): Error {
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  return new Error(cause instanceof Error ? `${message}: ${cause.message}` : message);
}
