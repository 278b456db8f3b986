/** Sockets that flood, never end, never listen, or are only half there: the process stays small and others go on. */
import assert from "node:assert/strict";
import { eventually, listen, pause, test, testSite } from "./helpers.ts";
import { connectTo, frame, OP, RawSocket, repeated, upgradeRequest, write } from "./raw_socket.ts";
import { type Guest, guest, post, Started } from "./started.ts";

const MAX_MEMORY = 300;
const KB = 1024;
const MB = 1024 * KB;

/** A server, the one who is bad to it, and another customer who goes on all the while. */
class Siege implements AsyncDisposable {
  readonly server: Started;
  readonly eve: Guest;
  readonly #linus: Guest;
  readonly #latencies: number[] = [];
  readonly #going: Promise<void>;
  #isOver = false;

  private constructor(server: Started, eve: Guest, linus: Guest) {
    this.server = server;
    this.eve = eve;
    this.#linus = linus;
    this.#going = this.#goOn();
  }

  static async open(): Promise<Siege> {
    const server = await Started.open({ env: { RATE_LIMITS: "off" } });
    const { url } = server;
    return new Siege(server, await guest(url, "Eve"), await guest(url, "Linus"));
  }

  socket(who: Guest = this.eve): Promise<RawSocket> {
    const headers = { authorization: `Bearer ${who.token}` };
    return RawSocket.open(this.server.url, `/ws?sessionId=${who.sessionId}`, headers);
  }

  sockets(n: number, who?: Guest): Promise<RawSocket[]> {
    return Promise.all(Array.from({ length: n }, () => this.socket(who)));
  }

  async openSockets(): Promise<number> {
    const response = await this.server.fetch("/metrics");
    return Number(/handoff_open_sockets (\d+)/.exec(await response.text())?.[1]);
  }

  /** That it is over, nobody noticed much, and the process never was large. */
  async assertHeld(least = 5): Promise<void> {
    await pause(200);
    this.#isOver = true;
    await this.#going;
    const worst = Math.max(...this.#latencies);
    const { most } = this.server.memory();
    assert.ok(this.#latencies.length >= least, `${this.#latencies.length} sends by another`);
    assert.ok(worst < 5_000, `another's send took ${Math.round(worst)} ms`);
    assert.ok(most < MAX_MEMORY, `${Math.round(most)} MB at most`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#going.catch(() => undefined);
    await this.server[Symbol.asyncDispose]();
  }

  async #goOn(): Promise<void> {
    const { sessionId, token } = this.#linus;
    for (let n = 0; !this.#isOver; n++) {
      const from = performance.now();
      const wish = { sessionId, message: `Message ${n}` };
      const { status } = await post(this.server.url, "/api/session/message", wish, token);
      assert.equal(status, 201);
      this.#latencies.push(performance.now() - from);
      await pause(20);
    }
  }
}

const say = (text: string): Uint8Array => frame(JSON.stringify({ message: text }));

test("10,000 frames at once are worked off in turn, and nobody else waits for them", async () => {
  await using siege = await Siege.open();
  using flood = await siege.socket();
  flood.listen();
  assert.ok(await flood.write(repeated(say("Me"), 10_000)));
  const ACK = 150;
  await eventually(() => flood.heard > 8_000 * ACK, { within: 60_000, what: "8,000 answers" });
  assert.equal(flood.isEnded, false);
  await siege.assertHeld();
});

test("10,000 bad frames at once are not read to their end", async () => {
  await using siege = await Siege.open();
  using flood = await siege.socket();
  await flood.write(repeated(frame("no JSON"), 10_000));
  assert.equal(await flood.closeCode(), 1008);
  using noisy = await siege.socket();
  noisy.listen();
  await noisy.write(repeated(frame("x", { op: OP.ping }), 10_000)); // each is answered
  assert.ok(noisy.heard > 0 || await eventually(() => noisy.heard > 0));
  await siege.assertHeld();
});

test("one huge frame is refused by its head, however much follows", async () => {
  await using siege = await Siege.open();
  const head = (length: number) => frame("", { length }).subarray(0);
  for (const length of [MB, 2 ** 31, 2 ** 40]) {
    using huge = await siege.socket();
    huge.listen();
    await huge.write(head(length));
    const piece = new Uint8Array(MB).fill(97);
    let sent = 0;
    while (sent < 100 && await huge.write(piece)) sent++;
    assert.equal(await huge.closeCode(), 1009, `${length} bytes`);
  }
  using large = await siege.socket();
  large.listen();
  const over = frame(JSON.stringify({ message: "x".repeat(17 * KB) }));
  for (let n = 0; n < 3; n++) await large.write(over);
  assert.equal(await large.closeCode(), 1009);
  await siege.assertHeld();
});

test("fragments without end are cut off, be they large, small or empty", async () => {
  await using siege = await Siege.open();
  for (const size of [0, 1, 1_000, 100_000]) {
    const sockets = await siege.sockets(20);
    const piece = frame(new Uint8Array(size).fill(97), { op: OP.more, isLast: false });
    const pieces = repeated(piece, Math.max(1, Math.floor(64 * KB / piece.length)));
    const cut = await Promise.all(sockets.map(async (socket) => {
      socket.listen();
      await socket.write(frame("a", { isLast: false }));
      for (const end = Date.now() + 4_000; Date.now() < end;) { // though it was told to stop
        if (!await socket.write(pieces)) return true;
      }
      return false;
    }));
    assert.ok(cut.every(Boolean), `fragments of ${size}: ${cut}`);
    for (const socket of sockets) {
      const code = await socket.closeCode();
      assert.ok([1006, 1008, 1009].includes(code), `fragments of ${size}: ${code}`);
      socket[Symbol.dispose]();
    }
  }
  await siege.assertHeld();
});

test("messages that many sockets begin and never end take little room", async () => {
  await using siege = await Siege.open();
  const begun = frame(new Uint8Array(250_000).fill(97), { length: 260_000 });
  const sockets: RawSocket[] = [];
  for (let n = 0; n < 20; n++) {
    const more = await siege.sockets(50);
    await Promise.all(more.map((socket) => socket.write(begun)));
    sockets.push(...more);
  }
  await siege.assertHeld();
  for (const socket of sockets) socket[Symbol.dispose]();
});

test("readers that never read are dropped, however much is pushed to them", async () => {
  await using siege = await Siege.open();
  const deaf = await siege.sockets(50);
  using keen = await siege.socket();
  keen.listen();
  const before = await siege.openSockets();
  assert.ok(before >= 51, `${before} sockets`);
  const { sessionId, token } = siege.eve;
  const text = "x".repeat(4_000);
  let posted = 0;
  const end = Date.now() + 25_000;
  while (await siege.openSockets() > before - 50 && Date.now() < end) {
    await Promise.all(Array.from({ length: 50 }, async () => {
      const wish = { sessionId, message: text };
      const { status } = await post(siege.server.url, "/api/session/message", wish, token);
      if (status === 201) posted++;
    }));
  }
  const left = await siege.openSockets();
  assert.equal(left, before - 50, `after ${posted} messages`);
  await eventually(() => keen.heard > posted * text.length); // whoever reads has them all
  assert.equal(keen.isEnded, false);
  await siege.assertHeld();
  for (const socket of deaf) socket[Symbol.dispose]();
});

test("2,000 idle sockets cost little, and all hear what is said", async () => {
  await using siege = await Siege.open();
  const sockets: RawSocket[] = [];
  for (let n = 0; n < 20; n++) sockets.push(...await siege.sockets(100));
  assert.ok(await siege.openSockets() >= 2_000);
  for (const socket of sockets) socket.listen();
  const { sessionId, token } = siege.eve;
  const before = sockets.map(({ heard }) => heard);
  const wish = { sessionId, message: "Is anybody there?" };
  assert.equal((await post(siege.server.url, "/api/session/message", wish, token)).status, 201);
  await eventually(() => sockets.every(({ heard }, i) => heard > before[i]! + 100), {
    what: "the message at all of them",
  });
  await siege.assertHeld();
  for (const socket of sockets) socket[Symbol.dispose]();
  await eventually(async () => await siege.openSockets() === 0, { what: "the end of them all" });
});

test("connections that are half open take nobody's place", async () => {
  await using siege = await Siege.open();
  const { url } = siege.server;
  const headers = { authorization: `Bearer ${siege.eve.token}` };
  const whole = upgradeRequest(url, `/ws?sessionId=${siege.eve.sessionId}`, headers);
  const starts = [
    "",
    "G",
    "GET / HT",
    "POST /login HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n",
  ];
  starts.push(whole.slice(0, -2), whole.slice(0, 40));
  const connections: Deno.TcpConn[] = [];
  for (let n = 0; n < 600; n++) {
    const connection = await connectTo(url);
    await write(connection, starts[n % starts.length]!);
    connections.push(connection);
  }
  for (let n = 0; n < 200; n++) { // asks for a socket and is gone before the answer
    using gone = await connectTo(url);
    await write(gone, whole);
  }
  await siege.assertHeld();
  for (const connection of connections) connection.close();
  await eventually(async () => await siege.openSockets() === 0, { what: "the end of them all" });
});

test("a socket whose other end is gone without a word is found out by its silence", async () => {
  const { setInterval } = globalThis;
  globalThis.setInterval =
    ((work: () => void, ms: number) =>
      setInterval(work, ms === 30_000 ? 200 : ms)) as typeof setInterval; // the ping's interval
  try {
    await using site = await testSite();
    const linus = await site.customer("Linus");
    const { sessionId } = (await linus.post("/api/session/start")).body;
    const path = `/ws?sessionId=${sessionId}`;
    const headers = { authorization: `Bearer ${linus.token}` };
    await using answering = await listen(`${site.url.replace("http", "ws")}${path}`, { headers });
    using silent = await RawSocket.open(site.url, path, headers);
    assert.equal(site.site.parts.sockets.size, 2);
    await eventually(() => site.site.parts.sockets.size === 1, { within: 2_000 });
    await pause(600);
    assert.equal(site.site.parts.sockets.size, 1); // who answers stays
    answering.send({ message: "Here" });
    await answering.type("ack");
    assert.equal(await silent.closeCode(), 1006);
  } finally {
    globalThis.setInterval = setInterval;
  }
});
