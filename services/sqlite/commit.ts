/** Group commit: one transaction, and one wait for the disk, for all the writes that are waiting. */
import type { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers";
import { faultOf, unavailable } from "./faults.ts";

/** So that a long queue leaves room for reads in between. */
const MAX_JOBS = 500;
/** Milliseconds at most that a write waits for others to share its commit. */
const GATHER_FOR = 5;

interface Job {
  /** Does the work and returns what to call when it is durable. */
  run(): () => void;
  reject(reason: unknown): void;
  /** See `GroupCommit.append`. */
  readonly isAppend: boolean;
}

export interface Hooks {
  /** Before each transaction. */
  begin(): void;
  /** In it, before whatever is no append and before the end: writes what appends have put off. */
  settle(): void;
  /** After each commit. */
  committed(): void;
}

export class GroupCommit {
  readonly #db: DatabaseSync;
  readonly #hooks: Partial<Hooks>;
  readonly #queue: Job[] = [];
  #scheduled = false;

  constructor(db: DatabaseSync, hooks: Partial<Hooks>) {
    this.#db = db;
    this.#hooks = hooks;
  }

  /**
   * Runs `job` in a transaction that it may share with others, and resolves once that is on disk. A job that throws
   * undoes its own work only.
   */
  write<T>(job: () => T): Promise<T> {
    return this.#enqueue(job, false);
  }

  /** The same for a job whose one change is the last that it does: it needs no savepoint to undo it. */
  append<T>(job: () => T): Promise<T> {
    return this.#enqueue(job, true);
  }

  /** Commits all that waits, now. */
  drain(): void {
    while (this.#queue.length > 0) this.#commit(this.#queue.splice(0, MAX_JOBS));
  }

  #enqueue<T>(job: () => T, isAppend: boolean): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const run = () => {
      const value = job();
      return () => resolve(value);
    };
    this.#queue.push({ run, reject, isAppend });
    this.#schedule();
    return promise;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const deadline = performance.now() + GATHER_FOR;
    this.#gather(0, deadline);
  }

  /** Waits for as long as each turn of the event loop brings more: what came in one is read in several. */
  #gather(before: number, deadline: number): void {
    setImmediate(() => {
      const { length } = this.#queue;
      if (length > before && length < MAX_JOBS && performance.now() < deadline) {
        return this.#gather(length, deadline);
      }
      this.#scheduled = false;
      this.#commit(this.#queue.splice(0, MAX_JOBS));
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  #commit(jobs: readonly Job[]): void {
    if (jobs.length === 0) return;
    try {
      this.#hooks.begin?.();
      this.#db.exec("BEGIN IMMEDIATE");
      const outcomes = jobs.map((job) => job.isAppend ? this.#try(job) : this.#attempt(job));
      this.#hooks.settle?.();
      this.#db.exec("COMMIT");
      for (const tell of outcomes) tell();
    } catch (error) {
      const fault = unavailable(error);
      for (const job of jobs) job.reject(fault);
      this.#rollback();
      return;
    }
    this.#hooks.committed?.();
  }

  #attempt(job: Job): () => void {
    this.#hooks.settle?.();
    this.#db.exec("SAVEPOINT job");
    return this.#try(job, { isSaved: true });
  }

  #try(job: Job, { isSaved = false } = {}): () => void {
    try {
      const resolve = job.run();
      if (isSaved) this.#db.exec("RELEASE job");
      return resolve;
    } catch (error) {
      // a full disk, for one, has ended the transaction for everyone
      if (!this.#db.isTransaction) throw error;
      if (isSaved) this.#db.exec("ROLLBACK TO job; RELEASE job");
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
