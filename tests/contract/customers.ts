import assert from "node:assert/strict";
import { type Customer, newId } from "../../services/domain.ts";
import { at, rejects, type Test, times } from "./cast.ts";

const linus: Customer = {
  id: newId(),
  name: "Linus",
  email: "linus@example.com",
  createdAt: at(0),
};

export function customersContract(test: Test): void {
  test("a customer is found by id, and by e-mail in any case", async ({ store }) => {
    await store.customers.add(linus, "hash");
    assert.deepEqual(await store.customers.find(linus.id), linus);
    const withPassword = { ...linus, passwordHash: "hash" };
    assert.deepEqual(await store.customers.byEmail("linus@example.com"), withPassword);
    assert.deepEqual(await store.customers.byEmail("LINUS@Example.com"), withPassword);
    assert.equal(await store.customers.passwordHash(linus.id), "hash");
  });

  test("nobody is found under an unknown id or e-mail", async ({ store }) => {
    assert.equal(await store.customers.find(newId()), undefined);
    assert.equal(await store.customers.byEmail("linus@example.com"), undefined);
    assert.equal(await store.customers.passwordHash(newId()), undefined);
  });

  test("of twenty customers who take one e-mail at once, in any case, one gets it", async ({ store }) => {
    const outcomes = await times(20, async (index) => {
      const email = index % 2 ? "linus@example.com" : "Linus@Example.COM";
      const adding = store.customers.add({ ...linus, id: newId(), email }, "hash");
      return await adding.then(() => "added", (error) => error.code);
    });
    assert.equal(outcomes.filter((outcome) => outcome === "added").length, 1);
    assert.equal(outcomes.filter((outcome) => outcome === "taken").length, 19);
    await rejects(store.customers.add({ ...linus, id: newId() }, "hash"), "taken");
  });

  test("any number of guests have no e-mail and no password", async ({ store }) => {
    const guests = await times(3, async () => {
      const guest = { id: newId(), name: "Barbara", createdAt: at(0) };
      await store.customers.add(guest);
      return guest;
    });
    for (const guest of guests) {
      assert.deepEqual(await store.customers.find(guest.id), guest);
      assert.equal(await store.customers.passwordHash(guest.id), undefined);
    }
  });

  test("a customer's name and password change, and nobody else's", async (cast) => {
    const { customers } = cast.store;
    const other = await cast.customer("Barbara");
    await customers.add(linus, "hash");
    await customers.rename(linus.id, "Linus T.");
    await customers.setPassword(linus.id, "another");
    assert.equal((await customers.find(linus.id))?.name, "Linus T.");
    assert.equal(await customers.passwordHash(linus.id), "another");
    assert.equal((await customers.find(other.id))?.name, "Barbara");
    assert.equal(await customers.passwordHash(other.id), "hash");
  });
}
