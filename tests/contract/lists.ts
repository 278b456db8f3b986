import assert from "node:assert/strict";
import {
  DESK_LISTS,
  type DeskList,
  MAX_COUNT,
  newId,
  type Session,
} from "../../services/domain.ts";
import type { ListPage } from "../../services/store.ts";
import { asked, at, type Cast, type Test, times } from "./cast.ts";

export function listsContract(test: Test): void {
  queue(test);
  desk(test);
  searching(test);
  sweeping(test);
}

function queue(test: Test): void {
  test("the longest waiting session is next, and each knows its place", async (cast) => {
    const { sessions } = cast.store;
    assert.equal(await sessions.nextWaiting(), undefined);
    const [one, two, three, none] = await several(cast, 4);
    await cast.move(two, "waiting", [asked], at(10));
    await cast.move(three, "waiting", [asked], at(30));
    await cast.move(one, "waiting", [asked], at(20));
    assert.equal((await sessions.nextWaiting())?.id, two.id);
    const place = async (session: Session) =>
      await sessions.queuePosition(await cast.sessionNow(session));
    assert.deepEqual(await Promise.all([one, two, three, none].map(place)), [2, 1, 3, undefined]);
    assert.deepEqual(ids(await sessions.waiting(2)), ids([two, one]));
    assert.deepEqual(await sessions.nextWaiting(), await cast.sessionNow(two));
    await cast.move(two, "ai");
    assert.deepEqual(await Promise.all([one, two].map(place)), [1, undefined]);
  });

  test("sessions that wait since the same moment have places of their own", async (cast) => {
    const sessions = await several(cast, 5);
    for (const session of sessions) await cast.move(session, "waiting", [], at(1));
    const places = await Promise.all(
      (await cast.store.sessions.waiting(9)).map((each) => cast.store.sessions.queuePosition(each)),
    );
    assert.deepEqual(places, [1, 2, 3, 4, 5]);
  });
}

function desk(test: Test): void {
  test("each list of the desk has its sessions, in order, and their number", async (cast) => {
    const { desk, ada } = await deskOf(cast);
    for (const list of DESK_LISTS) {
      const rows = await cast.store.sessions.list(list, ada, { limit: 50 });
      assert.deepEqual(ids(rows), ids(desk[list]), list);
    }
    assert.deepEqual(await cast.store.sessions.counts(ada), {
      mine: 2,
      waiting: 3,
      ai: 2,
      others: 3,
      closed: 2,
    });
  });

  test("lists are paged without loss or repetition, also of sessions of one moment", async (cast) => {
    const { desk, ada } = await deskOf(cast);
    for (const list of DESK_LISTS) {
      const pages = await paged((page) => cast.store.sessions.list(list, ada, page), 2);
      assert.deepEqual(ids(pages), ids(desk[list]), list);
    }
    for (const list of ["ai", "waiting"] as const) {
      const same = await several(cast, 7);
      for (const session of same) await cast.move(session, list, [], at(1));
      const paging = await paged((page) => cast.store.sessions.list(list, ada, page), 3);
      assert.deepEqual(ids(paging).sort(), ids([...desk[list], ...same]).sort());
    }
  });

  test("newer activity moves a session up", async (cast) => {
    const [one, two] = await several(cast, 2);
    const ai = async () => ids(await cast.store.sessions.list("ai", newId(), { limit: 9 }));
    await cast.asks(two, "Hello?", at(20));
    assert.deepEqual(await ai(), ids([two, one]));
    await cast.asks(one, "Hello?", at(30));
    assert.deepEqual(await ai(), ids([one, two]));
  });

  test("a row tells the last words and how many of the customer's no agent has seen", async (cast) => {
    const ada = await cast.agent("Ada");
    const session = await cast.start();
    for (const text of ["One", "Two", "Three"]) await cast.asks(session, text);
    const row = async () => (await cast.store.sessions.carriedBy(ada.id))[0];
    assert.deepEqual(await row(), { ...await cast.sessionNow(session), unread: 3 });
    await cast.store.sessions.seen(session.id, "agent", 3, at(9)); // 1 is "Ada joined"
    assert.equal((await row())?.unread, 1);
    await cast.replies(session, ada, "Hello!");
    assert.equal((await row())?.unread, 0);
    assert.deepEqual((await row())?.lastMessage, {
      sender: "agent",
      senderId: ada.id,
      senderName: "Ada",
      text: "Hello!",
    });
    assert.equal((await row())?.subject, "One");
    await cast.asks(session, "Four");
    assert.equal((await row())?.unread, 1);
    assert.equal((await row())?.subject, "One");
  });

  test("counts stop at the number that is shown", async (cast) => {
    await times(MAX_COUNT + 5, () => cast.start());
    assert.equal((await cast.store.sessions.counts(newId())).ai, MAX_COUNT);
  });

  test("an agent's open sessions come newest activity first, and nobody else's", async (cast) => {
    const { desk, ada } = await deskOf(cast);
    const rows = await cast.store.sessions.carriedBy(ada);
    assert.deepEqual(ids(rows), ids(desk.mine));
    assert.ok(rows.every(({ unread }) => unread === 1));
    assert.deepEqual(await cast.store.sessions.carriedBy(newId()), []);
  });

  test("a customer's sessions come newest first, in pages", async (cast) => {
    const [linus, barbara] = [await cast.customer("Linus"), await cast.customer("Barbara")];
    const mine: Session[] = [];
    for (const second of [1, 2, 3, 4, 5]) {
      const session = await cast.start(linus, at(second * 10));
      mine.unshift(await cast.move(session, "closed", [], at(second * 10 + 5)));
      await cast.start(barbara, at(second * 10));
    }
    const pages = await paged((page) => cast.store.sessions.ofCustomer(linus.id, page), 2);
    assert.deepEqual(pages, mine);
    assert.equal((await cast.store.sessions.ofCustomer(barbara.id, { limit: 9 })).length, 1);
    const grace = await cast.customer("Grace");
    const same = await inTurn(5, async () => cast.move(await cast.start(grace), "closed"));
    const paging = await paged((page) => cast.store.sessions.ofCustomer(grace.id, page), 2);
    assert.deepEqual(ids(paging).sort(), ids(same).sort());
  });
}

function searching(test: Test): void {
  test("a session is found by the words of its messages, from their beginnings", async (cast) => {
    const session = await cast.start();
    await cast.asks(session, "My CAFÉ table was delivered broken");
    await cast.asks(await cast.start(), "Something else");
    const found = finder(cast, [session]);
    for (const words of ["broken", "brok", "cafe", "Café", "deliv tab", "broken, café!"]) {
      assert.deepEqual(await found(words), [true], words);
    }
    for (const words of ["roken", "broken chair", "tabled"]) {
      assert.deepEqual(await found(words), [], words);
    }
  });

  test("a session is found by its customer's name and e-mail, new or old", async (cast) => {
    const linus = await cast.customer("Linus Törvalds");
    const session = await cast.start(linus);
    await cast.start(await cast.customer("Barbara"));
    const found = finder(cast, [session]);
    for (const words of ["linus", "torv", linus.email!, "linus torvalds"]) {
      assert.deepEqual(await found(words), [true], words);
    }
    await cast.store.customers.rename(linus.id, "Edsger");
    assert.deepEqual(await found("edsger"), [true]);
  });

  test("every word has to occur, in whichever message or the name", async (cast) => {
    const session = await cast.start(await cast.customer("Linus"));
    await cast.asks(session, "The first is about shipping");
    await cast.asks(session, "The second is about returns");
    const found = finder(cast, [session]);
    assert.deepEqual(await found("shipping returns linus"), [true]);
    assert.deepEqual(await found("shipping returns barbara"), []);
  });

  test("what is searched for is words, whatever signs it has", async (cast) => {
    const session = await cast.start();
    await cast.asks(session, `a "quoted" NOT word: near (this) AND that* OR ^other`);
    const found = finder(cast, [session]);
    const signs = [`"quoted"`, `quoted"`, "NOT", "near(this", "AND that*", "^other", "text:quoted"];
    for (const words of signs.slice(0, -1)) assert.deepEqual(await found(words), [true], words);
    assert.deepEqual(await found("text:quoted"), []);
    assert.deepEqual(await found("quoted\0 word"), [true]);
    for (const words of ["", "   ", `"`, "*", "()", "-", "👋", "\0"]) {
      assert.deepEqual(await found(words), [], words);
    }
  });

  test("lines of the system are not searched", async (cast) => {
    await cast.move(await cast.start(), "waiting", [asked]);
    assert.deepEqual(await cast.store.sessions.search("person", 9), []);
  });

  test("what was written since the last search is found, newest activity first, up to the limit", async (cast) => {
    const sessions = await several(cast, 3);
    for (const [index, session] of sessions.entries()) {
      await cast.asks(session, "An invoice", at(10 + index));
      assert.equal((await cast.store.sessions.search("invoice", 9)).length, index + 1);
    }
    const rows = await cast.store.sessions.search("invoice", 2);
    assert.deepEqual(ids(rows), ids([sessions[2], sessions[1]]));
    assert.deepEqual(rows[0], { ...await cast.sessionNow(sessions[2]), unread: 1 });
  });
}

function sweeping(test: Test): void {
  test("overdue are the sessions whose customer never wrote in time", async (cast) => {
    const { sessions } = cast.store;
    const begin = async (silentUntil?: Date) => {
      const customer = await cast.customer();
      const silent = silentUntil ? { silentUntil } : {};
      return (await sessions.start({ id: newId(), customer, ...silent }, at(0))).session;
    };
    const [silent, spoke, closed] = await times(3, () => begin(at(600)));
    await begin();
    await cast.asks(spoke!, "Hello?");
    await cast.move(closed!, "closed");
    const overdue = async (now: Date) => ids(await sessions.overdue(now, at(-1), 9));
    assert.deepEqual(await overdue(at(599)), []);
    assert.deepEqual(await overdue(at(600)), [silent!.id]);
  });

  test("overdue are open sessions of every kind that were idle too long", async (cast) => {
    const { sessions } = cast.store;
    await cast.agent("Ada");
    const [human, ai, waiting, closed, busy] = await several(cast, 5);
    await cast.move(waiting, "waiting");
    await cast.move(closed, "closed");
    await cast.asks(busy, "Hello?", at(50));
    assert.equal(human.mode, "human");
    assert.deepEqual(await sessions.overdue(at(99), at(-1), 9), []);
    const overdue = await sessions.overdue(at(99), at(40), 9);
    assert.deepEqual(ids(overdue).sort(), ids([human, ai, waiting]).sort());
    assert.equal((await sessions.overdue(at(99), at(40), 2)).length, 2);
  });

  test("unanswered are sessions in AI mode with a question that nobody is answering", async (cast) => {
    const { sessions, messages } = cast.store;
    const [fresh, open, being, answered, closed, human] = await several(cast, 6);
    for (const session of [open, being, answered, closed, human]) {
      await cast.asks(session, "Hello?");
    }
    await messages.beginAnswer(being.id, newId(), at(60), at(2));
    await cast.answers(answered, "Hello!");
    await cast.move(closed, "closed");
    const ada = await cast.agent("Ada");
    await cast.move(human, { agentId: ada.id });
    const unanswered = async (now: Date) => ids(await sessions.unanswered(now, 9));
    assert.deepEqual(await unanswered(at(5)), [open.id]);
    assert.deepEqual((await unanswered(at(61))).sort(), ids([open, being]).sort());
    assert.equal((await sessions.unanswered(at(61), 1)).length, 1);
    assert.ok(fresh);
  });
}

const ids = (sessions: readonly Session[]): string[] => sessions.map(({ id }) => id);

/** Whether a search finds each of `wanted`; nothing at all gives an empty list. */
const finder = (cast: Cast, wanted: readonly Session[]) => async (words: string) => {
  const found = ids(await cast.store.sessions.search(words, 9));
  return found.map((id) => wanted.some((session) => session.id === id));
};

type Tuple<N extends number, T, Acc extends T[] = []> = Acc["length"] extends N ? Acc
  : Tuple<N, T, [...Acc, T]>;

async function several<N extends number>(cast: Cast, count: N): Promise<Tuple<N, Session>> {
  return await inTurn(count, () => cast.start()) as Tuple<N, Session>;
}

async function inTurn<T>(count: number, make: () => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  while (made.length < count) made.push(await make());
  return made;
}

/** All rows of a list, read page by page. */
async function paged<Row extends Session>(
  read: (page: ListPage) => Promise<readonly Row[]>,
  limit: number,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (;;) {
    const after = rows.at(-1);
    const page = await read(after ? { limit, after } : { limit });
    assert.ok(page.length <= limit);
    rows.push(...page);
    if (page.length < limit) return rows;
  }
}

/** A dozen sessions, by the list in which Ada has to see them, in that list's order. */
async function deskOf(cast: Cast): Promise<{ desk: Record<DeskList, Session[]>; ada: string }> {
  const [ada, grace] = [await cast.agent("Ada"), await cast.agent("Grace")];
  const homes = [
    ...["mine", "mine", "others", "others", "others", "waiting", "waiting", "waiting"] as const,
    ...["ai", "ai", "closed", "closed"] as const,
  ];
  const desk: Record<DeskList, Session[]> = {
    mine: [],
    waiting: [],
    ai: [],
    others: [],
    closed: [],
  };
  for (const [index, home] of homes.entries()) {
    const session = await cast.start();
    await cast.asks(session, "Hello?", at(100 + index));
    const to = { mine: { agentId: ada.id }, others: { agentId: grace.id } };
    const now = at(200 + index);
    const moved = home === "mine" || home === "others"
      ? await cast.move(session, to[home], [], now)
      : await cast.move(session, home, home === "closed" ? [] : [asked], now);
    if (home === "waiting") desk.waiting.push(moved);
    else desk[home].unshift(moved);
  }
  return { desk, ada: ada.id };
}
