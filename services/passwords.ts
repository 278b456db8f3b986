/** The one owner of bcrypt: hashing one at a time, so that sign-ins don't slow a chat's messages. */
import { fitsBcrypt } from "./domain.ts";
import type { Log } from "./log.ts";

interface Bcrypt {
  hash(password: string, cost: number): Promise<string>;
  compare(password: string, hash: string): Promise<boolean>;
}

export const COST = 12;

export class Passwords {
  readonly #bcrypt: Bcrypt;
  readonly #cost: number;
  /** What an unknown account's password is compared with, so that it takes as long as a known one's. */
  readonly #decoy: string;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(bcrypt: Bcrypt, cost: number, decoy: string) {
    this.#bcrypt = bcrypt;
    this.#cost = cost;
    this.#decoy = decoy;
  }

  static async open(log: Log, cost: number = COST): Promise<Passwords> {
    const bcrypt = await load(log);
    return new Passwords(bcrypt, cost, await bcrypt.hash(crypto.randomUUID(), cost));
  }

  hash(password: string): Promise<string> {
    return this.#inTurn(() => this.#bcrypt.hash(password, this.#cost));
  }

  /** Whether it is the password behind `hash`; without a hash, or longer than any can be, false after the same work. */
  async matches(password: string, hash: string | undefined): Promise<boolean> {
    const same = await this.#inTurn(() => this.#bcrypt.compare(password, hash ?? this.#decoy));
    return same && hash !== undefined && fitsBcrypt(password);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** Where native addons can't load (Deno Deploy Classic), `bcryptjs` reads and writes the same hashes. */
async function load(log: Log): Promise<Bcrypt> {
  try {
    return (await import("bcrypt")).default;
  } catch (error) {
    log.warn("bcrypt_fallback", { error });
    return (await import("bcryptjs")).default;
  }
}
