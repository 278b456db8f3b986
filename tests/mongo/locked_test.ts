/** A database that wants a password: with the right one all works, without it one line tells what is wrong. */
import assert from "node:assert/strict";
import { MongoClient } from "mongodb";
import { untilStatus } from "../crowd.ts";
import { eventually, test } from "../helpers.ts";
import { type Kind, kindsOfServer } from "../mongod.ts";
import { Running } from "../running.ts";
import { post } from "../started.ts";
import { ACCOUNTS, converse } from "./journey.ts";
import { assertSilent, DATABASE, Locked, PASSWORD } from "./locked.ts";
import { assertOneLine, loudLines, visited } from "./visitors.ts";

const ENTRY = /authentication failed \(the address has a wrong user or password, or lacks its/;

/** Addresses that aren't let in, and how the one line tells why. */
const WRONG: Readonly<Record<string, readonly [uri: (at: Locked) => string, line: RegExp]>> = {
  "a wrong password": [(at) => at.uri("desk", { password: `${PASSWORD}!` }), ENTRY],
  "an authSource missing": [(at) => at.uri("guard"), ENTRY],
  "no user at all": [(at) => `mongodb://${at.host}/desk`, /requires authentication/],
  "a database that isn't the user's": [
    (at) => at.uri("guard", { path: "other?authSource=admin" }),
    /not authorized on other/,
  ],
  "TLS, to a server without": [
    (at) => at.uri("desk", { path: "desk?tls=true" }),
    /timed out .*with TLS or without|TLS|ECONNRESET/,
  ],
};

const locked = new Map<Kind, Locked>();
const kinds = (await kindsOfServer()).filter((kind) => kind !== "given"); // whose users are not ours to make
Deno.test.beforeAll(async () => {
  for (const kind of kinds) locked.set(kind, await Locked.open(kind));
});
Deno.test.afterAll(async () => {
  for (const each of locked.values()) await each[Symbol.asyncDispose]();
});

/** A test for each kind of server, or on the first. */
function testOn(
  some: readonly Kind[],
  sentence: string,
  body: (at: Locked) => Promise<void>,
): void {
  for (const kind of some) test(`mongo, ${kind}: ${sentence}`, () => body(locked.get(kind)!));
}

testOn(kinds, "it signs in by SCRAM, as a user who may use one database only", async (at) => {
  await assertOnlyThere(at.uri("desk"));
  const guard = at.uri("guard", { path: `${DATABASE}?authSource=admin` });
  for (const [uri, use] of [[at.uri("desk"), converse], [guard, visit]] as const) {
    await using running = new Running("start", { MONGO_URI: uri, LOG_LEVEL: "debug" });
    const url = await running.listening();
    await untilStatus(`${url}/readyz`, 200);
    await use(url);
    assert.doesNotMatch(running.printed, /"level":"(warn|error)"/);
    assertSilent("the log", running.printed);
  }
});

for (const [what, [uri, line]] of Object.entries(WRONG)) {
  testOn(kinds.slice(0, 1), `${what} is one line in the log, and 503`, async (at) => {
    await using running = new Running("start", { MONGO_URI: uri(at), LOG_LEVEL: "debug" });
    const url = await running.listening();
    assertSilent("an answer", await visited(url));
    assertOneLine(running, line);
    assertSilent("the log", running.printed);
  });
}

testOn(kinds.slice(0, 1), "a wrong password is told where the server comes later", async () => {
  await using own = await Locked.open("replica set");
  await own.stop();
  const MONGO_URI = own.uri("desk", { password: `${PASSWORD}!` });
  await using running = new Running("start", { MONGO_URI });
  await visited(await running.listening());
  assertOneLine(running, /ECONNREFUSED/);
  await own.start();
  await eventually(() => ENTRY.test(running.printed), { within: 10_000 });
  await visited(await running.listening());
  assert.equal(loudLines(running).length, 2, running.printed);
  assertSilent("the log", running.printed);
});

testOn(kinds.slice(0, 1), "reset-password prints a link that works", async (at) => {
  const MONGO_URI = at.uri("desk");
  await using running = new Running("start", { MONGO_URI });
  const url = await running.listening();
  await post(url, "/api/user/register", ACCOUNTS.user); // or it is there already
  const env = { MONGO_URI, PORT: new URL(url).port };
  await using reset = new Running("reset-password", env, [ACCOUNTS.user.email]);
  assert.equal((await reset.ended()).code, 0, reset.printed);
  const [, link = ""] = /^(http:\S+\/reset\/[\w-]{43})\n$/.exec(reset.printed) ?? [];
  assert.ok(link, reset.printed);
  const password = "a brand new one";
  const chosen = await fetch(url + new URL(link).pathname, {
    method: "POST",
    redirect: "manual",
    headers: { origin: url },
    body: new URLSearchParams({ password }),
  });
  await chosen.body?.cancel();
  assert.equal(chosen.status, 303);
  const signedIn = await post(url, "/api/user/login", { ...ACCOUNTS.user, password });
  assert.equal(signedIn.status, 200);
});

testOn(
  kinds.slice(0, 1),
  "reset-password says in one sentence why there is no link",
  async (at) => {
    const away = at.uri("desk").replace(at.host, "127.0.0.1:1");
    const wrong = at.uri("desk", { password: `${PASSWORD}!` });
    const malformed = `mongodb://desk:${PASSWORD}@${at.host}/desk`;
    for (
      const [MONGO_URI, reason] of [
        [away, /can't be read or written now: .*ECONNREFUSED/],
        [wrong, /can't be read or written now: .*authentication failed/],
        [malformed, /MONGO_URI must be an address/],
      ] as const
    ) {
      await using reset = new Running("reset-password", { MONGO_URI }, [ACCOUNTS.user.email]);
      assert.equal((await reset.ended()).code, 1);
      assert.match(reset.printed, /^No link was made: [^\n]*[^.]\.\n$/);
      assert.match(reset.printed, reason);
      assertSilent("it", reset.printed);
    }
  },
);

/** What a password is asked for, and what its user may not do, so that signing in means something. */
async function assertOnlyThere(uri: string): Promise<void> {
  await using client = new MongoClient(uri);
  await client.db(DATABASE).collection("notes").insertOne({ text: "Mine" });
  await assert.rejects(client.db("other").collection("notes").findOne(), { code: 13 });
  await assert.rejects(client.db(DATABASE).command({ usersInfo: 1 }), { code: 13 });
}

const visit = async (url: string): Promise<void> => {
  const { status } = await post(url, "/api/user/guest", { name: "Barbara" });
  assert.equal(status, 201);
};
