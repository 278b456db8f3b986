/** A server that lets in only who has a password, which is easy to recognise, whole or in parts, however it is written. */
import assert from "node:assert/strict";
import { MongoClient } from "mongodb";
import { type Kind, type Server, startServer } from "../mongod.ts";

const PARTS = ["alpha-7d1e", "bravo-92ac", "charlie-0bd4"] as const;
/** With whatever means something in an address. */
export const PASSWORD = `${PARTS[0]}@:/${PARTS[1]}%?#[]&=+;,é${PARTS[2]}`;
export const DATABASE = "desk";

/** No part of the password is in it, and so neither is the whole, encoded or not. */
export function assertSilent(what: string, text: string): void {
  for (const part of PARTS) {
    const at = text.indexOf(part);
    assert.ok(at < 0, `${what} tells the password: ${text.slice(Math.max(0, at - 200), at + 20)}`);
  }
}

/** `desk` is a user of the database itself, `guard` one of `admin`; both may read and write that database only. */
export class Locked implements AsyncDisposable {
  readonly #kind: Kind;
  readonly #folder: string;
  readonly host: string;
  #server: Server;

  private constructor(kind: Kind, folder: string, server: Server) {
    this.#kind = kind;
    this.#folder = folder;
    this.#server = server;
    this.host = new URL(server.uri).host;
  }

  static async open(kind: Kind): Promise<Locked> {
    const folder = await Deno.makeTempDir({ prefix: "handoff-mongo-" });
    const open = await startServer(kind, { folder });
    await addUsers(open.uri);
    const locked = new Locked(kind, folder, open);
    await locked.stop();
    await locked.start();
    return locked;
  }

  uri(user: string, { path = DATABASE, password = PASSWORD } = {}): string {
    return `mongodb://${user}:${encodeURIComponent(password)}@${this.host}/${path}`;
  }

  async start(): Promise<void> {
    const port = Number(this.host.split(":")[1]);
    const options = { folder: this.#folder, port, switches: ["--auth"] };
    this.#server = await startServer(this.#kind, options);
  }

  async stop(): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

async function addUsers(uri: string): Promise<void> {
  await using client = new MongoClient(uri);
  const roles = [{ role: "readWrite", db: DATABASE }];
  await client.db(DATABASE).command({ createUser: "desk", pwd: PASSWORD, roles });
  await client.db("admin").command({ createUser: "guard", pwd: PASSWORD, roles });
}
