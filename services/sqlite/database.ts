/** The one connection: statements prepared once, reads at once, writes in groups. */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { GroupCommit } from "./commit.ts";
import { faultOf, unavailable } from "./faults.ts";

export type Params = Readonly<Record<string, string | number | Date | undefined>>;

export class Statement {
  readonly #statement: StatementSync;

  constructor(statement: StatementSync) {
    this.#statement = statement;
  }

  get<Row>(params: Params = {}): Row | undefined {
    return this.#statement.get(bound(params)) as Row | undefined;
  }

  all<Row>(params: Params = {}): Row[] {
    return this.#statement.all(bound(params)) as Row[];
  }

  /** How many rows it changed. */
  run(params: Params = {}): number {
    return Number(this.#statement.run(bound(params)).changes);
  }
}

export class Database implements Disposable {
  readonly #db: DatabaseSync;
  readonly #commits: GroupCommit;
  readonly #texts: string[] = [];
  readonly #watchers = new Set<() => void>();

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#commits = new GroupCommit(db, () => this.#tell());
  }

  /** The text of each statement that was prepared. */
  get texts(): readonly string[] {
    return this.#texts;
  }

  prepare<Name extends string>(texts: Readonly<Record<Name, string>>): Record<Name, Statement> {
    const prepared = Object.entries<string>(texts).map(([name, text]) => {
      this.#texts.push(text);
      return [name, new Statement(this.#db.prepare(text))];
    });
    return Object.fromEntries(prepared) as Record<Name, Statement>;
  }

  /** What `job` reads, at once; `unavailable` where that fails. */
  read<T>(job: () => T): Promise<T> {
    try {
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
    this.#db.close();
    this.#tell();
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

function bound(params: Params): Record<string, SQLInputValue> {
  const values: Record<string, SQLInputValue> = {};
  for (const name in params) {
    const value = params[name];
    values[name] = value instanceof Date ? value.getTime() : value ?? null;
  }
  return values;
}
