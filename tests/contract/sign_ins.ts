import assert from "node:assert/strict";
import { newId, type Side } from "../../services/domain.ts";
import type { SignIn, Voucher } from "../../services/store.ts";
import { at, type Test, type TestOfTwo, times } from "./cast.ts";

const signIn = (accountId = newId(), side: Side = "user"): SignIn => ({
  id: newId() + newId(),
  side,
  accountId,
  expiresAt: at(60),
});

export function signInsContract(test: Test, testOfTwo: TestOfTwo): void {
  test("a sign-in is found until it expires, and later when it was extended", async ({ store }) => {
    const mine = signIn();
    await store.signIns.add(mine);
    assert.deepEqual(await store.signIns.find(mine.id, at(59)), mine);
    assert.equal(await store.signIns.find(mine.id, at(60)), undefined);
    assert.equal(await store.signIns.find(newId(), at(0)), undefined);
    await store.signIns.extend(mine.id, at(90));
    assert.deepEqual(await store.signIns.find(mine.id, at(60)), { ...mine, expiresAt: at(90) });
  });

  test("a sign-in that was ended is gone, and ending it again is no error", async ({ store }) => {
    const [mine, other] = [signIn(), signIn()];
    await store.signIns.add(mine);
    await store.signIns.add(other);
    await store.signIns.end(mine.id);
    await store.signIns.end(mine.id);
    assert.equal(await store.signIns.find(mine.id, at(0)), undefined);
    assert.deepEqual(await store.signIns.find(other.id, at(0)), other);
  });

  test("all sign-ins of an account end but the excepted one, and nobody else's", async ({ store }) => {
    const account = newId();
    const mine = [signIn(account), signIn(account), signIn(account)] as const;
    const others = [signIn(), signIn(account, "agent")];
    for (const each of [...mine, ...others]) await store.signIns.add(each);
    const left = async () => {
      const found = [...mine, ...others].map(({ id }) => store.signIns.find(id, at(0)));
      return (await Promise.all(found)).filter((each) => each !== undefined);
    };
    await store.signIns.endAll("user", account, mine[1].id);
    assert.deepEqual(await left(), [mine[1], ...others]);
    await store.signIns.endAll("user", account);
    assert.deepEqual(await left(), others);
  });

  test("what expired is forgotten, and only that", async ({ store }) => {
    const old = signIn();
    const fresh = { ...signIn(), expiresAt: at(90) };
    const ticket = (expiresAt: Date): Voucher => ({
      id: newId(),
      expiresAt,
      grant: { kind: "ticket", signInId: fresh.id },
    });
    const [late, good] = [ticket(at(60)), ticket(at(90))];
    for (const each of [old, fresh]) await store.signIns.add(each);
    for (const each of [late, good]) await store.vouchers.add(each);
    const [tried, trying] = [newId(), newId()];
    await store.tries.count(tried, 60_000, at(0));
    await store.tries.count(trying, 90_000, at(0));
    await store.signIns.forget(at(70));
    const long = at(-1_000); // a time at which everything that is still kept would be good
    assert.equal(await store.signIns.find(old.id, long), undefined);
    assert.deepEqual(await store.signIns.find(fresh.id, long), fresh);
    assert.equal(await store.vouchers.peek("ticket", late.id, long), undefined);
    assert.deepEqual(await store.vouchers.peek("ticket", good.id, long), good.grant);
    assert.deepEqual(await store.tries.count(tried, 1, long), { count: 1, until: at(-999.999) });
    assert.deepEqual(await store.tries.count(trying, 1, long), { count: 2, until: at(90) });
  });

  test("tries are counted from the first one to the end of its time, each key for itself", async ({ store: { tries } }) => {
    const [one, other] = [newId(), newId()];
    assert.deepEqual(await tries.count(one, 60_000, at(0)), { count: 1, until: at(60) });
    assert.deepEqual(await tries.count(one, 60_000, at(59)), { count: 2, until: at(60) });
    assert.deepEqual(await tries.count(other, 60_000, at(59)), { count: 1, until: at(119) });
    await tries.forgive(one, at(59));
    assert.deepEqual(await tries.count(one, 60_000, at(59)), { count: 2, until: at(60) });
    assert.deepEqual(await tries.count(one, 60_000, at(60)), { count: 1, until: at(120) });
  });

  test("a try that is taken back after its time, or twice, gives nothing away", async ({ store: { tries } }) => {
    const id = newId();
    await tries.forgive(id, at(0));
    await tries.count(id, 60_000, at(0));
    for (const _ of "twice") await tries.forgive(id, at(1));
    assert.equal((await tries.count(id, 60_000, at(2))).count, 1);
    await tries.forgive(id, at(60));
    assert.equal((await tries.count(id, 60_000, at(59))).count, 2);
  });

  testOfTwo(
    "of tries at once each has a count of its own, whichever process is asked",
    async ({ store }, other) => {
      const id = newId();
      const stores = [store, other.store];
      const counted = await times(40, (n) => stores[n % 2]!.tries.count(id, 60_000, at(0)));
      const counts = counted.map(({ count }) => count).sort((a, b) => a - b);
      assert.deepEqual(counts, counts.map((_, index) => index + 1));
      await times(40, (n) => stores[n % 2]!.tries.forgive(id, at(1)));
      assert.equal((await store.tries.count(id, 60_000, at(1))).count, 1);
    },
  );

  test("a voucher is peeked at without being spent, under its own kind and until it expires", async ({ store }) => {
    const grant = { kind: "invite", role: "admin", email: "ada@example.com" } as const;
    const voucher = { id: newId(), expiresAt: at(60), grant };
    await store.vouchers.add(voucher);
    for (const _ of "twice") {
      assert.deepEqual(await store.vouchers.peek("invite", voucher.id, at(59)), grant);
    }
    assert.equal(await store.vouchers.peek("reset", voucher.id, at(59)), undefined);
    assert.equal(await store.vouchers.spend("ticket", voucher.id, at(59)), undefined);
    assert.equal(await store.vouchers.peek("invite", voucher.id, at(60)), undefined);
    assert.equal(await store.vouchers.spend("invite", voucher.id, at(60)), undefined);
    assert.deepEqual(await store.vouchers.spend("invite", voucher.id, at(59)), grant);
    assert.equal(await store.vouchers.peek("invite", voucher.id, at(59)), undefined);
  });

  test("of twenty who spend one voucher at once one gets the grant", async ({ store }) => {
    const grant = { kind: "reset", side: "agent", accountId: newId() } as const;
    const voucher = { id: newId(), expiresAt: at(60), grant };
    await store.vouchers.add(voucher);
    const got = await times(20, () => store.vouchers.spend("reset", voucher.id, at(1)));
    assert.deepEqual(got.filter((each) => each !== undefined), [grant]);
  });
}
