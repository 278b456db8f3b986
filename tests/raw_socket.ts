/** A socket by hand, over bare TCP: requests and frames that no well-behaved client would send. */
import { eventually } from "./helpers.ts";

const encoder = new TextEncoder();
const CHUNK = 16 * 1024;

export const OP = { more: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

export const connectTo = (url: string): Promise<Deno.TcpConn> => {
  const { hostname, port } = new URL(url);
  return Deno.connect({ hostname, port: Number(port) });
};

export async function write(connection: Deno.TcpConn, bytes: Uint8Array | string): Promise<void> {
  let left = typeof bytes === "string" ? encoder.encode(bytes) : bytes;
  while (left.length > 0) left = left.subarray(await connection.write(left));
}

export function upgradeRequest(
  url: string,
  path: string,
  headers: Record<string, string> = {},
): string {
  const lines = Object.entries({
    host: new URL(url).host,
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  return `GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
}

/** What an upgrade is answered with: 101, or a refusal with its headers and body. */
export async function upgrade(
  url: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<HttpAnswer> {
  using connection = await connectTo(url);
  await write(connection, upgradeRequest(url, path, headers));
  return await answerOn(connection);
}

/** Reads one answer: its head, and its body as far as `content-length` says. */
export async function answerOn(connection: Deno.TcpConn, early = ""): Promise<HttpAnswer> {
  const buffer = new Uint8Array(CHUNK);
  let bytes = encoder.encode(early);
  for (;;) {
    const text = new TextDecoder().decode(bytes);
    const end = text.indexOf("\r\n\r\n");
    if (end >= 0) {
      const [first = "", ...lines] = text.slice(0, end).split("\r\n");
      const headers = new Headers(
        lines.map((line): [string, string] => {
          const [name = "", ...value] = line.split(":");
          return [name, value.join(":").trim()];
        }),
      );
      const status = Number(/^HTTP\/1.1 (\d+)/.exec(first)?.[1]);
      const body = text.slice(end + 4);
      const length = Number(headers.get("content-length") ?? 0);
      if (status === 101 || encoder.encode(body).length >= length) return { status, headers, body };
    }
    const read = await connection.read(buffer);
    if (read === null) return { status: 0, headers: new Headers(), body: text };
    bytes = new Uint8Array([...bytes, ...buffer.subarray(0, read)]);
  }
}

export interface FrameOptions {
  readonly op?: number;
  readonly isLast?: boolean;
  /** What the head claims, where that isn't the payload's. */
  readonly length?: number;
}

/** A masked frame, as clients have to send them; the mask is zero, so that the payload stands as it is. */
export function frame(payload: string | Uint8Array, options: FrameOptions = {}): Uint8Array {
  const bytes = typeof payload === "string" ? encoder.encode(payload) : payload;
  const { op = OP.text, isLast = true, length = bytes.length } = options;
  const first = (isLast ? 0x80 : 0) | op;
  const size = length < 126
    ? [0x80 | length]
    : length < 65_536
    ? [0x80 | 126, length >> 8, length & 255]
    : [0x80 | 127, ...new Uint8Array(new BigUint64Array([BigInt(length)]).buffer).toReversed()];
  return new Uint8Array([first, ...size, 0, 0, 0, 0, ...bytes]);
}

export const repeated = (bytes: Uint8Array, times: number): Uint8Array => {
  const all = new Uint8Array(bytes.length * times);
  for (let i = 0; i < times; i++) all.set(bytes, i * bytes.length);
  return all;
};

/** An open socket; it reads only when asked to. */
export class RawSocket implements Disposable {
  readonly connection: Deno.TcpConn;
  /** Bytes that have come. */
  heard = 0;
  isEnded = false;
  #tail = new Uint8Array();
  #reading: Promise<void> | undefined;
  #isOpen = true;

  private constructor(connection: Deno.TcpConn) {
    this.connection = connection;
  }

  static async open(url: string, path: string, headers: Record<string, string>) {
    const connection = await connectTo(url);
    await write(connection, upgradeRequest(url, path, headers));
    const { status } = await answerOn(connection);
    if (status === 101) return new RawSocket(connection);
    connection.close();
    throw new Error(`The upgrade was refused with ${status}`);
  }

  /** Writes as far as the other end lets it; what it cuts off is no failure. */
  async write(bytes: Uint8Array): Promise<boolean> {
    try {
      await write(this.connection, bytes);
      return true;
    } catch {
      return false;
    }
  }

  /** Reads on, until the other end is done. */
  listen(): Promise<void> {
    return this.#reading ??= this.#read();
  }

  /** The code with which the other end closed; 1006 where it went without a word. */
  async closeCode(within = 5_000): Promise<number> {
    this.listen();
    await eventually(() => this.isEnded, { within, what: "the end of the socket" });
    const [head = 0, size = 0, high = 0, low = 0] = this.#tail.subarray(this.#closeAt());
    return (head & 15) === OP.close && size >= 2 ? high << 8 | low : 1006;
  }

  [Symbol.dispose](): void {
    if (this.#isOpen) this.connection.close();
    this.#isOpen = false;
  }

  /** A close frame is the last thing that comes: at most 127 bytes of it. */
  #closeAt(): number {
    const tail = this.#tail;
    for (let at = Math.max(0, tail.length - 127); at < tail.length; at++) {
      if (tail[at] === (0x80 | OP.close) && tail[at + 1] === tail.length - at - 2) return at;
    }
    return tail.length;
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(CHUNK);
    try {
      for (let n; (n = await this.connection.read(buffer)) !== null;) {
        this.heard += n;
        this.#tail = new Uint8Array([...this.#tail, ...buffer.subarray(0, n)].slice(-256));
      }
    } catch { /* cut off */ }
    this.isEnded = true;
  }
}
