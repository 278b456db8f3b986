/** Clients that cost little: requests and frames as prepared bytes over bare TCP, answers counted rather than read. */

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const OPENS_WITHIN = 20_000;
/** Of "{}", by which a server says that it is there. */
const HEARTBEAT = 2;
const HEAD_END = [13, 10, 13, 10];

function connectTo(url: string): Promise<Deno.TcpConn> {
  const { hostname, port } = new URL(url);
  return Deno.connect({ hostname, port: Number(port) });
}

function headBytes(method: string, path: string, headers: Record<string, string>): string {
  const lines = Object.entries({ host: "127.0.0.1", ...headers }).map(([k, v]) => `${k}: ${v}`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
}

function endOfHead(bytes: Uint8Array, until: number): number {
  for (let i = 0; i + 3 < until; i++) {
    if (HEAD_END.every((byte, j) => bytes[i + j] === byte)) return i + 4;
  }
  return -1;
}

/** Writes in the order asked, together what waits together. */
class Outbox {
  readonly #connection: Deno.TcpConn;
  #waiting: Uint8Array[] = [];
  #writing = false;

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  put(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    if (!this.#writing) this.#write().catch(() => undefined); // whoever reads meets the end
  }

  async #write(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) {
      let left = this.#waiting.length === 1 ? this.#waiting[0]! : joined(this.#waiting);
      this.#waiting = [];
      while (left.length > 0) left = left.subarray(await this.#connection.write(left));
    }
    this.#writing = false;
  }
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

// ---- sockets ------------------------------------------------------------------------------------

/** A whole frame from a client, masked with zeros: its payload stands in it as it is. */
export function frame(text: string | Uint8Array, first = 0x81): Uint8Array {
  const payload = typeof text === "string" ? encoder.encode(text) : text;
  const { length } = payload;
  const size = length < 126 ? [length] : [126, length >> 8, length & 255];
  const head = [first, 0x80 | size[0]!, ...size.slice(1), 0, 0, 0, 0];
  return joined([Uint8Array.from(head), payload]);
}

/** A text frame's payload is `bytes.subarray(from, to)`, to be looked at before returning. */
export type OnFrame = (bytes: Uint8Array, from: number, to: number) => void;

export class Wire implements Disposable {
  readonly #connection: Deno.TcpConn;
  readonly #out: Outbox;
  readonly #onFrame: OnFrame;
  #bytes = new Uint8Array(8 * 1024);
  #held = 0;
  /** Why it closed, once it has. */
  closed: number | undefined;

  private constructor(connection: Deno.TcpConn, onFrame: OnFrame) {
    this.#connection = connection;
    this.#out = new Outbox(connection);
    this.#onFrame = onFrame;
  }

  static async open(
    url: string,
    path: string,
    headers: Record<string, string>,
    onFrame: OnFrame = () => {},
  ): Promise<Wire> {
    const connection = await connectTo(url);
    const wire = new Wire(connection, onFrame);
    const late = setTimeout(() => connection.close(), OPENS_WITHIN);
    wire.send(encoder.encode(headBytes("GET", path, {
      upgrade: "websocket",
      connection: "Upgrade",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      ...headers,
    })));
    await wire.#opened();
    clearTimeout(late);
    wire.#listen().catch(() => wire.closed ??= 1006);
    return wire;
  }

  send(bytes: Uint8Array): void {
    this.#out.put(bytes);
  }

  async #opened(): Promise<void> {
    for (;;) {
      const read = await this.#connection.read(this.#bytes.subarray(this.#held));
      this.#held += read ?? 0;
      const end = endOfHead(this.#bytes, this.#held);
      const status = decoder.decode(this.#bytes.subarray(0, this.#held)).slice(9, 12);
      if (read === null || (end > 0 && status !== "101")) throw new Error(`Refused: ${status}`);
      if (end < 0) continue;
      this.#bytes.copyWithin(0, end, this.#held);
      this.#held -= end;
      return this.#take();
    }
  }

  async #listen(): Promise<void> {
    for (;;) {
      const read = await this.#connection.read(this.#bytes.subarray(this.#held));
      if (read === null) break;
      this.#held += read;
      this.#take();
    }
    this.closed ??= 1006;
  }

  /** Tells of all whole frames, and keeps the rest. */
  #take(): void {
    const bytes = this.#bytes;
    let at = 0;
    while (this.#held - at >= 2) {
      const short = bytes[at + 1]! & 127;
      const head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (this.#held - at < head) break;
      const view = new DataView(bytes.buffer, at);
      const length = short < 126
        ? short
        : short === 126
        ? view.getUint16(2)
        : Number(view.getBigUint64(2));
      const from = at + head;
      if (head + length > bytes.length) return this.#grow(at, head + length);
      if (this.#held < from + length) break;
      const op = bytes[at]! & 15;
      if (op === 1 && length > HEARTBEAT) this.#onFrame(bytes, from, from + length);
      else if (op === 9) this.send(frame(bytes.slice(from, from + length), 0x8a));
      else if (op === 8) this.closed ??= length >= 2 ? view.getUint16(head) : 1005;
      at = from + length;
    }
    bytes.copyWithin(0, at, this.#held);
    this.#held -= at;
  }

  #grow(at: number, needed: number): void {
    const larger = new Uint8Array(needed * 2);
    larger.set(this.#bytes.subarray(at, this.#held));
    this.#held -= at;
    this.#bytes = larger;
  }

  [Symbol.dispose](): void {
    this.closed ??= 1000;
    try {
      this.#connection.close();
    } catch { /* it is closed */ }
  }
}

/** Opens many, a few at a time. */
export async function openAll<T>(items: readonly T[], open: (item: T) => Promise<Wire>) {
  const wires: Wire[] = [];
  for (let i = 0; i < items.length; i += 50) {
    wires.push(...await Promise.all(items.slice(i, i + 50).map(open)));
  }
  return { wires, [Symbol.dispose]: () => wires.forEach((wire) => wire[Symbol.dispose]()) };
}
