/** Sign-ins, vouchers (things that are good for one use), and how often somebody tried. */
import type { Side } from "../domain.ts";
import type { Grant, SignIn, SignIns, Tries, Voucher, VoucherKind, Vouchers } from "../store.ts";
import type { Filter } from "mongodb";
import type { Feed } from "./changes.ts";
import type { Database } from "./database.ts";
import { isDuplicate } from "./faults.ts";
import { plain, type SignInDoc } from "./rows.ts";

const TOGETHER = 1_000;

export class MongoSignIns implements SignIns {
  readonly #db: Database;
  readonly #feed: Feed;

  constructor(db: Database, feed: Feed) {
    this.#db = db;
    this.#feed = feed;
  }

  async add({ id, side, accountId, expiresAt }: SignIn): Promise<void> {
    const signIn = { _id: plain(id), side, accountId: plain(accountId), expiresAt };
    await this.#db.run(({ signIns }, { again }) =>
      signIns.insertOne(signIn).catch((error) => {
        if (!again || !isDuplicate(error)) throw error;
      })
    );
  }

  async find(id: string, now: Date): Promise<SignIn | undefined> {
    const found = await this.#db.run(({ signIns }) => signIns.findOne({ _id: plain(id) }));
    if (!found || found.endedAt || found.expiresAt <= now) return undefined;
    const { _id, side, accountId, expiresAt } = found;
    return { id: _id, side, accountId, expiresAt };
  }

  async extend(id: string, expiresAt: Date): Promise<void> {
    await this.#db.run(({ signIns }) =>
      signIns.updateOne({ _id: plain(id) }, { $set: { expiresAt } })
    );
  }

  async end(id: string): Promise<void> {
    await this.#end([plain(id)]);
  }

  async endAll(side: Side, accountId: string, except?: string): Promise<void> {
    const ids = await this.#idsOf({ side: plain(side) as Side, accountId: plain(accountId) });
    await this.#end(ids.filter((id) => id !== except));
  }

  async forget(now: Date): Promise<void> {
    await this.#end(await this.#idsOf({ expiresAt: { $lte: now } }));
    await this.#db.run(({ vouchers }) => vouchers.deleteMany({ expiresAt: { $lte: now } }));
    await this.#db.run(({ tries }) => tries.deleteMany({ until: { $lte: now } }));
  }

  async #idsOf(which: Filter<SignInDoc>): Promise<string[]> {
    const found = await this.#db.run(({ signIns }) =>
      signIns.find(which, { projection: { endedAt: 1 } }).toArray()
    );
    return found.filter(({ endedAt }) => !endedAt).map(({ _id }) => _id);
  }

  /** Few enough by one command that it never is larger than a server takes. */
  async #end(ids: readonly string[]): Promise<void> {
    for (let from = 0; from < ids.length; from += TOGETHER) {
      await this.#endSome(ids.slice(from, from + TOGETHER));
    }
  }

  /** Ended ones are deleted by the server after a while: pollers have to see them. */
  async #endSome(ids: readonly string[]): Promise<void> {
    const by = this.#feed.token();
    const ended = { $set: { endedBy: by }, $currentDate: { endedAt: true } } as const;
    const changes = ids.map((signInId) => ({ kind: "sign_in", signInId }) as const);
    try {
      await this.#db.run(({ signIns }) => signIns.updateMany({ _id: { $in: [...ids] } }, ended));
      this.#feed.tell(by, changes);
    } catch (error) {
      this.#feed.tell(by, changes, { isLost: true });
      throw error;
    }
  }
}

export class MongoVouchers implements Vouchers {
  readonly #db: Database;
  readonly #feed: Feed;

  constructor(db: Database, feed: Feed) {
    this.#db = db;
    this.#feed = feed;
  }

  async add({ id, grant, expiresAt }: Voucher): Promise<void> {
    const voucher = { _id: plain(id), kind: grant.kind, grant, expiresAt };
    await this.#db.run(({ vouchers }, { again }) =>
      vouchers.insertOne(voucher).catch((error) => {
        if (!again || !isDuplicate(error)) throw error;
      })
    );
  }

  async peek<K extends VoucherKind>(
    kind: K,
    id: string,
    now: Date,
  ): Promise<Grant<K> | undefined> {
    const found = await this.#db.run(({ vouchers }) => vouchers.findOne({ _id: plain(id) }));
    const isGood = found?.kind === kind && found.expiresAt > now && found.spentBy === undefined;
    return isGood ? found.grant as Grant<K> : undefined;
  }

  async spend<K extends VoucherKind>(
    kind: K,
    id: string,
    now: Date,
  ): Promise<Grant<K> | undefined> {
    const by = this.#feed.token();
    const good = { _id: plain(id), kind, expiresAt: { $gt: now } } as const;
    // whoever asks again after a lost answer still is the one who spent it
    const unspent = { ...good, spentBy: { $exists: false } };
    const spent = await this.#db.run(async ({ vouchers }, { again }) =>
      await vouchers.findOneAndUpdate(unspent, { $set: { spentBy: by } }) ??
        (again ? await vouchers.findOne({ ...good, spentBy: by }) : null)
    );
    return spent ? spent.grant as Grant<K> : undefined;
  }
}

export class MongoTries implements Tries {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Where an answer was lost one may count twice, which errs on the safe side. */
  async count(id: string, window: number, now: Date): Promise<{ count: number; until: Date }> {
    const first = { _id: plain(id), count: 1, until: new Date(now.getTime() + window) };
    const isOn = { $gt: ["$until", now] };
    const next = {
      count: { $cond: [isOn, { $add: ["$count", 1] }, 1] },
      until: { $cond: [isOn, "$until", first.until] },
    };
    const { count, until } = await this.#db.run(async ({ tries }) => {
      const further = () =>
        tries.findOneAndUpdate({ _id: first._id }, [{ $set: next }], { returnDocument: "after" });
      const insert = () =>
        tries.insertOne(first).then(() => first, (error) => {
          if (!isDuplicate(error)) throw error;
          return further(); // of several who are the first one inserts
        });
      return await further() ?? await insert() ?? first;
    });
    return { count, until };
  }

  async forgive(id: string, now: Date): Promise<void> {
    const counted = { _id: plain(id), count: { $gt: 0 }, until: { $gt: now } };
    await this.#db.run(async ({ tries }, { again }) => {
      if (!again) await tries.updateOne(counted, { $inc: { count: -1 } }); // or twice for once
    });
  }
}
