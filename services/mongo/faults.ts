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

/** What a server answers that steps down, shuts down, starts up, lets nobody in, or can't keep a write safe. */
const AWAY = new Set([
  ...[6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436, 50, 64, 79, 100, 358],
  ...[13, 18, 8000, 39, 14031],
]);
const DUPLICATE = 11_000;
/** Of a server without an oplog, or of one that doesn't know change streams or grants none. */
const NO_STREAMS = new Set([13, 59, 115, 40324, 40573, 303]);

export const isDuplicate = (error: unknown): boolean =>
  error instanceof MongoServerError && error.code === DUPLICATE;

export const refusesStreams = (error: unknown): boolean =>
  error instanceof MongoServerError && NO_STREAMS.has(Number(error.code));

/** An address that nothing can be made of. */
export class WrongAddress extends Error {
  override readonly name = "WrongAddress";
}

/** Whether the question reached the server is unknown, or it was asked of one that may not write any more. */
export const isLost = (error: unknown): boolean =>
  error instanceof GivenUp ||
  error instanceof MongoError && !(error instanceof MongoServerSelectionError) &&
    (error instanceof MongoNetworkError || error.hasErrorLabel("RetryableWriteError") ||
      error.hasErrorLabel("RetryableError") ||
      error instanceof MongoBulkWriteError && error.code === undefined);

export function isAway(error: unknown): boolean {
  if (error instanceof WrongAddress || error instanceof GivenUp) return true;
  if (!(error instanceof MongoError) || error instanceof MongoInvalidArgumentError) return false;
  return !(error instanceof MongoServerError) || isLost(error) || AWAY.has(Number(error.code));
}

/** The error's sentence without what an address may hold of names and passwords. */
export function safely(error: unknown): Error {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return new Error(`${name}: ${message.replace(/\/\/[^\s@/]*(?:@|(?=\s|$))/g, "//")}`);
}

export const unavailable = (cause: unknown): Fault =>
  new Fault("unavailable", "The data can't be read or written now", { retryAfter: 1 }, {
    cause: safely(cause),
  });

/** The error itself, but where the database is away or can't write: then a fault that says so. */
export const faultOf = (error: unknown): unknown => isAway(error) ? unavailable(error) : error;
