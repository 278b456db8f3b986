/** The SQLite store: the contract over it, and what it promises by itself. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { type Change, newId } from "../services/domain.ts";
import { Fault } from "../services/errors.ts";
import { GroupCommit } from "../services/sqlite/commit.ts";
import { openSqlite, type SqliteStore } from "../services/sqlite/open.ts";
import { migrate } from "../services/sqlite/schema.ts";
import { at, bare, Cast, rejects, times } from "./contract/cast.ts";
import { storeContract } from "./store_contract.ts";

const folder = Deno.makeTempDirSync({ prefix: "handoff-" });
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

const freshFile = (): string => join(folder, newId(), "handoff.db");
const inMemory = () => openSqlite({ file: ":memory:" });
async function twice(): Promise<readonly [SqliteStore, SqliteStore]> {
  const file = freshFile();
  return [await openSqlite({ file }), await openSqlite({ file })];
}

storeContract("sqlite in memory", inMemory);
storeContract("sqlite file", () => openSqlite({ file: freshFile() }), twice);

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `sqlite: ${name}`, fn, sanitizeOps: true, sanitizeResources: true });
}

/** A store with its raw connection. */
async function tuned(file: string): Promise<{ store: SqliteStore; raw: DatabaseSync }> {
  let raw: DatabaseSync | undefined;
  const store = await openSqlite({ file, tune: (db) => raw = db });
  assert.ok(raw);
  return { store, raw };
}

test("every statement finds its rows by an index", async () => {
  const { store, raw } = await tuned(":memory:");
  await using _ = store;
  assert.ok(store.statements.length > 60);
  // whole walks through a list in its own order, through the few agents, and through a statement's own rows
  const fine =
    /USING (COVERING )?INDEX (?!sqlite_)|VIRTUAL TABLE|CONSTANT ROW|\(|^SCAN (agents|load|hits)\b/;
  for (const text of store.statements) {
    const plan = raw.prepare(`EXPLAIN QUERY PLAN ${text}`).all().map(({ detail }) =>
      String(detail)
    );
    const scans = plan.filter((step) => step.startsWith("SCAN") && !fine.test(step));
    assert.deepEqual(scans, [], text);
  }
});

test("what was acknowledged is there when the file is opened again", async () => {
  const file = freshFile();
  const before = await openSqlite({ file });
  const cast = new Cast(before);
  const session = await cast.start();
  const sent = await times(20, (index) => cast.asks(session, `Message ${index}`));
  const unawaited = cast.asks(session, "While it closes");
  await before[Symbol.asyncDispose]();
  await using after = await openSqlite({ file });
  assert.deepEqual(await new Cast(after).log(session), [...sent, await unawaited]);
});

test("a commit waits for the disk", async () => {
  const { store, raw } = await tuned(freshFile());
  await using _ = store;
  assert.equal(raw.prepare("PRAGMA synchronous").get()?.synchronous, 2);
  assert.equal(raw.prepare("PRAGMA journal_mode").get()?.journal_mode, "wal");
});

test("a store that was closed refuses, and its feeds end", async () => {
  const store = await inMemory();
  const changes = Array.fromAsync(store.changes(new AbortController().signal));
  await store[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  assert.deepEqual(await changes, []);
  await rejects(store.agents.all(), "unavailable");
  await rejects(store.ping(), "unavailable");
});

/** Notes written in groups, over a database of their own. */
function notebook(file = ":memory:") {
  const raw = new DatabaseSync(file);
  raw.exec(`
    CREATE TABLE IF NOT EXISTS notes (text TEXT PRIMARY KEY) STRICT;
    CREATE TABLE IF NOT EXISTS answers (
      note TEXT REFERENCES notes (text) DEFERRABLE INITIALLY DEFERRED
    ) STRICT`);
  let commits = 0;
  const group = new GroupCommit(raw, { committed: () => commits++ });
  return {
    raw,
    group,
    commits: () => commits,
    write: (text: string) => raw.prepare("INSERT INTO notes VALUES (?)").run(text),
    kept: () => raw.prepare("SELECT text FROM notes ORDER BY text").all().map(({ text }) => text),
    [Symbol.dispose]: () => raw.close(),
  };
}

test("a write that fails undoes its own work and no other's", async () => {
  using notes = notebook();
  const mishaps: Record<number, () => void> = {
    2: () => {
      throw new Fault("conflict", "Not this one");
    },
    4: () => notes.raw.exec("INSERT INTO nowhere VALUES (1)"),
    6: () => {
      notes.raw.exec("PRAGMA query_only = 1");
      using _ = { [Symbol.dispose]: () => notes.raw.exec("PRAGMA query_only = 0") };
      notes.write("on a read-only database");
    },
  };
  const results = await Promise.allSettled(
    Array.from({ length: 8 }, (_, index) =>
      notes.group.write(() => {
        notes.write(`${index}`);
        mishaps[index]?.();
        return index;
      })),
  );
  assert.equal(notes.commits(), 1);
  assert.deepEqual(notes.kept(), ["0", "1", "3", "5", "7"]);
  const outcomes = results.map((each) =>
    each.status === "fulfilled" ? each.value : each.reason.code
  );
  assert.deepEqual(outcomes, [0, 1, "conflict", 3, "ERR_SQLITE_ERROR", 5, "unavailable", 7]);
});

test("nothing is acknowledged where the commit fails, and the next one succeeds", async () => {
  using notes = notebook();
  const results = await Promise.allSettled([
    notes.group.write(() => notes.write("a note")),
    notes.group.write(() => notes.raw.exec("INSERT INTO answers VALUES ('no such note')")),
  ]);
  const codes = results.map((each) => each.status === "rejected" && each.reason.code);
  assert.deepEqual(codes, ["unavailable", "unavailable"]);
  assert.equal(notes.commits(), 0);
  assert.deepEqual(notes.kept(), []);
  await notes.group.write(() => notes.write("another"));
  assert.deepEqual(notes.kept(), ["another"]);
});

test("what ends the transaction under one job is everybody's failure, and nothing of it is kept", async () => {
  for (const kind of ["write", "append"] as const) {
    using notes = notebook();
    const results = await Promise.allSettled([
      notes.group[kind](() => notes.write("before")),
      notes.group[kind](() => {
        notes.raw.exec("ROLLBACK"); // as a full disk does
        throw new Error("database or disk is full");
      }),
      notes.group[kind](() => notes.write("after")),
    ]);
    const codes = results.map((each) => each.status === "rejected" && each.reason.code);
    assert.deepEqual(codes, Array(3).fill("unavailable"), kind);
    assert.deepEqual(notes.kept(), []);
  }
});

test("more writes than one commit takes are all done", async () => {
  using notes = notebook();
  await times(1_200, (index) => notes.group.write(() => notes.write(`${index}`)));
  assert.equal(notes.kept().length, 1_200);
  assert.equal(notes.commits(), 3);
});

test("writes of one turn after the other share a commit, which waits for a few milliseconds only", async () => {
  using notes = notebook();
  const write = (text: string) => notes.group.write(() => notes.write(text));
  for (let round = 0; round < 20; round++) {
    const first = write(`${round}, first`);
    await setImmediate();
    await Promise.all([first, write(`${round}, second`)]);
  }
  assert.ok(notes.commits() < 40); // each time, on a machine that is fast enough
  const before = notes.commits();
  const writes: Promise<unknown>[] = [];
  for (const end = performance.now() + 60; performance.now() < end; await setImmediate()) {
    writes.push(write(`${writes.length}`));
    for (const turn = performance.now() + 1; performance.now() < turn;); // so that they are few
  }
  assert.ok(notes.commits() > before + 2, `${notes.commits() - before} commits`);
  await Promise.all(writes);
});

test("no work begins before the database is this process's to write", async () => {
  const file = join(folder, newId());
  using notes = notebook(file);
  using other = notebook(file);
  other.raw.exec("BEGIN IMMEDIATE");
  let begun = false;
  await rejects(notes.group.write(() => begun = true), "unavailable");
  assert.equal(begun, false);
});

test("a full disk is `unavailable`, keeps what it acknowledged and nothing else, and passes", async () => {
  const { store, raw } = await tuned(freshFile());
  await using _ = store;
  const cast = new Cast(store);
  const session = await cast.start();
  await cast.asks(session, "Before");
  const pages = Number(raw.prepare("PRAGMA page_count").get()?.page_count);
  raw.exec(`PRAGMA max_page_count = ${pages}`);
  const sends = await Promise.allSettled(
    Array.from({ length: 50 }, (_, index) => cast.asks(session, `${index} `.repeat(1_000))),
  );
  const stored = sends.flatMap((each) => each.status === "fulfilled" ? [each.value] : []);
  const codes = sends.flatMap((each) => each.status === "rejected" ? [each.reason.code] : []);
  assert.deepEqual(new Set(codes), new Set(["unavailable"]));
  assert.deepEqual((await cast.log(session)).slice(1), stored);
  raw.exec("PRAGMA max_page_count = 1000000");
  await store.ping();
  assert.equal((await cast.asks(session, "After")).seq, stored.length + 2);
});

test("a read-only database is `unavailable` for writes, and readable", async () => {
  const { store, raw } = await tuned(freshFile());
  await using _ = store;
  const cast = new Cast(store);
  const session = await cast.start();
  raw.exec("PRAGMA query_only = 1");
  await rejects(cast.asks(session, "Now?"), "unavailable");
  await rejects(store.ping(), "unavailable");
  assert.deepEqual(await cast.sessionNow(session), session);
  raw.exec("PRAGMA query_only = 0");
  await store.ping();
  assert.equal((await cast.asks(session, "Now?")).seq, 1);
});

test("a database that another process holds is `unavailable`, and passes", async () => {
  const file = freshFile();
  const [{ store, raw }, other] = [await tuned(file), await tuned(file)];
  await using _ = store;
  await using __ = other.store;
  raw.exec("PRAGMA busy_timeout = 20");
  other.raw.exec("BEGIN IMMEDIATE");
  await rejects(store.ping(), "unavailable");
  other.raw.exec("COMMIT");
  await store.ping();
});

test("whoever reads between a write and its commit is in nobody's way", async () => {
  await using store = await inMemory();
  const cast = new Cast(store);
  const session = await cast.start();
  const rounds = 20;
  let turns = 0;
  for (let round = 0; round < rounds; round++) {
    let isWritten = false;
    const writing = cast.asks(session, "Hello?").finally(() => isWritten = true);
    for (; !isWritten && turns < 1_000; turns++) {
      await cast.log(session);
      await setImmediate();
    }
    await writing;
  }
  assert.ok(turns > rounds); // so some commits came after a read
  assert.equal((await cast.log(session)).length, rounds);
});

test("a read in which the disk or the memory fails is the end of nothing", async () => {
  const { store, raw } = await tuned(":memory:");
  await using _ = store;
  const reading = store.agents.all();
  assert.equal(raw.isTransaction, true);
  raw.exec("ROLLBACK"); // as SQLite does then
  await reading;
  await setImmediate();
  assert.deepEqual(await store.agents.all(), []);
  await store.ping();
});

test("a path that can't be opened is `unavailable`", async () => {
  await Deno.writeTextFile(join(folder, "file"), "");
  await rejects(openSqlite({ file: join(folder, "file", "handoff.db") }), "unavailable");
  await rejects(openSqlite({ file: folder }), "unavailable");
});

test("a file of a newer version is left alone", async () => {
  const file = freshFile();
  const { store, raw } = await tuned(file);
  raw.exec("PRAGMA user_version = 999");
  await store[Symbol.asyncDispose]();
  await assert.rejects(openSqlite({ file }), /newer Handoff/);
});

test("a file of the first version is brought up to date with all that it holds", async () => {
  const file = freshFile();
  await Deno.mkdir(join(file, ".."));
  using old = new DatabaseSync(file);
  old.exec("PRAGMA journal_mode = WAL");
  migrate(old, 1);
  const [user, one, two] = [newId(), newId(), newId()];
  old.exec(`
    INSERT INTO customers (id, name, createdAt) VALUES ('${user}', 'Linus', 1);
    INSERT INTO sessions (id, userId, userName, mode, status, createdAt, lastActivity) VALUES
      ('${two}', '${user}', 'Linus', 'ai', 'closed', 2, 2), ('${one}', '${user}', 'Linus', 'ai', 'open', 1, 1);
    INSERT INTO messages (id, sessionId, seq, sender, senderName, text, timestamp, clientId) VALUES
      ('${newId()}', '${two}', 1, 'user', 'Linus', 'A lamp', 3, 'c'),
      ('${newId()}', '${one}', 1, 'user', 'Linus', 'A table', 4, 'c'),
      ('${newId()}', '${one}', 2, 'ai', 'Assistant', 'It is on its way', 5, NULL)`);
  await using store = await openSqlite({ file });
  const cast = new Cast(store);
  const log = async (id: string) => (await store.messages.page(id, { limit: 9 })).messages;
  assert.deepEqual((await log(one)).map(({ seq, text }) => [seq, text]), [
    [1, "A table"],
    [2, "It is on its way"],
  ]);
  assert.deepEqual((await log(two)).map(({ text }) => text), ["A lamp"]);
  assert.deepEqual((await store.sessions.search("table", 9)).map(({ id }) => id), [one]);
  const session = await store.sessions.find(one);
  assert.ok(session);
  await using listener = cast.listen();
  assert.equal((await cast.asks(session, { text: "A table", clientId: "c" })).seq, 1);
  assert.equal((await cast.asks(session, "And a chair")).seq, 3);
  await listener.hears({ kind: "message", sessionId: one });
});

test("in a file of the first version, what was deleted last is not taken for what comes next", async () => {
  const file = freshFile();
  await Deno.mkdir(join(file, ".."));
  using old = new DatabaseSync(file);
  migrate(old, 1);
  const [user, id] = [newId(), newId()];
  old.exec(`
    INSERT INTO customers (id, name, createdAt) VALUES ('${user}', 'Linus', 1);
    INSERT INTO sessions (id, userId, userName, mode, createdAt, lastActivity)
      VALUES ('${id}', '${user}', 'Linus', 'ai', 1, 1);
    INSERT INTO messages (id, sessionId, seq, sender, senderName, text, timestamp)
      VALUES ('${newId()}', '${id}', 1, 'user', 'Linus', 'A lamp', 2);
    UPDATE marks SET value = 1; -- the search has it
    DELETE FROM messages`);
  await using store = await openSqlite({ file });
  const cast = new Cast(store);
  await cast.asks(await cast.sessionNow({ id }), "A chair");
  assert.deepEqual((await store.sessions.search("chair", 9)).map((found) => found.id), [id]);
});

test("rows put in by hand are counted and announced like any other", async () => {
  const file = freshFile();
  await using store = await openSqlite({ file });
  using raw = new DatabaseSync(file);
  const cast = new Cast(store);
  const session = await cast.start();
  await cast.asks(session, "One");
  await using listener = cast.listen();
  raw.prepare(`
    INSERT INTO messages (id, session, seq, sender, senderName, text, timestamp)
    SELECT ?, number, 2, 'system', 'System', 'We are sorry', ? FROM sessions WHERE id = ?`)
    .run(newId(), at(9).getTime(), session.id);
  await listener.hears({ kind: "message", sessionId: session.id });
  assert.equal((await cast.sessionNow(session)).lastSeq, 2);
  await cast.asks(session, "Three");
  await listener.hears({ kind: "message", sessionId: session.id });
  const log = await cast.log(session);
  assert.deepEqual(log.map(({ text }) => text), ["One", "We are sorry", "Three"]);
});

test("a session put in by hand takes messages like any other", async () => {
  const { store, raw } = await tuned(":memory:");
  await using _ = store;
  const cast = new Cast(store);
  const other = await cast.start();
  await cast.asks(other, "A lamp");
  const { id: user } = await cast.customer("Barbara");
  const id = newId();
  raw.exec(`
    INSERT INTO sessions (id, userId, userName, mode, createdAt, lastActivity)
    VALUES ('${id}', '${user}', 'Barbara', 'ai', 1, 1)`);
  const session = await cast.sessionNow({ id });
  await cast.asks(session, "A table");
  assert.deepEqual(await cast.told(session), ["user: A table"]);
  assert.deepEqual(await cast.told(other), ["user: A lamp"]);
});

test("what a session's deletion by hand leaves behind is nobody else's", async () => {
  const { store, raw } = await tuned(":memory:");
  await using _ = store;
  const cast = new Cast(store);
  const gone = await cast.start();
  await cast.asks(gone, "My number is 4711");
  raw.exec("PRAGMA foreign_keys = OFF"); // as in SQLite's own shell
  raw.prepare("DELETE FROM sessions WHERE id = ?").run(gone.id);
  raw.exec("PRAGMA foreign_keys = ON");
  assert.equal(raw.prepare("SELECT text FROM messages").all().length, 1);
  const next = await cast.start();
  assert.deepEqual(await cast.told(next), []);
  assert.equal((await cast.asks(next, "Hello?")).seq, 1);
  assert.deepEqual(await store.sessions.search("4711", 9), []);
});

test("a reader that is thousands behind hears of everything in its order, each thing once", async () => {
  const { store, raw } = await tuned(":memory:");
  await using _ = store;
  const cast = new Cast(store);
  const session = await cast.start();
  for (const [said, ended] of [[3_500, 1_200], [1_200, 3_500]] as const) {
    const stop = new AbortController();
    const changes = store.changes(stop.signal);
    const sent = await times(said, (index) => cast.asks(session, `Message ${index}`));
    const refs = Array.from({ length: ended }, (_, index) => `${index}`);
    raw.prepare("INSERT INTO changes (kind, ref) SELECT 'sign_in', value FROM json_each(?)")
      .run(JSON.stringify(refs));
    const heard: Change[] = [];
    for await (const change of changes) if (heard.push(change) === said + ended) stop.abort();
    assert.deepEqual(heard.flatMap((each) => each.kind === "sign_in" ? each.signInId : []), refs);
    const messages = heard.flatMap((each) => each.kind === "message" ? [each] : []);
    assert.deepEqual(new Set(messages.map(({ sessionId }) => sessionId)), new Set([session.id]));
    const handedOn = messages.flatMap(({ message }) => message?.seq ?? []); // what was written lately
    assert.ok(handedOn.length > 1_000);
    assert.deepEqual(handedOn, sent.slice(-handedOn.length).map(({ seq }) => seq));
  }
});

test("a reader that comes too late is told of a gap, and goes on from there", async () => {
  const { store, raw } = await tuned(":memory:");
  await using _ = store;
  const cast = new Cast(store);
  const session = await cast.start();
  const stop = new AbortController();
  const changes = store.changes(stop.signal)[Symbol.asyncIterator]();
  raw.exec(`
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
    INSERT INTO changes (kind) SELECT 'queue' FROM n`);
  assert.deepEqual((await changes.next()).value, { kind: "gap" });
  assert.deepEqual((await changes.next()).value, { kind: "queue" });
  const kept = Number(raw.prepare("SELECT count(*) AS n FROM changes").get()?.n);
  assert.ok(kept <= 21_000, `${kept} changes are kept`);
  await cast.asks(session, "Hello?");
  const sees = { kind: "message", sessionId: session.id };
  while (JSON.stringify(bare((await changes.next()).value)) !== JSON.stringify(sees));
  stop.abort();
  assert.equal((await changes.next()).done, true);
});
