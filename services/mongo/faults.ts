/** What the driver throws when MongoDB can't be reached or can't write, as the fault that the app knows. */
import {
  MongoBulkWriteError,
  MongoError,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
} from "mongodb";
import { Fault } from "../errors.ts";
import { GivenUp } from "./bounded.ts";

/** What a server answers that steps down, shuts down, starts up, or can't keep a write safe. */
const AWAY = new Set([
  ...[6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436, 50, 64, 79, 100, 358],
  ...[39, 14031],
]);
/** Of one that doesn't let this user in, or not do what it has to; 8000 is Atlas' own. */
const REFUSED = new Set([13, 18, 8000]);
const DUPLICATE = 11_000;
/** Of a server without an oplog, or of one that doesn't know change streams or grants none, as some of Atlas (8000). */
const NO_STREAMS = new Set([13, 59, 115, 40324, 40573, 303, 8000]);

export const isDuplicate = (error: unknown): boolean =>
  error instanceof MongoServerError && error.code === DUPLICATE;

export const refusesStreams = (error: unknown): boolean =>
  error instanceof MongoServerError && NO_STREAMS.has(Number(error.code));

export const isRefused = (error: unknown): boolean =>
  error instanceof MongoServerError && REFUSED.has(Number(error.code));

/** Not by a failure that the driver knows: no such name to look up, say, or a certificate that can't be read. */
export class NotOpened extends Error {
  override readonly name = "NotOpened";

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** Of a socket that ends while it is written to the driver passes on what the system says, as it is or in an error of its own. */
const isOfSocket = (error: unknown): boolean =>
  error instanceof Error && "code" in error &&
  /^(E(?!RR_)[A-Z]+|ERR_(STREAM|SOCKET)_\w+)$/.test(String(error.code));

/** Whether the question reached the server is unknown, or it was asked of one that may not write any more. */
export const isLost = (error: unknown): boolean =>
  error instanceof GivenUp || isOfSocket(error) ||
  error instanceof MongoError && !(error instanceof MongoServerSelectionError) &&
    (error instanceof MongoNetworkError || error.hasErrorLabel("RetryableWriteError") ||
      error.hasErrorLabel("RetryableError") ||
      error instanceof MongoBulkWriteError && error.code === undefined);

export function isAway(error: unknown): boolean {
  if (error instanceof NotOpened || error instanceof GivenUp || isOfSocket(error)) return true;
  if (!(error instanceof MongoError) || error instanceof MongoInvalidArgumentError) return false;
  if (!(error instanceof MongoServerError) || isRefused(error) || isLost(error)) return true;
  return AWAY.has(Number(error.code));
}

/** The error's sentence without what an address may hold of names and passwords, and what to look at. */
export function safely(error: unknown): Error {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const told = message.replace(/\/\/[^\s@/]*(?:@|(?=\s|$))/g, "//");
  return new Error(`${name}: ${told}${hintFor(error)}`);
}

function hintFor(error: unknown): string {
  if (isRefused(error) && /authentication failed|bad auth/i.test(String(error))) {
    return " (the address has a wrong user or password, or lacks its authSource)";
  }
  if (error instanceof MongoServerSelectionError && error.message.includes("timed out")) {
    return " (nothing there speaks as the address says: with TLS or without, of that replica set)";
  }
  return "";
}

export const unavailable = (cause: unknown, { isTold = false } = {}): Fault =>
  new Fault("unavailable", "The data can't be read or written now", { retryAfter: 1 }, {
    cause: safely(cause),
    isTold,
  });
