import { DatabaseSync } from "node:sqlite";
import { migrate } from "../../services/sqlite/schema.ts";
const hex = () => "6740000" + Math.floor(Math.random() * 2 ** 52).toString(16).padStart(17, "0");
const src = new DatabaseSync(":memory:"); migrate(src);
const objs = src.prepare("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '%Words%' AND name NOT LIKE 'messageForgotten' AND name NOT LIKE 'customer_%ed' ").all() as any[];
let ctr = 0; let sorted_ = false;
const mid = () => { const sec = Math.floor(Date.now() / 1000).toString(16); return sorted_ ? sec + "abcdef1234" + (ctr++).toString(16).padStart(6, "0") : sec + Math.floor(Math.random() * 2 ** 52).toString(16).padStart(16, "0"); };
type V = { name: string; edit?: (sql: string, name: string) => string | undefined; pragma?: string; sorted?: boolean };
function run({ name, edit, pragma, sorted }: V) {
  sorted_ = !!sorted;
  const file = "data/p/v.db"; for (const e of ["", "-wal", "-shm"]) try { Deno.removeSync(file + e); } catch { /**/ }
  const db = new DatabaseSync(file);
  db.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;" + (pragma ?? ""));
  for (const o of objs) { const sql = edit ? edit(o.sql, o.name) : o.sql; if (sql) try { db.exec(sql); } catch (e) { console.log(o.name, (e as Error).message); } }
  const S = 100; const ids = Array.from({ length: S }, hex);
  db.exec("PRAGMA foreign_keys=OFF");
  for (const id of ids) db.prepare("INSERT INTO sessions (id,userId,userName,mode,assignedAgent,agentName,createdAt,lastActivity) VALUES (?,?, 'L','human','a','Ada',1,1)").run(id, hex());
  const say = db.prepare(`INSERT INTO messages (id, sessionId, seq, sender, senderId, senderName, text, timestamp, clientId, sources) SELECT ?, id, lastSeq + 1, ?, ?, 'Linus', ?, ?, ?, NULL FROM sessions WHERE id = ? RETURNING seq`);
  let t0 = 1.7e12;
  const batch = () => { db.exec("BEGIN IMMEDIATE"); t0++; for (let i = 0; i < 200; i++) { db.exec("SAVEPOINT j"); say.get(mid(), i % 2 ? "user" : "agent", "u", "The parcel that I ordered last week has not arrived, and I wonder where it is now?", t0, hex() + hex(), ids[(i >> 1) % S]!); db.exec("RELEASE j"); } const c = performance.now(); db.exec("COMMIT"); return performance.now() - c; };
  for (let i = 0; i < 100; i++) batch();
  const cpu = (globalThis as any).process?.cpuUsage;
  let best = Infinity, bc = Infinity; 
  const pages0 = 0;
  const u0 = Deno.readTextFileSync("/proc/self/schedstat").split(" ")[0]; const N = 100; let com = 0;
  for (let i = 0; i < N; i++) { const t = performance.now(); const c = batch(); best = Math.min(best, performance.now() - t); bc = Math.min(bc, c); com += c; }
  const cpuUs = (Number(Deno.readTextFileSync("/proc/self/schedstat").split(" ")[0]) - Number(u0)) / 1e3 / N / 200;
  // pages of one commit
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)"); batch();
  const frames = Math.round(Deno.statSync(file + "-wal").size / 4120);
  console.log(name.padEnd(58), `min ${(best * 1000 / 200).toFixed(1)} µs/msg (commit ${(bc * 1000 / 200).toFixed(1)}), cpu ${cpuUs.toFixed(1)} µs/msg, ${frames} pages a commit of 200`);
  db.close();
}
const noId = (sql: string) => sql.replace("id TEXT NOT NULL UNIQUE,\n    sessionId", "id TEXT NOT NULL,\n    sessionId");
const noClient = (sql: string, n: string) => n === "messagesByClientId" ? undefined : sql;
const noCarried = (sql: string, n: string) => n === "sessionsCarried" || n === "sessionsServed" ? undefined : sql;
const noFk = (sql: string) => sql.replace(/ REFERENCES \w+ \(id\)( ON DELETE CASCADE)?/g, "");
const noAnn = (sql: string, n: string) => /Announced|sessionChanged|queueMoved|agentChanged/.test(n) ? undefined : sql;
const noCounts = (sql: string, n: string) => n === "messageCounts" ? undefined : sql;
const noRowid = (sql: string, n: string) => n === "messages" ? noId(sql).replace("rowId INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused: the search index counts by it", "rowId INTEGER,").replace("UNIQUE (sessionId, seq)\n  ) STRICT", "PRIMARY KEY (sessionId, seq)\n  ) STRICT, WITHOUT ROWID") : sql;
for (const v of [
  { name: "as it is" },
  { name: "ids in order (time, process, counter)", sorted: true },
  { name: "no UNIQUE on messages.id", edit: noId },
  { name: "ids in order, no lastActivity indexes", sorted: true, edit: noCarried },
  { name: "ids in order, no foreign keys", sorted: true, edit: noFk },
  { name: "ids in order, no announcing triggers", sorted: true, edit: noAnn },
  { name: "ids in order, no clientId index", sorted: true, edit: noClient },
  { name: "ids in order, page_size 8192", sorted: true, pragma: "PRAGMA page_size=8192" },
  { name: "ids in order, page_size 2048", sorted: true, pragma: "PRAGMA page_size=2048" },
  { name: "ids in order, cache 64 MB, autocheckpoint 8000", sorted: true, pragma: "PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=8000" },
  { name: "as it is", },
] as V[]) run(v);
