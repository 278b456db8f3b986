/** The least that there is to do for a message on MongoDB: loops of one insert each, as safe as ours. */
import { MongoClient } from "mongodb";

const TEXT = "The parcel that I ordered last week has not arrived, and I wonder where it is now?";
const client = new MongoClient(Deno.env.get("MONGO_URI") ?? "", {
  writeConcern: { w: "majority", journal: true },
});
await client.connect();
const messages = client.db().collection("messages");
let seq = 0;
let isRunning = false;

async function loop(): Promise<void> {
  while (isRunning) {
    await messages.insertOne({
      sessionId: "0".repeat(24),
      seq: ++seq,
      sender: "user",
      senderId: "0".repeat(24),
      senderName: "Linus 1",
      text: TEXT,
      timestamp: new Date(),
      clientId: crypto.randomUUID(),
    });
  }
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Inserts a second, by so many loops at once. */
async function measure(loops: number, warm: number, ms: number): Promise<number> {
  isRunning = true;
  const running = Array.from({ length: loops }, loop);
  await pause(warm);
  const [from, begun] = [seq, performance.now()];
  await pause(ms);
  const perSecond = (seq - from) / ((performance.now() - begun) / 1_000);
  isRunning = false;
  await Promise.all(running);
  return perSecond;
}

const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (asked) => {
  const query = new URL(asked.url).searchParams;
  const [loops = 0, warm = 0, ms = 0] = ["loops", "warm", "ms"].map((name) =>
    Number(query.get(name))
  );
  return Response.json({ perSecond: await measure(loops, warm, ms) });
});
const line = { event: "listening", address: `http://127.0.0.1:${server.addr.port}` };
Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
