/** One request of an SDK that brings no limits of its own: bounded, stoppable, and kept to the address it was made for. */
const MAX_BYTES = 256 * 1_024;

export class Wire implements Disposable {
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #broken: Error | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
  }

  /** Why it was ended from here, which the SDK would hide. */
  get broken(): Error | undefined {
    return this.#broken;
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
    this.#stop.abort();
  }

  async #fetch(fetch: typeof globalThis.fetch, ...[address, init]: Parameters<typeof fetch>) {
    const response = await fetch(address, { ...init, redirect: "error", signal: this.#signal });
    return new Response(response.body?.pipeThrough(this.#bound()) ?? null, response);
  }

  #bound(): TransformStream<Uint8Array, Uint8Array> {
    let bytes = 0;
    return new TransformStream({
      transform: (chunk, controller) => {
        bytes += chunk.byteLength;
        if (bytes <= MAX_BYTES) return controller.enqueue(chunk);
        this.#broken = new Error(`The answer is longer than ${MAX_BYTES} bytes`);
        this.#stop.abort(this.#broken);
        throw this.#broken;
      },
    });
  }
}
