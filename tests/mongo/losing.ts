/** Answers of the server that get lost, and no server at all. */
import assert from "node:assert/strict";
import { type Document, ObjectId } from "mongodb";
import { openMongo } from "../../services/mongo/open.ts";
import { at, Cast, ended, rejects } from "../contract/cast.ts";
import { Cable } from "./cable.ts";
import { load, type Test } from "./home.ts";

export function losing(test: Test): void {
  test("a write whose answer was lost is done, and done once", async (home) => {
    await using cable = new Cable(home.uri);
    const cast = await home.cast({}, cable.uri);
    const ada = await cast.agent("Ada", { capacity: 5 });
    const customer = await cast.customer();
    cable.lose("insert sessions");
    const session = await cast.start(customer);
    for (const command of ["update sessions", "insert messages"]) {
      cable.lose(command);
      await cast.asks(session, command);
    }
    cable.lose("findAndModify agents");
    const other = await cast.start();
    cable.lose("update sessions");
    await cast.move(other, "closed", [ended]);
    cable.lose("update agents");
    const grace = await cast.newcomer("Grace");
    cable.lose("findAndModify vouchers");
    const grant = { kind: "reset", side: "agent", accountId: ada.id } as const;
    await cast.store.vouchers.add({ id: "v", grant, expiresAt: at(9) });
    assert.deepEqual(await cast.store.vouchers.spend("reset", "v", at(1)), grant);
    cable.lose("findAndModify tries");
    const { count } = await cast.store.tries.count("t", 9_000, at(1));
    assert.ok(count === 1 || count === 2, `counted ${count}`); // once too often at most
    cable.lose("update tries");
    await cast.store.tries.forgive("t", at(1));
    assert.equal((await cast.store.tries.count("t", 9_000, at(1))).count, count);
    assert.equal(cable.lost, 9);
    assert.deepEqual(await cast.told(session), [
      "system: Ada joined",
      "user: update sessions",
      "user: insert messages",
    ]);
    assert.deepEqual(await cast.told(other), [
      "system: Ada joined",
      "system: Linus ended the chat",
    ]);
    assert.deepEqual(await load(cast, ada.id), [1, "available"]);
    assert.equal((await cast.store.agents.all()).length, 2);
    assert.ok(await cast.store.agents.find(grace.id));
    await home.raw(async (db) => {
      assert.equal(
        await db.collection("agents").countDocuments({ "carried.0": { $exists: true } }),
        1,
      );
    });
  });

  test("whose answer was lost gets the place asked for, not a rival's for the same chat", async (home) => {
    await using cable = new Cable(home.uri);
    const cast = await home.cast({}, cable.uri);
    const grace = await cast.agent("Grace", { chosen: "busy" });
    const ada = await cast.agent("Ada", { chosen: "busy" });
    const session = await cast.start();
    const carried = { session: session.id, epoch: session.epoch, at: at(1) };
    const taken = { $push: { carried }, $set: { carrying: 1 } } as Document;
    await home.raw((db) =>
      db.collection("agents").updateOne({ _id: new ObjectId(grace.id) }, taken)
    );
    cable.lose("findAndModify agents", 2); // the driver asks again by itself, where it may
    const { assignedAgent, agentName } = await cast.move(session, { agentId: ada.id });
    assert.ok(cable.lost > 0);
    assert.deepEqual([assignedAgent, agentName], [ada.id, "Ada"]);
    await cast.store.agents.lapse(at(30));
    assert.deepEqual([await load(cast, ada.id), await load(cast, grace.id)], [
      [1, "busy"],
      [0, "busy"],
    ]);
  });

  test("a write that can't be told done is refused, and the same again is the first", async (home) => {
    await using cable = new Cable(home.uri);
    const cast = await home.cast({}, cable.uri);
    const session = await cast.start();
    const draft = { text: "Hello?", clientId: "c-1" };
    cable.lose("update sessions", 9);
    await rejects(cast.asks(session, draft), "unavailable");
    cable.lose("none");
    await cast.asks(session, draft);
    assert.deepEqual(await cast.told(session), ["user: Hello?"]);
  });

  test("without a database it is unavailable, and told of once", async (home) => {
    const heard: (string | undefined)[] = [];
    const notice = (away: Error | undefined) => heard.push(away?.message);
    const { port } = new URL(home.uri);
    const uri = `mongodb://ada:s3cret@127.0.0.1:${port === "1" ? 2 : 1}/?authSource=admin`;
    await using store = openMongo(uri, { notice });
    const fault = await rejects(store.ping(), "unavailable");
    await rejects(new Cast(store).customer(), "unavailable");
    const told = Deno.inspect(fault, { depth: 9 }) + heard.join();
    assert.equal(heard.length, 1);
    assert.doesNotMatch(told, /s3cret|ada/);
  });
}
