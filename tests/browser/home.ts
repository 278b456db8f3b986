/** A site whose server stops and starts on the same port over the same file, while another instance goes on beside it. */
import { openSite, type Site } from "../../main.ts";
import { serve, type Serving } from "../../routes/transport.ts";
import { parseConfig } from "../../services/config.ts";
import { Library } from "../../services/library.ts";
import { openLog } from "../../services/log.ts";
import { Passwords } from "../../services/passwords.ts";
import { openSqlite } from "../../services/sqlite/open.ts";
import type { Store } from "../../services/store.ts";
import { pause, type Person, type TestSite, testSite } from "../helpers.ts";

/** As long as `main` gives its sockets to say why they go. */
const GOODBYE = 150;

interface Running {
  readonly site: Site;
  readonly store: Store;
  readonly serving: Serving;
}

export class Home implements AsyncDisposable {
  /** Another instance over the same file: it never stops. */
  readonly other: TestSite;
  readonly #folder: string;
  readonly #otherStore: Store;
  #port = 0;
  #running: Running | undefined;
  #writable: (yes: boolean) => void = () => {};

  private constructor(folder: string, otherStore: Store, other: TestSite) {
    this.#folder = folder;
    this.#otherStore = otherStore;
    this.other = other;
  }

  static async open(): Promise<Home> {
    const folder = await Deno.makeTempDir();
    const store = await openSqlite({ file: `${folder}/handoff.db` });
    const home = new Home(folder, store, await testSite({ store }));
    await home.start();
    return home;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const store = await openSqlite({
      file: `${this.#folder}/handoff.db`,
      tune: (db) => this.#writable = (yes) => db.exec(`PRAGMA query_only = ${yes ? 0 : 1}`),
    });
    const log = openLog("error", () => {});
    const site = openSite({
      config: parseConfig({ RATE_LIMITS: "off" }),
      store,
      log,
      library: new Library([]),
      passwords: await Passwords.open(log, 4),
    });
    const serving = await serve(site.app, { port: this.#port, host: "127.0.0.1", log });
    this.#port = serving.port;
    this.#running = { site, store, serving };
  }

  /** Whether its store takes anything, or answers each write with 503. */
  setWritable(yes: boolean): void {
    this.#writable(yes);
  }

  async stop(): Promise<void> {
    const { site, store, serving } = this.#running ?? {};
    this.#running = undefined;
    site?.goodbye();
    await pause(GOODBYE);
    await serving?.close();
    await site?.[Symbol.asyncDispose]();
    await store?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.other[Symbol.asyncDispose]();
    await this.#otherStore[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Ada, Linus, and his session. */
export interface Talk {
  readonly ada: Person;
  readonly linus: Person;
  readonly id: string;
}

/** With her, or with the assistant where she isn't available. */
export async function talkOn(site: TestSite, { status = "available" } = {}): Promise<Talk> {
  const ada = await site.agent("Ada");
  await ada.post("/api/agent/status", { status });
  const linus = await site.customer("Linus");
  const { body } = await linus.post("/api/session/start");
  return { ada, linus, id: body.sessionId };
}

export async function post(person: Person, sessionId: string, message: string): Promise<void> {
  const { status, body } = await person.post("/api/session/message", { sessionId, message });
  if (status !== 201) throw new Error(JSON.stringify(body));
}

/** "Line 1" … in turn by Linus and Ada, past the network: as fast as the store takes them. */
export async function fillLog({ store, clock }: TestSite, talk: Talk, lines: number) {
  const { ada, linus, id } = talk;
  for (let n = 1; n <= lines; n++) {
    const { id: userId, name } = n % 2 ? linus : ada;
    const actor = n % 2
      ? { side: "user" as const, id: userId, name }
      : { side: "agent" as const, role: "admin" as const, id: userId, name };
    await store.messages.append(id, actor, { text: `Line ${n}` }, clock.now());
  }
}
