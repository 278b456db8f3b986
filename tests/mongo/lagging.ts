/** A server that goes on showing what is not so any more: nothing is asked of it for ever. */
import assert from "node:assert/strict";
import type { Db } from "mongodb";
import { at, ended, rejects } from "../contract/cast.ts";
import type { Test } from "./home.ts";

const SOON = 5_000;

export function lagging(test: Test): void {
  test("a start that can neither be found nor begun is refused", async (home) => {
    const cast = await home.cast();
    const customer = await cast.customer();
    const { id } = await cast.start(customer);
    await cast.move({ id }, "closed", [ended]);
    const asked = Date.now();
    await rejects(cast.store.sessions.start({ id, customer }, at(1)), "unavailable");
    assert.ok(Date.now() - asked < SOON);
  });

  test("an agent who looks free and can't be had is nobody's", async (home) => {
    await (await home.cast()).agent("Ada");
    const cast = await home.cast({ tune: untaken("agents", "findOneAndUpdate", null) });
    const asked = Date.now();
    const { mode } = await cast.start();
    assert.equal(mode, "ai");
    assert.ok(Date.now() - asked < SOON);
  });

  test("a change that somebody else is always faster than is given up", async (home) => {
    const session = await (await home.cast()).start();
    const nothing = { matchedCount: 0 };
    const cast = await home.cast({ tune: untaken("sessions", "bulkWrite", nothing) });
    await rejects(cast.asks(session, "Hello?"), "unavailable");
  });
}

/** A collection in which nothing is ever found by one method. */
function untaken(name: string, method: "findOneAndUpdate" | "bulkWrite", answer: unknown) {
  return (db: Db) => {
    const collection = db.collection.bind(db);
    db.collection = ((...args: Parameters<Db["collection"]>) => {
      const found = collection(...args);
      return args[0] === name
        ? Object.assign(found, { [method]: () => Promise.resolve(answer) })
        : found;
    }) as Db["collection"];
  };
}
