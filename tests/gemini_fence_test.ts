/** A person takes over in the middle of Gemini's answer, again and again, on two instances: nothing of it stays. */
import assert from "node:assert/strict";
import { openSqlite } from "../services/sqlite/open.ts";
import type { Store } from "../services/store.ts";
import { print } from "./crowd.ts";
import {
  eventually,
  type Frame,
  listen,
  type Listener,
  pause,
  type Person,
  test,
  type TestSite,
} from "./helpers.ts";
import {
  ends,
  geminiSite,
  live,
  type Reply,
  RETURNS,
  StandIn,
  trailer,
  words,
} from "./gemini_stand_in.ts";
import { Home } from "./mongo/home.ts";
import { type Kind, kindsOfServer, startServer } from "./mongod.ts";
import { act, isFrom, logOf, ok, say, setStatus, start } from "./talk.ts";

const AT_ONCE = 25;
const WORDS = 20;

/** A word in so many milliseconds. */
const every = (between: number): Reply => (_, gone) =>
  live(async function* () {
    for (let i = 0; i < WORDS && !gone.aborted; i++) {
      await pause(between);
      yield words(`word${i} `);
    }
    yield words(`\n${trailer([RETURNS])}`);
    yield ends();
  }());

/** Both instances' stores, over one database. */
type Open = () => Promise<AsyncDisposable & { readonly stores: readonly [Store, Store] }>;

async function onSqlite() {
  const store = await openSqlite({ file: ":memory:" });
  return {
    stores: [store, store] as const,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

/** Two processes' connections to one database, on a server of its own. */
const onMongo = (kind: Kind): Open => async () => {
  const owned = new AsyncDisposableStack();
  const home = owned.use(new Home(owned.use(await startServer(kind))));
  const stores = [await home.open(), await home.open()] as const;
  return { stores, [Symbol.asyncDispose]: () => owned.disposeAsync() };
};

interface Case {
  readonly name: string;
  readonly open: Open;
  readonly most: number;
  readonly between: number;
  readonly withPages: boolean;
}

const [mongo] = await kindsOfServer();
/** The test server is slow: with pages open beside the sockets answers would be made before anything ends them. */
const STORES: readonly Case[] = [
  { name: "SQLite", open: onSqlite, most: 200, between: 15, withPages: true },
  ...mongo
    ? [{
      name: `MongoDB (${mongo})`,
      open: onMongo(mongo),
      most: 200,
      between: 30,
      withPages: false,
    }]
    : [],
];

interface Round {
  readonly who: Person;
  readonly sessionId: string;
  readonly socket: Listener;
  /** What is pushed to their page, and to the desk on the other instance. */
  readonly pages: readonly Listener[];
}

for (const { name, open, most, between, withPages } of STORES) {
  test(`${name}: of ${most} answers handed over in the middle nothing stays`, async () => {
    await using standIn = await StandIn.open(every(between));
    await using database = await open();
    const [near, far] = database.stores;
    await using here = await geminiSite({ url: standIn.url, store: near });
    await using there = await geminiSite({ url: standIn.url, store: far });
    const ada = await here.agent("Ada");
    await setStatus(ada, { status: "busy" });
    const away = there.known(ada);
    const guests = await Promise.all(
      Array.from({ length: AT_ONCE }, (_, i) => here.customer(`Guest ${i}`)),
    );
    const watch = async (who: Person, sessionId: string) =>
      withPages
        ? [
          await pushed(here, who, `/chat/${sessionId}/live`),
          await pushed(there, away, `/agent/live?list=ai&session=${sessionId}`),
        ]
        : [];
    let thrownAway = 0;
    for (let round = 0; round < most; round += AT_ONCE) {
      const rounds = await Promise.all(
        guests.map((who) => handedOver(who, away, { watch, within: WORDS * between * 1.5 })),
      );
      await eventually(() => standIn.running === 0);
      const begun = await Promise.all(rounds.map((each) => leftNothing(each, away)));
      thrownAway += begun.filter(Boolean).length;
    }
    assert.ok(thrownAway > most / 3, `${thrownAway} of ${most}`); // so the rest means something
    print(`${name}: ${most} handed over in mid-stream, ${thrownAway} answers thrown away, 0 left`);
  });
}

const pushed = ({ url }: TestSite, { cookie }: Person, path: string): Promise<Listener> =>
  listen(`${url.replace("http", "ws")}${path}`, { headers: { cookie, origin: url } });

interface Handover {
  readonly watch: (who: Person, sessionId: string) => Promise<readonly Listener[]>;
  /** At some time in so many milliseconds. */
  readonly within: number;
}

async function handedOver(who: Person, ada: Person, { watch, within }: Handover): Promise<Round> {
  const { sessionId } = await start(who);
  const socket = await who.socket(`sessionId=${sessionId}`);
  const pages = await watch(who, sessionId);
  await say(who, sessionId, "May I return my lamp?");
  await pause(Math.random() * within);
  ok(await act(ada, "claim", sessionId));
  return { who, sessionId, socket, pages };
}

const GROWING = /id="growing"/;
const EMPTY = /id="growing"[^>]*><\/div>/;
const isDelta = ({ type }: Frame): boolean => type === "delta";

/** Whether an answer was thrown away after its first words. Fails where anything of it is left. */
async function leftNothing(
  { who, sessionId, socket, pages }: Round,
  ada: Person,
): Promise<boolean> {
  const log = await logOf(who, sessionId);
  const fence = log.find(({ text }) => text === "Ada joined");
  assert.deepEqual(log.filter((m) => m.sender === "ai" && m.seq > fence.seq), []);
  const begun = socket.frames.some(isDelta) && !log.some(isFrom("ai"));
  if (begun) {
    const dropped = () => socket.frames.findLast(isDelta)?.dropped === true;
    await eventually(dropped, { what: "the growing text going away" });
    assert.equal(socket.frames.findLast(isDelta).text, "");
    for (const { frames } of pages) {
      const last = () => frames.map(String).findLast((frame) => GROWING.test(frame));
      await eventually(() => EMPTY.test(last() ?? ""), {
        what: "the page's growing text going away",
      });
    }
    assert.match(await who.page(`/chat/${sessionId}`), EMPTY);
    assert.match(await ada.page(`/agent/sessions/${sessionId}`), EMPTY);
  }
  for (const open of [socket, ...pages]) await open[Symbol.asyncDispose]();
  ok(await act(ada, "end", sessionId));
  return begun;
}
