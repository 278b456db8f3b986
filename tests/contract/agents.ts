import assert from "node:assert/strict";
import { newId } from "../../services/domain.ts";
import { Fault } from "../../services/errors.ts";
import type { AgentDraft, Store, Voucher } from "../../services/store.ts";
import { at, type Cast, rejects, type Test, type TestOfTwo, times } from "./cast.ts";

const draft = (email = `${newId()}@example.com`): AgentDraft => ({
  id: newId(),
  name: "Ada",
  email,
  passwordHash: "hash",
  capacity: 2,
  createdAt: at(0),
});

async function invitation(
  store: Store,
  grant: Voucher["grant"] = { kind: "invite", role: "agent" },
  expiresAt = at(60),
): Promise<string> {
  const id = newId();
  await store.vouchers.add({ id, grant, expiresAt });
  return id;
}

/** The role of who got in, else the fault's code. */
const outcome = (store: Store, invite?: string, email?: string): Promise<string> =>
  store.agents.register(draft(email), invite, at(0)).then(
    ({ role }) => role,
    (error) => error instanceof Fault ? error.code : Promise.reject(error),
  );

const tally = (outcomes: readonly string[], wanted: string): number =>
  outcomes.filter((outcome) => outcome === wanted).length;

export function agentsContract(test: Test, testOfTwo: TestOfTwo): void {
  registering(test, testOfTwo);
  status(test);
  presence(test);
}

function registering(test: Test, testOfTwo: TestOfTwo): void {
  test("the very first agent becomes an admin, offline, without an invitation", async ({ store }) => {
    assert.equal(await store.agents.none(), true);
    const first = draft();
    const agent = await store.agents.register(first, undefined, at(0));
    const { passwordHash: _, ...kept } = first;
    const { chosen, presentUntil, ...rest } = agent;
    assert.deepEqual(rest, { ...kept, role: "admin", status: "offline", carrying: 0 });
    assert.ok(chosen && presentUntil <= at(0));
    assert.deepEqual(await store.agents.find(first.id), agent);
    assert.equal(await store.agents.none(), false);
  });

  test("of fifty who register first at once one becomes the admin", async ({ store }) => {
    const outcomes = await times(50, () => outcome(store));
    assert.equal(tally(outcomes, "admin"), 1);
    assert.equal(tally(outcomes, "forbidden"), 49);
    assert.equal((await store.agents.all()).length, 1);
  });

  testOfTwo(
    "of forty who register first on two instances one becomes the admin",
    async (one, other) => {
      const outcomes = await times(40, (index) => outcome((index % 2 ? one : other).store));
      assert.equal(tally(outcomes, "admin"), 1);
      assert.equal(tally(outcomes, "forbidden"), 39);
    },
  );

  test("a later agent gets the role of a valid invitation, and nobody gets in without one", async ({ store }) => {
    await outcome(store);
    const reset = { kind: "reset", side: "agent", accountId: newId() } as const;
    const invite = { kind: "invite", role: "admin" } as const;
    assert.equal(await outcome(store), "forbidden");
    assert.equal(await outcome(store, newId()), "forbidden");
    assert.equal(await outcome(store, await invitation(store, reset)), "forbidden");
    assert.equal(await outcome(store, await invitation(store, invite, at(-1))), "forbidden");
    assert.equal(await outcome(store, await invitation(store, invite)), "admin");
    assert.equal(await outcome(store, await invitation(store)), "agent");
    assert.equal((await store.agents.all()).length, 3);
  });

  test("one invitation lets one of twenty in", async ({ store }) => {
    await outcome(store);
    const invite = await invitation(store);
    const outcomes = await times(20, () => outcome(store, invite));
    assert.equal(tally(outcomes, "agent"), 1);
    assert.equal(tally(outcomes, "forbidden"), 19);
  });

  test("a taken e-mail, in any case, spends no invitation", async ({ store }) => {
    await outcome(store, undefined, "ada@example.com");
    const invite = await invitation(store);
    assert.equal(await outcome(store, invite, "ADA@example.com"), "taken");
    assert.equal(await outcome(store, invite, "grace@example.com"), "agent");
  });

  test("agents are found by id and e-mail, and listed by name", async (cast) => {
    const { agents } = cast.store;
    const grace = await cast.newcomer("Grace");
    const ada = await cast.newcomer("ada");
    const barbara = await cast.newcomer("Barbara");
    assert.deepEqual(await agents.all(), [ada, barbara, grace]);
    assert.deepEqual(await agents.find(ada.id), ada);
    assert.deepEqual(await agents.byEmail(grace.email.toUpperCase()), {
      ...grace,
      passwordHash: "hash",
    });
    assert.equal(await agents.find(newId()), undefined);
    assert.equal(await agents.byEmail("nobody@example.com"), undefined);
    assert.equal(await agents.passwordHash(newId()), undefined);
  });

  test("an agent's name and password change, and nobody else's", async (cast) => {
    const { agents } = cast.store;
    const [ada, grace] = [await cast.newcomer("Ada"), await cast.newcomer("Grace")];
    await agents.rename(ada.id, "Ada L.");
    await agents.setPassword(ada.id, "another");
    assert.deepEqual(await agents.find(ada.id), { ...ada, name: "Ada L." });
    assert.equal(await agents.passwordHash(ada.id), "another");
    assert.deepEqual(await agents.find(grace.id), grace);
    assert.equal(await agents.passwordHash(grace.id), "hash");
  });
}

function status(test: Test): void {
  test("an agent's status is what was chosen", async (cast) => {
    const { agents } = cast.store;
    const { id } = await cast.agent();
    for (const chosen of ["busy", "offline", "available"] as const) {
      const agent = await agents.set(id, { chosen }, at(1));
      assert.deepEqual([agent.status, agent.chosen], [chosen, chosen]);
      assert.deepEqual(await agents.find(id), agent);
    }
    await rejects(agents.set(newId(), { chosen: "busy" }, at(1)), "not_found");
  });

  test("an agent with as many sessions as the capacity is busy, until one ends or the capacity is raised", async (cast) => {
    const { agents } = cast.store;
    const { id } = await cast.agent("Ada", { capacity: 2 });
    const [first] = [await cast.start(), await cast.start()];
    assert.deepEqual(await load(cast, id), ["busy", "available", 2]);
    await cast.move(first, "closed", [ended]);
    assert.deepEqual(await load(cast, id), ["available", "available", 1]);
    assert.equal((await agents.set(id, { capacity: 1 }, at(1))).status, "busy");
    const raised = await agents.set(id, { capacity: 3 }, at(1));
    assert.deepEqual([raised.status, raised.capacity], ["available", 3]);
    assert.equal((await agents.set(id, { chosen: "busy", capacity: 9 }, at(1))).status, "busy");
  });

  test("available at full capacity answers busy", async (cast) => {
    const { id } = await cast.agent();
    await cast.start();
    await cast.store.agents.set(id, { chosen: "offline" }, at(1));
    assert.equal((await cast.store.agents.set(id, { chosen: "available" }, at(2))).status, "busy");
  });
}

function presence(test: Test): void {
  test("whoever's lease has ended becomes offline, once, and gets the chosen status back", async (cast) => {
    const { agents } = cast.store;
    const [ada, grace, edsger, barbara] = await Promise.all([
      cast.agent("Ada"),
      cast.agent("Grace", { chosen: "busy" }),
      cast.agent("Edsger", { chosen: "offline" }),
      cast.agent("Barbara"),
    ]);
    await agents.present(barbara.id, at(200_000), at(0));
    assert.equal(await agents.lapse(at(99_999)), 0);
    assert.equal(await agents.lapse(at(150_000)), 2);
    assert.equal(await agents.lapse(at(150_000)), 0);
    const shown = (await agents.all()).map(({ status, chosen }) => [status, chosen]);
    assert.deepEqual(shown, [
      ["offline", "available"],
      ["available", "available"],
      ["offline", "offline"],
      ["offline", "busy"],
    ]);
    for (const { id } of [ada, grace, edsger]) {
      await agents.present(id, at(160_000), at(151_000));
    }
    const back = (await agents.all()).map(({ status }) => status);
    assert.deepEqual(back, ["available", "available", "offline", "busy"]);
  });

  test("who lapsed is not back by a new capacity, but by a choice", async (cast) => {
    const { agents } = cast.store;
    const { id } = await cast.agent();
    await agents.lapse(at(150_000));
    assert.equal((await agents.set(id, { capacity: 5 }, at(150_001))).status, "offline");
    assert.equal((await agents.set(id, { chosen: "available" }, at(150_002))).status, "available");
  });

  test("presence is prolonged, never cut short", async (cast) => {
    const { id } = await cast.agent();
    await cast.store.agents.present(id, at(50), at(10));
    assert.deepEqual((await cast.agentNow(id)).presentUntil, at(100_000));
    await cast.store.agents.present(id, at(200_000), at(10));
    assert.deepEqual((await cast.agentNow(id)).presentUntil, at(200_000));
  });

  test("gone are those who carry sessions and whose lease ended before", async (cast) => {
    const { agents } = cast.store;
    const ada = await cast.agent("Ada");
    const session = await cast.start();
    await cast.agent("Grace");
    const ids = async (since: Date) => (await agents.gone(since)).map(({ id }) => id);
    assert.deepEqual(await ids(at(100_000)), []);
    assert.deepEqual(await ids(at(100_001)), [ada.id]);
    await cast.move(session, "closed", [ended]);
    assert.deepEqual(await ids(at(100_001)), []);
  });
}

const ended = { kind: "closed", reason: "It was enough" } as const;

async function load(cast: Cast, id: string) {
  const { status, chosen, carrying } = await cast.agentNow(id);
  return [status, chosen, carrying];
}
