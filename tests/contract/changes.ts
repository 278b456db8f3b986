import assert from "node:assert/strict";
import { type Change, newId, type Session } from "../../services/domain.ts";
import { asked, at, bare, type Cast, ended, type Test, type TestOfTwo, times } from "./cast.ts";

export function changesContract(test: Test, testOfTwo: TestOfTwo): void {
  announcing("", (sentence, body) => test(sentence, (cast) => body(cast, cast)));
  announcing("another instance's ", testOfTwo);
  following(test);
}

/** Each kind of write, made through one store and heard through the other. */
function announcing(whose: string, test: TestOfTwo): void {
  test(`${whose}messages are announced, of whomever`, async (cast, other) => {
    const ada = await cast.agent("Ada", { capacity: 2 });
    const [human, ai] = [await cast.start(), await aiSession(cast)];
    const saying = [
      { session: human, say: () => cast.asks(human, "Hello?") },
      { session: human, say: () => cast.replies(human, ada, "Hello!") },
      { session: ai, say: () => cast.asks(ai, "Hello?") },
      { session: ai, say: () => cast.answers(ai, "Hello!") },
      { session: ai, say: () => cast.move(ai, "waiting", [asked]) },
    ];
    for (const { session, say } of saying) {
      await using listener = other.listen();
      await say();
      await listener.hears(messageIn(session));
    }
  });

  test(`${whose}changes of a session are announced`, async (cast, other) => {
    const { sessions, messages } = cast.store;
    const ada = await cast.agent("Ada", { chosen: "busy" });
    const session = await cast.start();
    const answerId = newId();
    await cast.asks(session, "Hello?");
    const changing = [
      () => messages.beginAnswer(session.id, answerId, at(60), at(1)),
      () => messages.growAnswer(session.id, answerId, "Hel", at(61)),
      () => messages.dropAnswer(session.id, answerId),
      () => cast.move(session, "waiting"),
      () => cast.move(session, "ai"),
      () => cast.move(session, { agentId: ada.id }),
      () => sessions.typing(session.id, "user", at(6)),
      () => sessions.typing(session.id, "agent", at(6)),
      () => sessions.seen(session.id, "user", 1, at(6)),
      () => sessions.seen(session.id, "agent", 1, at(6)),
      () => cast.move(session, "closed"),
      () => sessions.rate(session.id, 4, undefined, at(9)),
    ];
    for (const change of changing) {
      await using listener = other.listen();
      await change();
      await listener.hears({ kind: "session", sessionId: session.id });
    }
  });

  test(`${whose}coming and going in the line is announced`, async (cast, other) => {
    const ada = await cast.agent("Ada", { chosen: "busy" });
    const [one, two] = [await cast.start(), await cast.start()];
    const moving = [
      () => cast.move(one, "waiting"),
      () => cast.move(one, "ai"),
      () => cast.move(one, "waiting"),
      () => cast.move(two, "waiting"),
      () => cast.move(one, { agentId: ada.id }),
      () => cast.move(two, "closed", [ended]),
    ];
    for (const move of moving) {
      await using listener = other.listen();
      await move();
      await listener.hears({ kind: "queue" });
    }
  });

  test(`${whose}changes of an agent are announced`, async (cast, other) => {
    const { agents } = cast.store;
    const { id } = await cast.newcomer("Ada");
    const customer = await cast.customer();
    const changing = [
      () => agents.set(id, { chosen: "available" }, at(1)),
      () => agents.set(id, { capacity: 7 }, at(1)),
      () => agents.rename(id, "Ada L."),
      () => agents.lapse(at(9)),
      () => agents.present(id, at(100), at(10)),
      () => cast.start(customer, at(11)),
    ];
    for (const change of changing) {
      await using listener = other.listen();
      await change();
      await listener.hears({ kind: "agent", agentId: id });
    }
  });

  test(
    `${whose}sessions are an agent's by the time that the agent is announced`,
    async (cast, other) => {
      const ada = await cast.agent("Ada", { capacity: 2 });
      const grace = await cast.agent("Grace", { chosen: "busy" });
      const session = await aiSession(cast);
      const customer = await cast.customer();
      const giving = [
        { to: ada, give: () => cast.move(session, "free") },
        { to: grace, give: () => cast.move(session, { agentId: grace.id }) },
        { to: ada, give: () => cast.start(customer) },
      ];
      for (const { to, give } of giving) {
        const stop = new AbortController();
        const looks: Promise<readonly string[]>[] = [];
        const looking = (async () => {
          for await (const change of other.store.changes(stop.signal)) {
            if (change.kind !== "agent" || change.agentId !== to.id) continue;
            looks.push(
              other.store.sessions.carriedBy(to.id).then((rows) => rows.map(({ id }) => id)),
            );
          }
        })();
        const { id } = await give();
        await until(async () => (await looks.at(-1))?.includes(id));
        stop.abort();
        await looking;
      }
    },
  );

  test(`${whose}ended sign-ins are announced, each`, async (cast, other) => {
    const { signIns } = cast.store;
    const ids = [newId(), newId(), newId(), newId()] as const;
    const accountId = newId();
    for (const [index, id] of ids.entries()) {
      await signIns.add({ id, side: "user", accountId, expiresAt: at(index === 3 ? 9 : 90) });
    }
    await using listener = other.listen();
    await signIns.end(ids[0]);
    await signIns.forget(at(10));
    await signIns.endAll("user", accountId, ids[1]);
    for (const id of [ids[0], ids[2], ids[3]]) {
      await listener.hears({ kind: "sign_in", signInId: id });
    }
    assert.equal(listener.count({ kind: "sign_in", signInId: ids[1] }), 0);
  });
}

function following(test: Test): void {
  test("nothing that was written between the call and the first look is missed", async (cast) => {
    const session = await cast.start();
    const stop = new AbortController();
    const changes = cast.store.changes(stop.signal);
    await cast.asks(session, "Hello?");
    for await (const change of changes) {
      assert.deepEqual(bare(change), messageIn(session));
      break;
    }
    stop.abort();
  });

  test("a message that comes with its change is the one that can be read", async (cast) => {
    const session = await cast.start();
    await using listener = cast.listen();
    for (const text of ["One", "Two"]) await cast.asks(session, text);
    await cast.answers(session, "Both, please");
    await listener.hears({ kind: "session", sessionId: session.id });
    const log = await cast.log(session);
    for (const message of listener.handedOn) {
      assert.deepEqual(message, log.find(({ id }) => id === message.id));
    }
  });

  test("a feed tells nothing of what was before", async (cast) => {
    const [old, session] = [await cast.start(), await cast.start()];
    await cast.asks(old, "Before");
    await using listener = cast.listen();
    await cast.asks(session, "After");
    await listener.hears({ kind: "message", sessionId: session.id });
    assert.deepEqual(listener.heard, [{ kind: "message", sessionId: session.id }]);
  });

  test("what changed nothing that is shown is not announced", async (cast) => {
    const { id } = await cast.agent("Ada");
    const session = await cast.start();
    await cast.store.sessions.typing(session.id, "user", at(6));
    const marker = await cast.start();
    await using listener = cast.listen();
    await cast.asks(session, "Hello?");
    await cast.store.agents.present(id, at(200_000), at(9));
    await cast.store.sessions.seen(session.id, "agent", 0, at(9));
    await cast.asks(marker, "That is all");
    await listener.hears({ kind: "message", sessionId: marker.id });
    const expected: Change[] = [session, marker].map((each) => messageIn(each));
    assert.deepEqual(listener.heard, expected);
  });

  test("changes come in the order of the writes, to every reader", async (cast) => {
    const sessions = await times(5, () => cast.start());
    await using one = cast.listen();
    await using other = cast.listen();
    for (const session of sessions) await cast.asks(session, "Hello?");
    const expected: Change[] = sessions.map(messageIn);
    for (const listener of [one, other]) {
      await listener.hears(expected.at(-1)!);
      assert.deepEqual(listener.heard, expected);
    }
  });

  test("a feed ends with its signal, waiting or not yet begun, and leaves the others", async (cast) => {
    const session = await cast.start();
    await using listener = cast.listen();
    const stop = new AbortController();
    const waiting = Array.fromAsync(cast.store.changes(stop.signal));
    const unbegun = cast.store.changes(stop.signal);
    stop.abort();
    assert.deepEqual(await waiting, []);
    assert.deepEqual(await Array.fromAsync(unbegun), []);
    await cast.asks(session, "Hello?");
    await listener.hears(messageIn(session));
  });

  test("a change is never told before it can be read", async (cast) => {
    const session = await cast.start();
    const stop = new AbortController();
    const changes = cast.store.changes(stop.signal);
    const sending = times(20, (index) => cast.asks(session, `Message ${index}`));
    for await (const _ of changes) {
      assert.ok((await cast.log(session)).length > 0);
      break;
    }
    await sending;
  });
}

async function until(look: () => Promise<boolean | undefined>): Promise<void> {
  for (const end = Date.now() + 3_000; !await look();) {
    assert.ok(Date.now() < end, "the last look came too early");
    await new Promise((done) => setTimeout(done, 20));
  }
}

const messageIn = ({ id: sessionId }: Session): Change => ({ kind: "message", sessionId });

/** A session that no agent got. */
async function aiSession(cast: Cast): Promise<Session> {
  return await cast.move(await cast.start(), "ai");
}
