/** A cable to a server: an answer can get lost in it, it can be cut, held or slow, and it counts what is asked. */
import { pause } from "../helpers.ts";

/** What is sent gets on, or waits, or finds its connection ended. */
type State = "whole" | "held" | "severed";

export class Cable implements AsyncDisposable {
  /** How many answers were lost. */
  lost = 0;
  /** How many connections were cut. */
  cuts = 0;
  /** How long each piece is on its way, in either direction, in milliseconds. */
  delay = 0;
  /** How often each command was sent, by its name and the collection's. */
  readonly asked = new Map<string, number>();
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #server: URL;
  readonly #strands = new Set<Strand>();
  readonly #running: Promise<void>;
  #losing: { readonly command: string; times: number } | undefined;
  #state: State = "whole";
  #mended = Promise.withResolvers<void>();

  constructor(uri: string) {
    this.#server = new URL(uri);
    this.#running = this.#accept();
  }

  get uri(): string {
    const uri = new URL(this.#server);
    uri.host = `127.0.0.1:${this.#listener.addr.port}`;
    uri.pathname ||= "/";
    uri.searchParams.set("directConnection", "true");
    return uri.href;
  }

  /** The next `times` that `command` (its name, then the collection's) is sent, the server does it and nobody hears. */
  lose(command: string, times = 1): void {
    this.#losing = { command, times };
  }

  /** Ends all connections; new ones are fine. */
  cut(): void {
    this.cuts += this.#strands.size;
    for (const strand of this.#strands) strand.end();
  }

  /** Ends all connections, and new ones at once, until it is mended. */
  sever(): void {
    this.#state = "severed";
    this.cut();
  }

  /** Connections stay and new ones are taken, but nothing gets through until it is mended. */
  hold(): void {
    this.#state = "held";
  }

  /** What was held gets on; with `deaf`, nothing is ever heard again on the connections that there are. */
  mend({ deaf = false } = {}): void {
    if (deaf) { for (const strand of this.#strands) strand.isDeaf = true; }
    this.#state = "whole";
    this.#mended.resolve();
    this.#mended = Promise.withResolvers();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.cut();
    await this.#running;
  }

  async #accept(): Promise<void> {
    const joined: Promise<void>[] = [];
    try {
      for await (const client of this.#listener) joined.push(this.#join(client));
    } finally {
      await Promise.all(joined);
    }
  }

  async #join(client: Deno.Conn): Promise<void> {
    const { hostname, port } = this.#server;
    const server = this.#state === "severed"
      ? undefined
      : await Deno.connect({ hostname, port: Number(port) }).catch(() => undefined);
    if (!server) return client.close();
    const strand = new Strand(client, server);
    this.#strands.add(strand);
    let isLost = false;
    await strand.carry({
      there: async (piece) => {
        await this.#passage(strand);
        isLost ||= this.#loses(piece);
        return true;
      },
      back: async () => {
        await this.#passage(strand);
        return !isLost;
      },
    });
    this.#strands.delete(strand);
  }

  async #passage(strand: Strand): Promise<void> {
    if (this.delay > 0) await pause(this.delay);
    if (this.#state === "held") await Promise.race([this.#mended.promise, strand.ended]);
    if (strand.isDeaf) await strand.ended;
  }

  /** Whether the answer to what is sent here is to be lost. */
  #loses(sent: Uint8Array): boolean {
    const command = commandIn(sent);
    if (command === undefined) return false;
    this.asked.set(command, (this.asked.get(command) ?? 0) + 1);
    const losing = this.#losing;
    if (!losing || losing.times === 0 || !command.startsWith(losing.command)) return false;
    losing.times--;
    this.lost++;
    return true;
  }
}

/** One connection, from end to end. */
class Strand {
  /** Nothing gets through any more, and nobody is told. */
  isDeaf = false;
  readonly #client: Deno.Conn;
  readonly #server: Deno.Conn;
  readonly #ended = Promise.withResolvers<void>();

  constructor(client: Deno.Conn, server: Deno.Conn) {
    this.#client = client;
    this.#server = server;
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  end(): void {
    this.#ended.resolve();
    for (const end of [this.#client, this.#server]) {
      try {
        end.close();
      } catch {
        // it is closed
      }
    }
  }

  /** Until it ends; each piece waits for leave to go on, and ends it where there is none. */
  async carry(leave: Record<"there" | "back", (piece: Uint8Array) => Promise<boolean>>) {
    const [client, server] = [this.#client, this.#server];
    await Promise.all([
      this.#pipe(client, server, leave.there),
      this.#pipe(server, client, leave.back),
    ]);
  }

  async #pipe(
    from: Deno.Conn,
    to: Deno.Conn,
    mayPass: (piece: Uint8Array) => Promise<boolean>,
  ): Promise<void> {
    const piece = new Uint8Array(65_536);
    try {
      for (let size; (size = await from.read(piece)) !== null;) {
        if (!await mayPass(piece.subarray(0, size))) break;
        for (let at = 0; at < size;) at += await to.write(piece.subarray(at, size));
      }
    } catch {
      // the other end is closed
    }
    this.end();
  }
}

const MESSAGE = 2_013;

/** In OP_MSG the command's document comes after 21 bytes: its length, a type, the command's name, the collection's. */
function commandIn(sent: Uint8Array): string | undefined {
  const { byteOffset, byteLength } = sent;
  const view = new DataView(sent.buffer, byteOffset, byteLength);
  if (byteLength < 26 || view.getInt32(12, true) !== MESSAGE) return undefined; // or not its beginning
  const start = new TextDecoder("latin1").decode(sent.subarray(26, 100));
  const [, command = "", collection = ""] = /^(\w+)\0....(\w*)/s.exec(start) ?? [];
  return `${command} ${collection}`;
}
