/** An HTTP client that costs little: one connection kept alive, one request at a time, bodies counted. */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export interface Answered {
  readonly status: number;
  readonly length: number;
}

export interface HttpRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** Prepared once, sent often. */
export function request({ method = "GET", path, headers = {}, body }: HttpRequest): Uint8Array {
  const all = {
    host: "127.0.0.1",
    ...headers,
    ...(body !== undefined && {
      "content-type": "application/json",
      "content-length": String(encoder.encode(body).length),
    }),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return encoder.encode(
    `${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body ?? ""}`,
  );
}

export class Http implements Disposable {
  readonly #connection: Deno.TcpConn;
  readonly #bytes = new Uint8Array(64 * 1024);

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async open(url: string): Promise<Http> {
    const { hostname, port } = new URL(url);
    return new Http(await Deno.connect({ hostname, port: Number(port) }));
  }

  /** Sends and reads the whole answer. */
  async ask(prepared: Uint8Array): Promise<Answered> {
    for (let left = prepared; left.length > 0;) {
      left = left.subarray(await this.#connection.write(left));
    }
    let held = 0;
    let end = -1;
    while (end < 0) {
      held += await this.#read(held);
      end = decoder.decode(this.#bytes.subarray(0, Math.min(held, 4_096))).indexOf("\r\n\r\n");
    }
    const head = decoder.decode(this.#bytes.subarray(0, end));
    const status = Number(head.slice(9, 12));
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    let body = held - end - 4;
    if (length !== undefined) {
      while (body < Number(length)) body += await this.#read(0);
    } else if (/\r\ntransfer-encoding: chunked/i.test(head)) {
      // a piece that ends so is the last: no text of ours does
      while (!lastChunk(this.#bytes, held)) {
        held = await this.#read(0);
        body += held;
      }
    }
    return { status, length: body };
  }

  async #read(at: number): Promise<number> {
    const read = await this.#connection.read(this.#bytes.subarray(at));
    if (read === null) throw new Error("The server ended the connection");
    return read;
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

const END = [48, 13, 10, 13, 10];

const lastChunk = (bytes: Uint8Array, held: number): boolean =>
  held >= END.length && END.every((byte, i) => bytes[held - END.length + i] === byte);

/** A JSON request by `fetch`, for what isn't measured. */
export async function json(
  url: string,
  body: unknown,
  token?: string,
  // deno-lint-ignore no-explicit-any -- looked at field by field
): Promise<any> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  return await response.json();
}
