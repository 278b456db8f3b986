/** A cable to a server, in which the answer to a command can get lost. */
export class Cable implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #server: URL;
  readonly #ends = new Set<Deno.Conn>();
  readonly #running: Promise<void>;
  #losing: { readonly command: string; times: number } | undefined;
  /** How many answers were lost. */
  lost = 0;

  constructor(uri: string) {
    this.#server = new URL(uri);
    this.#running = this.#accept();
  }

  get uri(): string {
    const { port } = this.#listener.addr as Deno.NetAddr;
    return `mongodb://127.0.0.1:${port}/?directConnection=true`;
  }

  /** The next `times` that `command` (its name, then the collection's) is sent, the server does it and nobody hears. */
  lose(command: string, times = 1): void {
    this.#losing = { command, times };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const end of this.#ends) close(end);
    await this.#running;
  }

  async #accept(): Promise<void> {
    const pipes: Promise<void>[] = [];
    try {
      for await (const client of this.#listener) pipes.push(this.#connect(client));
    } finally {
      await Promise.all(pipes);
    }
  }

  async #connect(client: Deno.Conn): Promise<void> {
    const { hostname, port } = this.#server;
    const server = await Deno.connect({ hostname, port: Number(port) });
    const ends = [client, server];
    for (const end of ends) this.#ends.add(end);
    let isLost = false;
    const isLosing = (sent: Uint8Array) => isLost ||= this.#loses(sent);
    const there = pipe(client, server, isLosing, () => false);
    const back = pipe(server, client, () => false, () => isLost);
    await Promise.race([there, back]);
    for (const end of ends) close(end);
    await Promise.all([there, back]);
    for (const end of ends) this.#ends.delete(end);
  }

  #loses(sent: Uint8Array): boolean {
    const losing = this.#losing;
    if (!losing || losing.times === 0 || !commandIn(sent).startsWith(losing.command)) return false;
    losing.times--;
    this.lost++;
    return true;
  }
}

/** In OP_MSG the command's document comes after 21 bytes: its length, a type, the command's name, the collection's. */
function commandIn(sent: Uint8Array): string {
  const start = new TextDecoder("latin1").decode(sent.subarray(26, 100));
  const [, command = "", collection = ""] = /^(\w+)\0....(\w*)/s.exec(start) ?? [];
  return `${command} ${collection}`;
}

/** Until one end closes; what `stops` says of it is the last to be passed on, or not even that. */
async function pipe(
  from: Deno.Conn,
  to: Deno.Conn,
  look: (piece: Uint8Array) => boolean,
  stops: () => boolean,
): Promise<void> {
  const piece = new Uint8Array(65_536);
  try {
    for (let size; (size = await from.read(piece)) !== null;) {
      look(piece.subarray(0, size));
      if (stops()) return;
      for (let at = 0; at < size;) at += await to.write(piece.subarray(at, size));
    }
  } catch {
    // the other end is closed
  }
}

function close(end: Deno.Conn): void {
  try {
    end.close();
  } catch {
    // it is closed
  }
}
