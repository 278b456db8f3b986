/** What MONGO_URI may be: what is wrong with it ends the start, and nothing in it makes a write less safe. */
import assert from "node:assert/strict";
import { type CommandStartedEvent, type Db, MongoClient } from "mongodb";
import { nameIn, WrongAddress } from "../../services/mongo/address.ts";
import { safely } from "../../services/mongo/faults.ts";
import { openMongo } from "../../services/mongo/open.ts";
import { test } from "../helpers.ts";
import { freshName, kindsOfServer, startServer } from "../mongod.ts";
import { Running } from "../running.ts";
import { assertSilent, PASSWORD } from "./locked.ts";

const [USER, SECRET] = ["desk", encodeURIComponent(PASSWORD)];
const SHAPE = /^must be an address like mongodb:/;
const OPTION = /^has a wrong option: [^\n]*[^.]$/;
const NAME = /^must name a database without/;

const WRONG: Readonly<Record<string, RegExp>> = {
  // a password that isn't encoded, whole or up to what a part of it could be taken for
  [`mongodb://${USER}:${PASSWORD}@127.0.0.1/desk`]: SHAPE,
  ...Object.fromEntries(
    [..."@:/?#[]%"].map((each) => [`mongodb://desk:alpha-7d1e${each}bravo-92ac@host/desk`, SHAPE]),
  ),
  "mongodb://desk:27017/alpha-7d1e@host/desk": SHAPE,
  "mongodb://desk:27017?alpha-7d1e=bravo-92ac@host/desk": SHAPE,
  // a part that is missing
  [`mongodb://${USER}:${SECRET}`]: SHAPE,
  "mongodb://desk:alpha-7d1e": SHAPE,
  "mongodb://:alpha-7d1e@host/": SHAPE,
  "mongodb://desk:alpha-7d1e@/desk": SHAPE,
  "mongodb:///desk": SHAPE,
  // a host that is none
  "mongodb://desk:alpha-7d1e@host:port/desk": SHAPE,
  "mongodb://desk:alpha-7d1e@host:0/desk": SHAPE,
  "mongodb+srv://desk:alpha-7d1e@host.example.net:27017/desk": SHAPE,
  // options
  "mongodb://desk:alpha-7d1e@host/desk?useNewUrlParser=true": OPTION,
  "mongodb://desk:alpha-7d1e@host/desk?tls=maybe": OPTION,
  "mongodb://desk:alpha-7d1e@host/desk?compressors=paper": OPTION,
  "mongodb://desk:alpha-7d1e@host?minPoolSize=many": OPTION,
  // names that no database can have
  "mongodb://desk:alpha-7d1e@host/de.sk": NAME,
  "mongodb://desk:alpha-7d1e@host/desk/top": NAME,
  "mongodb://desk:alpha-7d1e@host/de%20sk": NAME,
};

/** The first client looks whether it is in a container, which it waits for only where it connects. */
Deno.test.beforeAll(async () => {
  await Reflect.get(new MongoClient("mongodb://host").options, "metadata");
});

test("an address that nothing can be made of is refused, in words that tell nothing of its password", () => {
  for (const [uri, expected] of Object.entries(WRONG)) {
    assert.throws(() => openMongo(uri), (error: unknown) => {
      assert.ok(error instanceof WrongAddress, uri);
      assert.match(error.message, expected, uri);
      assertSilent(uri, Deno.inspect(error, { depth: 9 }));
      return true;
    });
  }
});

test("the start ends with one sentence that names MONGO_URI", async () => {
  const uris = Object.keys(WRONG).filter((_, index) => index % 7 === 0);
  for (const MONGO_URI of [...uris, `mongo://desk:${SECRET}@127.0.0.1`, "127.0.0.1:27017"]) {
    await using running = new Running("start", { MONGO_URI });
    assert.equal((await running.ended()).code, 1, running.printed);
    assert.match(running.printed, /^Handoff can't start: MONGO_URI [^\n]*[^.]\.\n$/);
    assert.doesNotMatch(running.printed, /\. [A-Z]/);
    assertSilent("it", running.printed);
  }
});

test("of an address in a failure's words only the host is told", () => {
  for (
    const place of [`${USER}:${SECRET}@one`, `${USER}:${SECRET}@one,two/desk?tls=true`, SECRET]
  ) {
    for (const scheme of ["mongodb", "mongodb+srv"]) {
      const { message, stack } = safely(new Error(`No ${scheme}://${place}`));
      assert.match(message, new RegExp(`^Error: No ${scheme.replace("+", "\\+")}://(one.*)?$`));
      assertSilent("it", `${message} ${stack}`);
    }
  }
});

test("an address names its database, or else it is handoff", () => {
  const names: Record<string, string> = {
    "mongodb://host": "handoff",
    "mongodb://desk:alpha@one,two:27018/?replicaSet=rs0": "handoff",
    "mongodb://host?tls=true&tlsCAFile=data/ca.pem": "handoff",
    "mongodb://host/desk?authSource=admin": "desk",
    "mongodb+srv://cluster.example.net/b%C3%BCro": "büro",
  };
  for (const [uri, name] of Object.entries(names)) assert.equal(nameIn(uri), name);
});

const [kind] = await kindsOfServer();
if (kind) {
  test("no option of an address makes a write or a read less safe", async () => {
    await using server = await startServer(kind);
    const heard: CommandStartedEvent[] = [];
    const tune = ({ client }: Db) => void client.on("commandStarted", (event) => heard.push(event));
    const options =
      "journal=false&w=1&wtimeoutMS=1&readConcernLevel=local&readPreference=secondary";
    const uri = `${server.uri}?${options}`;
    await using store = openMongo(uri, {
      database: freshName(),
      driver: { monitorCommands: true },
      tune,
    });
    await store.ping();
    await store.agents.all();
    const of = (name: string) => heard.find(({ commandName }) => commandName === name)?.command;
    const { w, j, wtimeout } = of("update")?.writeConcern ?? {};
    assert.deepEqual([w, j, wtimeout], ["majority", true, 3_000]);
    assert.equal(of("find")?.readConcern?.level, "majority");
  });
}
