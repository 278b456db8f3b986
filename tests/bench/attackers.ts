/** Hostile sockets, over and over, until it is killed: started by `hostile.ts` with an address and the attackers' chats and tokens. */
import { frame, joined, Wire } from "./wire.ts";

const [url = "", chats = "[]"] = Deno.args;
const attackers: [sessionId: string, token: string][] = JSON.parse(chats);
const FRAMES = 10_000;
const IDLE = 300;

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
const open = ([sessionId, token]: [string, string]) =>
  Wire.open(url, `/ws?sessionId=${sessionId}`, { authorization: `Bearer ${token}` });
const message = (sessionId: string, i: number) =>
  frame(JSON.stringify({ sessionId, sender: "user", message: `spam ${i}`, clientId: `s${i}` }));

const ATTACKS: ((who: [string, string]) => Promise<void>)[] = [
  /** Ten thousand frames at once. */
  async function flood(who) {
    using wire = await open(who);
    wire.send(joined(Array.from({ length: FRAMES }, (_, i) => message(who[0], i))));
    await pause(3_000);
  },
  /** Frames that are no JSON. */
  async function garbage(who) {
    using wire = await open(who);
    wire.send(joined(Array.from({ length: FRAMES }, () => frame("{not json"))));
    await pause(200);
  },
  /** One frame that says it is of a hundred megabytes. */
  async function huge(who) {
    using wire = await open(who);
    const head = [0x81, 0xff, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0];
    wire.send(joined([Uint8Array.from(head), new Uint8Array(1024 * 1024)]));
    await pause(200);
  },
  /** A message in pieces without a last one. */
  async function endless(who) {
    using wire = await open(who);
    const piece = frame("x".repeat(1_024), 0x00);
    wire.send(frame("x", 0x01));
    for (let i = 0; i < 2_000 && wire.closed === undefined; i++) {
      wire.send(piece);
      if (i % 100 === 0) await pause(5);
    }
  },
  /** Speaks and never reads: by bare TCP, since a `Wire` reads. */
  async function deaf([sessionId, token]) {
    const { hostname, port } = new URL(url);
    using connection = await Deno.connect({ hostname, port: Number(port) });
    await connection.write(new TextEncoder().encode(
      `GET /ws?sessionId=${sessionId} HTTP/1.1\r\nhost: ${hostname}\r\nupgrade: websocket\r\n` +
        `connection: Upgrade\r\nsec-websocket-version: 13\r\nauthorization: Bearer ${token}\r\n` +
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    ));
    await pause(100);
    const many = joined(Array.from({ length: 1_000 }, (_, i) => message(sessionId, i)));
    const late = pause(3_000);
    await Promise.race([late, connection.write(many)]);
    await late;
  },
];

async function forever(attack: (who: [string, string]) => Promise<void>, who: [string, string]) {
  for (;;) {
    await attack(who).catch(() => pause(200)); // refused, or cut off: the next one
    await pause(50);
  }
}

attackers.forEach((who, i) => void forever(ATTACKS[i % ATTACKS.length]!, who));
for (let i = 0; i < IDLE; i++) void open(attackers[i % attackers.length]!).catch(() => undefined);
await pause(1_000);
const line = { event: "listening", address: url };
Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
