/** Group commit: one transaction, and one wait for the disk, for all the writes that are waiting. */
import type { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers";
import { faultOf, unavailable } from "./faults.ts";

/** So that a long queue leaves room for reads in between. */
const MAX_JOBS = 500;

interface Job {
  /** Does the work and returns what to call when it is durable. */
  run(): () => void;
  reject(reason: unknown): void;
}

export class GroupCommit {
  readonly #db: DatabaseSync;
  readonly #committed: () => void;
  readonly #queue: Job[] = [];
  #scheduled = false;

  constructor(db: DatabaseSync, committed: () => void) {
    this.#db = db;
    this.#committed = committed;
  }

  /**
   * Runs `job` in a transaction that it may share with others, and resolves once that is on disk. A job that throws
   * undoes its own work only.
   */
  write<T>(job: () => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const run = () => {
      const value = job();
      return () => resolve(value);
    };
    this.#queue.push({ run, reject });
    this.#schedule();
    return promise;
  }

  /** Commits all that waits, now. */
  drain(): void {
    while (this.#queue.length > 0) this.#commit(this.#queue.splice(0, MAX_JOBS));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#commit(this.#queue.splice(0, MAX_JOBS));
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  #commit(jobs: readonly Job[]): void {
    if (jobs.length === 0) return;
    try {
      this.#db.exec("BEGIN IMMEDIATE");
      const settlements = jobs.map((job) => this.#attempt(job));
      this.#db.exec("COMMIT");
      for (const settle of settlements) settle();
    } catch (error) {
      const fault = unavailable(error);
      for (const job of jobs) job.reject(fault);
      this.#rollback();
      return;
    }
    this.#committed();
  }

  #attempt(job: Job): () => void {
    this.#db.exec("SAVEPOINT job");
    try {
      const resolve = job.run();
      this.#db.exec("RELEASE job");
      return resolve;
    } catch (error) {
      // a full disk, for one, has ended the transaction for everyone
      if (!this.#db.isTransaction) throw error;
      this.#db.exec("ROLLBACK TO job; RELEASE job");
      return () => job.reject(faultOf(error));
    }
  }

  #rollback(): void {
    try {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
    } catch {
      // the next commit fails at its BEGIN, and tries this again
    }
  }
}
