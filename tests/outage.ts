/** Ways for a store to be unable to write, and what a site must do meanwhile and afterwards. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { newId } from "../services/domain.ts";
import { openSqlite } from "../services/sqlite/open.ts";
import { call, guests, print, range, type Someone, started, times, untilStatus } from "./crowd.ts";
import { type Frame, testSite } from "./helpers.ts";
import { freshFile, startServer } from "./process.ts";

/** A site whose store can be broken and mended from outside. */
export interface Breakable extends AsyncDisposable {
  readonly url: string;
  readonly file: string;
  readonly how: string;
  breakIt(): void;
  mend(): void;
}

// ---- broken in which way ------------------------------------------------------------------------

const run = (command: string, ...args: string[]): boolean =>
  new Deno.Command(command, { args, stdout: "null", stderr: "null" }).outputSync().success;

/** A process whose file lies on a small disk of its own; undefined where none can be mounted. */
export async function onSmallDisk(): Promise<Breakable | undefined> {
  const { file, folder, ...fresh } = freshFile();
  Deno.mkdirSync(folder, { recursive: true });
  const removed = () => Deno.remove(folder, { recursive: true });
  if (!run("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder)) return void await removed();
  const unmounted = async () => {
    run("umount", folder);
    await removed();
  };
  const server = await startServer({ file }).catch(async (error) => {
    await unmounted();
    throw error;
  });
  const filler = `${folder}/filler`;
  return {
    ...fresh,
    url: server.url,
    file,
    how: "a full disk under a process",
    breakIt: () => fill(filler),
    mend: () => Deno.removeSync(filler),
    async [Symbol.asyncDispose]() {
      await server.kill();
      await unmounted();
    },
  };
}

/** To the last byte. */
function fill(path: string): void {
  using file = Deno.openSync(path, { create: true, write: true });
  for (const size of [65_536, 4_096, 1]) {
    try {
      for (;;) file.writeSync(new Uint8Array(size));
    } catch {
      // nothing of that size has room any more
    }
  }
}

/** This process's own site, whose connection is told to refuse. */
async function tuned(
  how: string,
  breakIt: (db: DatabaseSync) => void,
  mend: (db: DatabaseSync) => void,
): Promise<Breakable> {
  const { file, ...fresh } = freshFile();
  let raw: DatabaseSync | undefined;
  const store = await openSqlite({ file, tune: (db) => raw = db });
  const site = await testSite({ store });
  return {
    url: site.url,
    file,
    how,
    breakIt: () => raw && breakIt(raw),
    mend: () => raw && mend(raw),
    async [Symbol.asyncDispose]() {
      await site[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await fresh[Symbol.asyncDispose]();
    },
  };
}

export const withPagesCounted = (): Promise<Breakable> =>
  tuned("max_page_count", (db) => {
    const pages = db.prepare("PRAGMA page_count").get()?.page_count;
    db.exec(`PRAGMA max_page_count = ${pages}`);
  }, (db) => db.exec("PRAGMA max_page_count = 1000000"));

export const readOnly = (): Promise<Breakable> =>
  tuned(
    "query_only",
    (db) => db.exec("PRAGMA query_only = 1"),
    (db) => db.exec("PRAGMA query_only = 0"),
  );

// ---- what must hold -----------------------------------------------------------------------------

const LONG = "A long story. ".repeat(280);
const MOST = 2_000;

/** Everything said in one session, and what became of it. */
class Account {
  readonly acked = new Map<string, string>();
  readonly refused: string[] = [];
  readonly #who: Someone;
  readonly #url: string;
  readonly #sessionId: string;

  constructor(who: Someone, url: string, sessionId: string) {
    this.#who = who;
    this.#url = url;
    this.#sessionId = sessionId;
  }

  /** Whether it was stored; anything but 201 and 503 fails. */
  async say(clientId: string = newId()): Promise<boolean> {
    const { status, body, headers } = await this.#who.say(
      this.#url,
      this.#sessionId,
      LONG,
      clientId,
    );
    if (status === 201) this.acked.set(clientId, body.id);
    else {
      assert.deepEqual([status, body.code], [503, "unavailable"], JSON.stringify(body));
      assert.match(body.error, /\w/);
      assert.ok(Number(headers.get("retry-after")) > 0);
      this.refused.push(clientId);
    }
    return status === 201;
  }

  async check(): Promise<void> {
    const log = await this.#who.log(this.#url, this.#sessionId);
    assert.deepEqual(log.map(({ seq }) => seq), range(1, log.length));
    const stored = log.filter(({ clientId }) => clientId !== null);
    assert.deepEqual(new Map(stored.map(({ clientId, id }) => [clientId, id])), this.acked);
  }
}

type OnSocket = (clientId: string) => Promise<Frame>;

/** Answers with the clientIds that were refused. */
async function whileBroken(url: string, account: Account, onSocket: OnSocket): Promise<string[]> {
  let more = 0;
  while (await account.say()) assert.ok(++more < MOST, "it never refused");
  const waiting = account.refused.length;
  await times(40, () => account.say());
  const refusal = await onSocket("by socket");
  assert.deepEqual([refusal.type, refusal.code], ["error", "unavailable"]);
  assert.match(refusal.error, /\w/);
  const ready = await call(`${url}/readyz`);
  assert.deepEqual([ready.status, ready.body.code], [503, "unavailable"]);
  assert.equal((await call(`${url}/healthz`)).status, 200);
  await account.check();
  const refused = account.refused.splice(0);
  assert.equal(refused.length, waiting + 40, "nothing is stored as long as it is broken");
  return refused;
}

/** Sends are 503 and stored nowhere, `/readyz` says so, reading goes on, and afterwards all is well by itself. */
export async function outlives({ url, file, how, breakIt, mend }: Breakable): Promise<void> {
  const [linus] = await guests([url], 1) as [Someone];
  const { sessionId } = await started(linus, url);
  const account = new Account(linus, url, sessionId);
  await using socket = await linus.socket(url, `sessionId=${sessionId}`);
  await socket.type("session");
  const onSocket: OnSocket = (clientId) => {
    socket.send({ sessionId, message: LONG, clientId });
    return socket.next((f: Frame) => f.clientId === clientId && /ack|error/.test(f.type));
  };
  for (const _ of range(1, 20)) assert.ok(await account.say());
  assert.equal((await call(`${url}/readyz`)).status, 200);

  breakIt();
  const refused = await whileBroken(url, account, onSocket).finally(mend);
  await untilStatus(`${url}/readyz`, 200, 5_000);
  const ack = await onSocket("by socket");
  assert.equal(ack.type, "ack", JSON.stringify(ack));
  account.acked.set("by socket", ack.id);
  for (const clientId of refused) assert.ok(await account.say(clientId));
  await account.check();
  using db = new DatabaseSync(file, { readOnly: true });
  assert.deepEqual({ ...db.prepare("PRAGMA integrity_check").get() }, { integrity_check: "ok" });
  print(
    `${how} (${file}): ${account.acked.size} acknowledged, of them ${refused.length + 1} refused ` +
      `before and sent again, 0 lost`,
  );
}
