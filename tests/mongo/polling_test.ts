/** Who hears by polling: whatever the clocks have said, and beside those who have a stream. */
import type { Db, Document } from "mongodb";
import { setTimeout as pause } from "node:timers/promises";
import type { Cast } from "../contract/cast.ts";
import { test } from "../helpers.ts";
import { kindsOfServer, startServer } from "../mongod.ts";
import { hasFailPoints } from "./failing.ts";
import { Home } from "./home.ts";

const HOUR = 3_600_000;
/** By when whoever polls has looked a few times. */
const LOOKED = 800;

const kinds = await kindsOfServer();
if (kinds.includes("standalone")) {
  test("a write stamped with a time to come hides none of the others", async () => {
    await using server = await startServer("standalone");
    await using home = new Home(server);
    const [one, other] = [await home.cast(), await home.cast()];
    await one.newcomer("Ada");
    const wrong = { $set: { "told.at": new Date(Date.now() + HOUR) } };
    await home.raw((db) => db.collection("agents").updateOne({}, wrong));
    await hears(other, one);
  });

  test("after the server's clock was set back all is heard again", async () => {
    await using server = await startServer("standalone");
    await using home = new Home(server);
    let ahead = HOUR;
    const [one, other] = [await home.cast(), await home.cast({ tune: clock(() => ahead) })];
    await using _ = other.listen();
    await pause(LOOKED);
    ahead = 0;
    await hears(other, one);
  });
}

if (kinds.includes("replica set")) {
  test("who is refused a stream and who has one hear each other", async () => {
    await using server = await startServer("replica set", { switches: ["--enable-test-commands"] });
    await using home = new Home(server);
    if (!await home.raw(hasFailPoints)) return;
    const data = { failCommands: ["aggregate"], errorCode: 8000 };
    const refuse = { configureFailPoint: "failCommand", mode: { times: 1 }, data };
    await home.raw((db) => db.admin().command(refuse));
    const [polling, streaming] = [await home.cast(), await home.cast()];
    await hears(polling, streaming);
    await hears(streaming, polling);
  });
}

async function hears(reader: Cast, writer: Cast): Promise<void> {
  await using listener = reader.listen();
  await pause(LOOKED);
  const session = await writer.start();
  await writer.asks(session, "Hello?");
  await listener.hears({ kind: "message", sessionId: session.id });
}

/** A server whose clock says another time. */
function clock(ahead: () => number): (db: Db) => void {
  return (db) => {
    const command = db.command.bind(db);
    db.command = async (...args: Parameters<Db["command"]>): Promise<Document> => {
      const answer = await command(...args);
      return { ...answer, localTime: new Date(Date.now() + ahead()) };
    };
  };
}
