/** The one connection: statements prepared once, reads at once, writes in groups. */
import { setImmediate } from "node:timers";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { GroupCommit, type Hooks } from "./commit.ts";
import { faultOf, unavailable } from "./faults.ts";

export type Params = Readonly<Record<string, string | number | Date | null | undefined>>;

/** A statement whose parameters are named in its text. The driver binds by number, at a third of the cost. */
export class Statement {
  readonly #statement: StatementSync;
  readonly #names: string[] = [];

  constructor(db: DatabaseSync, text: string) {
    this.#statement = db.prepare(text.replaceAll(/:(\w+)/g, (_, name) => `?${this.#number(name)}`));
  }

  get<Row>(params: Params = {}): Row | undefined {
    return this.#statement.get(...this.#bound(params)) as Row | undefined;
  }

  all<Row>(params: Params = {}): Row[] {
    return this.#statement.all(...this.#bound(params)) as Row[];
  }

  /** How many rows it changed. */
  run(params: Params = {}): number {
    return Number(this.#statement.run(...this.#bound(params)).changes);
  }

  #number(name: string): number {
    const at = this.#names.indexOf(name);
    return at < 0 ? this.#names.push(name) : at + 1;
  }

  #bound(params: Params): SQLInputValue[] {
    return this.#names.map((name) => {
      const value = params[name];
      return value instanceof Date ? value.getTime() : value ?? null;
    });
  }
}

export class Database implements Disposable {
  readonly #db: DatabaseSync;
  readonly #commits: GroupCommit;
  readonly #texts: string[] = [];
  readonly #watchers = new Set<() => void>();
  #appends: Pick<Hooks, "begin" | "settle"> | undefined;
  #isReading = false;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#commits = new GroupCommit(db, {
      begin: () => (this.#leave(), this.#appends?.begin()),
      settle: () => this.#appends?.settle(),
      committed: () => this.#tell(),
    });
  }

  /** The text of each statement that was prepared. */
  get texts(): readonly string[] {
    return this.#texts;
  }

  prepare<Name extends string>(texts: Readonly<Record<Name, string>>): Record<Name, Statement> {
    const prepared = Object.entries<string>(texts).map(([name, text]) => {
      this.#texts.push(text);
      return [name, new Statement(this.#db, text)];
    });
    return Object.fromEntries(prepared) as Record<Name, Statement>;
  }

  /** What `job` reads, at once; `unavailable` where that fails. All reads of one turn see the same moment. */
  read<T>(job: () => T): Promise<T> {
    try {
      this.#snapshot();
      return Promise.resolve(job());
    } catch (error) {
      return Promise.reject(faultOf(error));
    }
  }

  /** See `GroupCommit.write`; throws `unavailable` where nothing could be stored. */
  write<T>(job: () => T): Promise<T> {
    if (!this.#db.isOpen) return Promise.reject(unavailable(new Error("The store is closed")));
    return this.#commits.write(job);
  }

  /** See `GroupCommit.append`. */
  append<T>(job: () => T): Promise<T> {
    if (!this.#db.isOpen) return Promise.reject(unavailable(new Error("The store is closed")));
    return this.#commits.append(job);
  }

  /** Has what appends of one transaction have in common done once for all of them. */
  shareAppends(appends: Pick<Hooks, "begin" | "settle">): void {
    this.#appends = appends;
  }

  /** One for a turn: each statement by itself would take and leave the file's locks again. */
  #snapshot(): void {
    if (this.#isReading) return;
    this.#db.exec("BEGIN");
    this.#isReading = true;
    setImmediate(() => this.#leave());
  }

  #leave(): void {
    if (!this.#isReading) return;
    this.#isReading = false;
    // a failing disk, or a lack of memory, has ended it already
    if (this.#db.isTransaction) this.#db.exec("COMMIT");
  }

  /** Calls `watcher` after each own commit and at the end, until the result is disposed. */
  watch(watcher: () => void): Disposable {
    this.#watchers.add(watcher);
    return { [Symbol.dispose]: () => void this.#watchers.delete(watcher) };
  }

  get isOpen(): boolean {
    return this.#db.isOpen;
  }

  [Symbol.dispose](): void {
    if (!this.#db.isOpen) return;
    this.#commits.drain();
    this.#leave();
    this.#db.close();
    this.#tell();
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
