/** Sign-ins, vouchers (things that are good for one use), and how often somebody tried. */
import type { Side } from "../domain.ts";
import type { Grant, SignIn, SignIns, Tries, Voucher, VoucherKind, Vouchers } from "../store.ts";
import type { Database } from "./database.ts";

const SIGN_IN_SQL = {
  add: `
    INSERT INTO signIns (id, side, accountId, expiresAt)
    VALUES (:id, :side, :accountId, :expiresAt)`,
  find: `SELECT id, side, accountId, expiresAt FROM signIns WHERE id = :id AND expiresAt > :now`,
  extend: `UPDATE signIns SET expiresAt = :expiresAt WHERE id = :id`,
  end: `DELETE FROM signIns WHERE id = :id`,
  endAll: `
    DELETE FROM signIns
    WHERE side = :side AND accountId = :accountId AND id IS NOT :except`,
  forget: `DELETE FROM signIns WHERE expiresAt <= :now`,
  forgetVouchers: `DELETE FROM vouchers WHERE expiresAt <= :now`,
  forgetTries: `DELETE FROM tries WHERE until <= :now`,
};

const VOUCHER_SQL = {
  add: `
    INSERT INTO vouchers (id, kind, "grant", expiresAt) VALUES (:id, :kind, :grant, :expiresAt)`,
  peek: `SELECT "grant" FROM vouchers WHERE id = :id AND kind = :kind AND expiresAt > :now`,
  spend: `
    DELETE FROM vouchers WHERE id = :id AND kind = :kind AND expiresAt > :now RETURNING "grant"`,
};

const TRIES_SQL = {
  count: `
    INSERT INTO tries (id, count, until) VALUES (:id, 1, :end)
    ON CONFLICT (id) DO UPDATE SET
      count = iif(until > :now, count + 1, 1), until = iif(until > :now, until, :end)
    RETURNING count, until`,
  forgive: `UPDATE tries SET count = count - 1 WHERE id = :id AND count > 0 AND until > :now`,
};

interface SignInRecord extends Omit<SignIn, "expiresAt"> {
  readonly expiresAt: number;
}

export class SqliteSignIns implements SignIns {
  readonly #db: Database;
  readonly #sql;

  constructor(db: Database) {
    this.#db = db;
    this.#sql = db.prepare(SIGN_IN_SQL);
  }

  async add({ id, side, accountId, expiresAt }: SignIn): Promise<void> {
    await this.#db.write(() => this.#sql.add.run({ id, side, accountId, expiresAt }));
  }

  find(id: string, now: Date): Promise<SignIn | undefined> {
    return this.#db.read(() => {
      const row = this.#sql.find.get<SignInRecord>({ id, now });
      return row && { ...row, expiresAt: new Date(row.expiresAt) };
    });
  }

  async extend(id: string, expiresAt: Date): Promise<void> {
    await this.#db.write(() => this.#sql.extend.run({ id, expiresAt }));
  }

  async end(id: string): Promise<void> {
    await this.#db.write(() => this.#sql.end.run({ id }));
  }

  async endAll(side: Side, accountId: string, except?: string): Promise<void> {
    await this.#db.write(() => this.#sql.endAll.run({ side, accountId, except }));
  }

  async forget(now: Date): Promise<void> {
    await this.#db.write(() => {
      this.#sql.forget.run({ now });
      this.#sql.forgetVouchers.run({ now });
      this.#sql.forgetTries.run({ now });
    });
  }
}

export class SqliteVouchers implements Vouchers {
  readonly #db: Database;
  readonly #sql;

  constructor(db: Database) {
    this.#db = db;
    this.#sql = db.prepare(VOUCHER_SQL);
  }

  async add({ id, grant, expiresAt }: Voucher): Promise<void> {
    const row = { id, kind: grant.kind, grant: JSON.stringify(grant), expiresAt };
    await this.#db.write(() => this.#sql.add.run(row));
  }

  peek<K extends VoucherKind>(kind: K, id: string, now: Date): Promise<Grant<K> | undefined> {
    return this.#db.read(() => toGrant<K>(this.#sql.peek.get({ kind, id, now })));
  }

  spend<K extends VoucherKind>(kind: K, id: string, now: Date): Promise<Grant<K> | undefined> {
    return this.#db.write(() => this.spent(kind, id, now));
  }

  /** `spend` as a part of another write. */
  spent<K extends VoucherKind>(kind: K, id: string, now: Date): Grant<K> | undefined {
    return toGrant<K>(this.#sql.spend.get({ kind, id, now }));
  }
}

export class SqliteTries implements Tries {
  readonly #db: Database;
  readonly #sql;

  constructor(db: Database) {
    this.#db = db;
    this.#sql = db.prepare(TRIES_SQL);
  }

  count(id: string, window: number, now: Date): Promise<{ count: number; until: Date }> {
    const end = new Date(now.getTime() + window);
    return this.#db.write(() => {
      const row = this.#sql.count.get<{ count: number; until: number }>({ id, now, end })!;
      return { count: row.count, until: new Date(row.until) };
    });
  }

  async forgive(id: string, now: Date): Promise<void> {
    await this.#db.write(() => this.#sql.forgive.run({ id, now }));
  }
}

const toGrant = <K extends VoucherKind>(row: { grant: string } | undefined): Grant<K> | undefined =>
  row && JSON.parse(row.grant) as Grant<K>;
