/** The address of a MongoDB, taken or refused at the start. It may hold a password, also where it is written wrongly. */
import { MongoClient, type MongoClientOptions } from "mongodb";

const DEFAULT_NAME = "handoff";
const SHAPE = "must be an address like mongodb://user:password@host:27017/name, with what is " +
  "special in the user and the password percent-encoded";

/** The message follows the address's name, and tells nothing of it but its options. */
export class WrongAddress extends Error {
  override readonly name = "WrongAddress";
}

/** Connects to nothing yet. */
export function clientOf(uri: string, options: MongoClientOptions): MongoClient {
  try {
    return new MongoClient(uri, options);
  } catch (error) {
    throw new WrongAddress(isWellPlaced(uri) ? `has a wrong option: ${sentence(error)}` : SHAPE);
  }
}

/** The database that an address names which was taken, or `handoff`. */
export function nameIn(uri: string): string {
  const [, path = ""] = /^[^/]*\/\/[^/?]*\/?([^?]*)/.exec(uri) ?? [];
  const name = decodeURIComponent(path) || DEFAULT_NAME;
  if (!/[/\\. "$*<>:|?]/.test(name)) return name;
  throw new WrongAddress(
    'must name a database without any of the characters / \\ . " $ * < > : | ?',
  );
}

/** Whether it is the options that are wrong; a password with a `?` in it may look like one. */
function isWellPlaced(uri: string): boolean {
  const [place = "", ...options] = uri.split("?");
  try {
    new MongoClient(place);
    return !options.join("?").includes("@");
  } catch {
    return false;
  }
}

const sentence = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\.$/, "").replace(/\. /g, "; ");
