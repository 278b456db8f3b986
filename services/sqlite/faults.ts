/** What SQLite throws when it can't read or write, as the fault that the app knows. */
import { Fault } from "../errors.ts";

/** By their sentences: Deno gives an error's number with some of its calls only. */
const AWAY =
  /is locked|readonly database|disk I\/O error|disk is full|unable to open|is malformed|not a database|not open|been finalized|locking protocol|out of memory/;

export const isLocked = (error: unknown): boolean =>
  error instanceof Error && error.message.includes("is locked");

export const unavailable = (cause: unknown): Fault =>
  new Fault("unavailable", "The data can't be read or written now", { retryAfter: 1 }, { cause });

/** The error itself, but where the database is away or can't write: then a fault that says so. */
export function faultOf(error: unknown): unknown {
  const away = error instanceof Error && !(error instanceof Fault) && AWAY.test(error.message);
  return away ? unavailable(error) : error;
}
