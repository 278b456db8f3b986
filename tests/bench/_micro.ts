import { fill } from "./cast.ts";
import { openSqlite } from "../../services/sqlite/open.ts";
import { SessionChannel } from "../../routes/channels.ts";
import { framesOf, messageFrame } from "../../routes/frames.ts";
import { SentMessage } from "../../routes/api/messages.ts";
const file = "data/p/m.db";
for (const e of ["", "-wal", "-shm"]) {
  try {
    Deno.removeSync(file + e);
  } catch { /**/ }
}
const cast = await fill(file, async (cast) => {
  const agent = await cast.agent(100);
  const chats = await cast.chats(100);
  for (const chat of chats) await cast.talk(chat, agent, 20);
  return { agent, chats };
});
let raw: any;
const store = await openSqlite({
  file,
  tune: (db) => {
    raw = db;
    db.exec("PRAGMA synchronous=OFF");
  },
});
async function time(name: string, work: () => unknown, n = 400) {
  let best = Infinity;
  for (let r = 0; r < 40; r++) {
    const t = performance.now();
    for (let i = 0; i < n; i++) {
      const p = work();
      if (p instanceof Promise) await p;
    }
    best = Math.min(best, (performance.now() - t) / n);
  }
  console.log(name.padEnd(50), (best * 1000).toFixed(2), "µs");
}
const { session, customer } = cast.chats[5]!;
const s = (await store.sessions.find(session.id))!;
await time("sessions.find", () => store.sessions.find(session.id));
await time("queuePosition", () => store.sessions.queuePosition(s));
await time("agents.find", () => store.agents.find(cast.agent.actor.id));
await time(
  "messages.page after 1",
  () => store.messages.page(session.id, { after: s.lastSeq - 1, limit: 200 }),
);
await time("messages.page 51", () => store.messages.page(session.id, { limit: 51 }));
const st = raw.prepare("SELECT status, assignedAgent FROM sessions WHERE id = :sessionId");
await time("raw state get named", () => st.get({ sessionId: session.id }));
const st2 = raw.prepare("SELECT status, assignedAgent FROM sessions WHERE id = ?");
await time("raw state get positional", () => st2.get(session.id));
const st3 = raw.prepare("SELECT * FROM sessions WHERE id = ?");
await time("raw get * positional", () => st3.get(session.id));
const st4 = raw.prepare("SELECT * FROM sessions WHERE id = ?");
st4.setReturnArrays?.(true);
await time("raw get * arrays", () => st4.get(session.id));
const st5 = raw.prepare(
  "SELECT json_array(s.id,s.userId,s.userName,s.mode,s.status,s.waitingSince,s.assignedAgent,s.agentName,s.createdAt,s.lastActivity,s.closedAt,s.rating,s.ratingComment,s.epoch,s.lastSeq,s.askedSeq,s.answeredSeq,s.subject,s.misses) AS j FROM sessions s WHERE id = ?",
);
await time("raw json_array+parse", () => JSON.parse((st5.get(session.id) as any).j));
await time("exec SAVEPOINT+RELEASE (in tx)", () => {
  raw.exec("SAVEPOINT job");
  raw.exec("RELEASE job");
}, 400).catch(() => {});
raw.exec("BEGIN");
await time("exec SAVEPOINT+RELEASE (in tx)", () => {
  raw.exec("SAVEPOINT job");
  raw.exec("RELEASE job");
});
const sp = raw.prepare("SAVEPOINT job"), rel = raw.prepare("RELEASE job");
await time("prepared SAVEPOINT+RELEASE", () => {
  sp.run();
  rel.run();
});
raw.exec("COMMIT");
let n = 0;
const actor = customer.actor;
for (const k of [1, 20, 100, 400]) {
  await time("append x" + k + " per append*k", async () => {
    await Promise.all(
      Array.from({ length: k }, () =>
        store.messages.append(
          cast.chats[n % 100]!.session.id,
          cast.chats[n % 100]!.customer.actor,
          {
            text:
              "The parcel that I ordered last week has not arrived, and I wonder where it is now?",
            clientId: "c" + n++,
          },
          new Date(),
        )),
    );
  }, 3);
}
for (const pr of ["cache_size=-65536", "wal_autocheckpoint=20000", "temp_store=MEMORY"]) {
  raw.exec("PRAGMA " + pr);
  console.log(pr);
  await time("append x200 (no fsync)", async () => {
    await Promise.all(
      Array.from({ length: 200 }, () =>
        store.messages.append(
          cast.chats[n % 100]!.session.id,
          cast.chats[n % 100]!.customer.actor,
          {
            text:
              "The parcel that I ordered last week has not arrived, and I wonder where it is now?",
            clientId: "c" + n++,
          },
          new Date(),
        )),
    );
  }, 3);
}
await time("append x200 (no fsync)", async () => {
  await Promise.all(
    Array.from(
      { length: 200 },
      () =>
        store.messages.append(
          cast.chats[n % 100]!.session.id,
          cast.chats[n % 100]!.customer.actor,
          {
            text:
              "The parcel that I ordered last week has not arrived, and I wonder where it is now?",
            clientId: "c" + n++,
          },
          new Date(),
        ),
    ),
  );
}, 3);
raw.exec("BEGIN");
const ins0 = raw.prepare(
  "INSERT INTO messages (id, sessionId, seq, sender, senderId, senderName, text, timestamp, clientId) SELECT ?, id, lastSeq+1, 'user', ?, 'L', 'hello there', 1, ? FROM sessions WHERE id=? RETURNING seq",
);
await time(
  "raw insert across 100 sessions",
  () => ins0.get("i" + n++, actor.id, "x" + n, cast.chats[n % 100]!.session.id),
  200,
);
raw.exec("ROLLBACK");
raw.exec("BEGIN");
const by = raw.prepare("SELECT id, text FROM messages WHERE sessionId=? AND clientId=?");
await time("raw byClientId", () => by.get(session.id, "nope"));
const ins = raw.prepare(
  "INSERT INTO messages (id, sessionId, seq, sender, senderId, senderName, text, timestamp, clientId) SELECT ?, id, lastSeq+1, 'user', ?, 'L', 'hello there', 1, ? FROM sessions WHERE id=? RETURNING seq",
);
await time(
  "raw insert returning with triggers",
  () => ins.get("i" + n++, actor.id, "x" + n, session.id),
  100,
);
raw.exec("ROLLBACK");
raw.exec("BEGIN; DROP TRIGGER messageAnnounced");
await time(
  " … without messageAnnounced",
  () => ins.get("i" + n++, actor.id, "x" + n, session.id),
  100,
);
raw.exec("ROLLBACK");
raw.exec("BEGIN");
const upd = raw.prepare("UPDATE sessions SET lastActivity = ?, lastSeq = lastSeq WHERE id = ?");
await time("raw update lastActivity", () => upd.run(n++, session.id), 100);
raw.exec("ROLLBACK");
raw.exec(
  "BEGIN; CREATE TABLE mm (id INTEGER PRIMARY KEY, sessionId TEXT, clientId TEXT, sender TEXT, text TEXT, at INTEGER)",
);
const fl = raw.prepare(
  "INSERT INTO mm (sessionId, clientId, sender, text, at) VALUES (?, ?, ?, ?, ?)",
);
await time("floor's insert", () => fl.run(session.id, "c", "user", "hello there", 1));
raw.exec("ROLLBACK");
const m = (await store.messages.page(session.id, { limit: 1 })).messages[0]!;
await time("messageFrame", () => messageFrame(m));
const sent = {
  sessionId: session.id,
  sender: "user",
  clientId: "cccccccccccccccc",
  message: m.text,
};
await time("SentMessage.safeParse", () => SentMessage.safeParse(sent));
await time("JSON.parse sent", () => JSON.parse(JSON.stringify(sent)));
await time("new TextEncoder().encode", () => new TextEncoder().encode(m.text).length);
const ch = raw.prepare("SELECT id, kind, ref FROM changes WHERE id > :p ORDER BY id LIMIT 1000");
await time("changes since (nothing)", () => ch.all({ p: 1e9 }));
await store[Symbol.asyncDispose]();
