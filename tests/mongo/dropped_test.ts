/** A database that is dropped while the app runs on it. */
import assert from "node:assert/strict";
import { times } from "../contract/cast.ts";
import { eventually, test } from "../helpers.ts";
import { kindsOfServer, startServer } from "../mongod.ts";
import { Home } from "./home.ts";

if ((await kindsOfServer()).includes("replica set")) {
  test("after the database was dropped, a customer has one open session as before", async () => {
    await using server = await startServer("replica set");
    await using home = new Home(server);
    const [one, other] = [await home.cast(), await home.cast()];
    await one.start();
    const indexes = () => home.raw((db) => db.collection("sessions").indexes());
    const { length } = await indexes();
    await home.raw((db) => db.dropDatabase());
    await eventually(async () => (await indexes().catch(() => [])).length === length);
    const customer = await one.customer();
    const sessions = await times(20, (index) => (index % 2 ? one : other).start(customer));
    assert.equal(new Set(sessions.map(({ id }) => id)).size, 1);
  });
}
