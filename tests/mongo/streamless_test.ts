/** A cluster that lets its users in but refuses them change streams, as some of Atlas' do: its writes are polled. */
import { kindsOfServer, startServer } from "../mongod.ts";
import { test } from "../helpers.ts";
import { hasFailPoints } from "./failing.ts";
import { Home } from "./home.ts";

const [kind] = await kindsOfServer();
if (kind) {
  test(`mongo, ${kind}: where change streams are refused, others are heard all the same`, async () => {
    await using server = await startServer(kind, { switches: ["--enable-test-commands"] });
    await using home = new Home(server);
    if (!await home.raw(hasFailPoints)) return;
    const data = { failCommands: ["aggregate"], errorCode: 8000 };
    const refuse = { configureFailPoint: "failCommand", mode: { times: 2 }, data };
    await home.raw((db) => db.admin().command(refuse));
    const [one, other] = [await home.cast(), await home.cast()];
    await using listener = other.listen();
    const session = await one.start();
    await one.asks(session, "Hello?");
    await listener.hears({ kind: "message", sessionId: session.id });
  });
}
