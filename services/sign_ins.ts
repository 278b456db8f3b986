/** Tokens: who is behind one, and the things that work once. Only hashes of tokens are ever stored. */
import { createHash } from "node:crypto";
import { type Clock, fromNow } from "./clock.ts";
import { type Actor, type Role, type Side, TIMES } from "./domain.ts";
import { Fault } from "./errors.ts";
import type { Grant, SignIn, Store, Voucher, VoucherKind } from "./store.ts";

export interface SignedIn {
  readonly signInId: string;
  readonly actor: Actor;
  /** It was just made to last longer; a cookie has to follow. */
  readonly prolonged: boolean;
}

const DAY = 24 * 60 * 60 * 1_000;

export const newToken = (): string =>
  crypto.getRandomValues(new Uint8Array(32)).toBase64({ alphabet: "base64url", omitPadding: true });
export const hashOf = (token: string): string => createHash("sha256").update(token).digest("hex");

export class SignIns {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor({ store, clock }: { store: Store; clock: Clock }) {
    this.#store = store;
    this.#clock = clock;
  }

  /** A new sign-in's token, good for 30 days from its last use. */
  async begin(side: Side, accountId: string): Promise<string> {
    const token = newToken();
    const expiresAt = fromNow(this.#clock, TIMES.signIn);
    await this.#store.signIns.add({ id: hashOf(token), side, accountId, expiresAt });
    return token;
  }

  /** Who is behind a token, if anyone. */
  async behind(token: string): Promise<SignedIn | undefined> {
    return await this.signedIn(hashOf(token));
  }

  async signedIn(signInId: string): Promise<SignedIn | undefined> {
    const signIn = await this.#store.signIns.find(signInId, this.#clock.now());
    if (!signIn) return undefined;
    const actor = await this.#actor(signIn);
    if (!actor) return undefined;
    return { signInId, actor, prolonged: await this.#prolong(signIn) };
  }

  end(signInId: string): Promise<void> {
    return this.#store.signIns.end(signInId);
  }

  /** Ends every sign-in of the account, but the one given. */
  endAll(actor: Pick<Actor, "side" | "id">, except?: string): Promise<void> {
    return this.#store.signIns.endAll(actor.side, actor.id, except);
  }

  /** A token that opens one socket within 30 s. */
  ticket(signInId: string): Promise<string> {
    return this.#voucher({ kind: "ticket", signInId }, TIMES.ticket);
  }

  invite(role: Role, email: string | undefined): Promise<string> {
    const grant = { kind: "invite" as const, role, ...(email !== undefined && { email }) };
    return this.#voucher(grant, TIMES.invite);
  }

  reset(side: Side, accountId: string): Promise<string> {
    return this.#voucher({ kind: "reset", side, accountId }, TIMES.reset);
  }

  peek<K extends VoucherKind>(kind: K, token: string): Promise<Grant<K> | undefined> {
    return this.#store.vouchers.peek(kind, hashOf(token), this.#clock.now());
  }

  /** Throws `not_found` where it was spent, expired or never given. */
  async spend<K extends VoucherKind>(kind: K, token: string): Promise<Grant<K>> {
    const grant = await this.#store.vouchers.spend(kind, hashOf(token), this.#clock.now());
    if (!grant) throw new Fault("not_found", "This link was used or has expired");
    return grant;
  }

  async #voucher(grant: Voucher["grant"], lifetime: number): Promise<string> {
    const token = newToken();
    const expiresAt = fromNow(this.#clock, lifetime);
    await this.#store.vouchers.add({ id: hashOf(token), grant, expiresAt });
    return token;
  }

  async #actor({ side, accountId }: SignIn): Promise<Actor | undefined> {
    if (side === "user") {
      const customer = await this.#store.customers.find(accountId);
      if (!customer) return undefined;
      const { id, name, email } = customer;
      return { side, id, name, ...(email === undefined && { guest: true }) };
    }
    const agent = await this.#store.agents.find(accountId);
    return agent && { side, id: agent.id, name: agent.name, role: agent.role };
  }

  /** At most once a day, so that reading is not writing. */
  async #prolong({ id, expiresAt }: SignIn): Promise<boolean> {
    const until = fromNow(this.#clock, TIMES.signIn);
    if (until.getTime() - expiresAt.getTime() <= DAY) return false;
    await this.#store.signIns.extend(id, until);
    return true;
  }
}
