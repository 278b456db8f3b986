/** What the store asks of the database: by an index, and nothing that comes from outside but text. */
import assert from "node:assert/strict";
import { type CommandStartedEvent, type Db, type Document, ObjectId } from "mongodb";
import { MAX_PAGE, type Message, newId } from "../../services/domain.ts";
import { asked, at, type Cast, ended, rejects, times } from "../contract/cast.ts";
import type { Test } from "./home.ts";
import type { SignInDoc } from "../../services/mongo/rows.ts";
import { explained, explainsPoints, shapeOf } from "./plans.ts";

export function asking(test: Test): void {
  test("every question finds its documents by an index", async (home) => {
    const shapes = new Map<string, CommandStartedEvent>();
    const tune = ({ client }: Db) => {
      client.on("commandStarted", (event) => {
        const shape = shapeOf(event.commandName, event.command);
        if (shape) shapes.set(shape, event);
      });
    };
    const cast = await home.cast({ tune, driver: { monitorCommands: true } });
    await everything(cast);
    await home.raw(async (db) => {
      const whole = await explainsPoints(db);
      for (const [shape, { command }] of shapes) {
        const plan = JSON.stringify(await explained(db, command, whole));
        assert.match(plan, /IXSCAN|IDHACK|EXPRESS|"EOF"/, `${shape}: ${plan}`);
        assert.doesNotMatch(plan, /COLLSCAN/, `${shape}: ${plan}`);
      }
    });
    assert.ok(shapes.size > 40, `${shapes.size} shapes`);
  });

  test("no update has an empty part, which MongoDB 4.4 refuses", async (home) => {
    let updates = 0;
    const tune = ({ client }: Db) => {
      client.on("commandStarted", ({ command }) => {
        for (const update of updatesIn(command)) {
          updates++;
          for (const [name, part] of Object.entries(update)) {
            assert.notDeepEqual(part, {}, `${name} of ${JSON.stringify(command)}`);
          }
        }
      });
    };
    await everything(await home.cast({ tune, driver: { monitorCommands: true } }));
    assert.ok(updates > 20, `${updates} updates`);
  });

  test("what is no text never gets into a question, and text never is more than that", async (home) => {
    const cast = await home.cast();
    const { agents, customers, messages, sessions, signIns, tries, vouchers } = cast.store;
    const ada = await cast.agent("Ada");
    const session = await cast.start();
    const anything = { $ne: null } as unknown as string;
    await rejects(customers.byEmail(anything), "malformed").catch(() => {});
    for (
      const asking of [
        () => customers.byEmail(anything),
        () => agents.byEmail(anything),
        () => signIns.find(anything, at(0)),
        () => signIns.endAll("agent", anything),
        () => vouchers.peek("invite", anything, at(0)),
        () => vouchers.spend("invite", anything, at(0)),
        () => tries.count(anything, 1, at(0)),
        () => tries.forgive(anything, at(0)),
        () => sessions.openOf(anything),
        () => sessions.carriedBy(anything),
        () => sessions.search(anything, 9),
        () => cast.asks(session, { text: "x", clientId: anything }),
        () => cast.asks(session, { text: anything }),
      ]
    ) await rejects(asking(), "malformed");
    assert.equal(await sessions.find(anything), undefined);
    assert.equal(await agents.find(anything), undefined);
    assert.deepEqual(await messages.page(anything, { limit: 9 }), { messages: [], hasMore: false });
    const path = "$password";
    await agents.rename(ada.id, path);
    const chosen = await agents.set(ada.id, { chosen: path as "busy" }, at(1));
    assert.deepEqual([chosen.name, chosen.chosen], [path, path]);
    assert.equal((await cast.asks(session, path)).text, path);
    for (const words of [".*", "^", "$", "a|b", "[a-z]", "\\w"]) {
      assert.ok((await sessions.search(words, 9)).every(({ id }) => id === session.id));
    }
  });

  test("of a long chat no more is read than a stale reply shows", async (home) => {
    let read = 0;
    const tune = ({ client }: Db) => {
      client.on("commandSucceeded", ({ reply }) => {
        const { firstBatch = [], nextBatch = [] } = (reply as Document).cursor ?? {};
        read += firstBatch.length + nextBatch.length;
      });
    };
    const cast = await home.cast({ tune, driver: { monitorCommands: true } });
    const ada = await cast.agent("Ada");
    const session = await cast.start();
    await times(1_000, (index) => cast.asks(session, `Question ${index}`));
    await cast.replies(session, ada, "One moment");
    read = 0;
    const { details } = await rejects(
      cast.replies(session, ada, { text: "Yes?", basedOn: 0 }),
      "stale",
    );
    const seqs = (details.messages as Message[]).map(({ seq }) => seq);
    assert.deepEqual(seqs, Array.from({ length: MAX_PAGE }, (_, index) => index + 2));
    assert.ok(read < 3 * MAX_PAGE, `${read} documents`); // it is decided twice: by memory, and as it is
  });

  test("of sign-ins that ended no more are named at once than a server takes", async (home) => {
    const named: number[] = [];
    const tune = ({ client }: Db) => {
      client.on("commandStarted", ({ command }) => {
        if (command.update === "signIns") named.push(command.updates[0].q._id.$in.length);
      });
    };
    const { store } = await home.cast({ tune, driver: { monitorCommands: true } });
    const expired = { side: "user", accountId: "linus", expiresAt: at(1) } as const;
    await home.raw((db) =>
      db.collection<SignInDoc>("signIns").insertMany(
        Array.from({ length: 2_500 }, (_, index) => ({ _id: `s-${index}`, ...expired })),
      )
    );
    await store.signIns.forget(at(2));
    assert.deepEqual(named, [1_000, 1_000, 500]);
    const left = { endedAt: { $exists: false } };
    assert.equal(await home.raw((db) => db.collection("signIns").countDocuments(left)), 0);
  });

  test("of messages that wait together those of one clientId are one", async (home) => {
    const cast = await home.cast();
    const session = await cast.start();
    const draft = { text: "Hello?", clientId: "c-1" };
    const sent = await Promise.all([
      cast.asks(session, "First"),
      ...Array.from({ length: 9 }, () => cast.asks(session, draft)),
      rejects(cast.asks(session, { ...draft, text: "Another" }), "conflict"),
      cast.asks(session, "Last"),
    ]);
    assert.equal(sent.length, 12);
    assert.deepEqual((await cast.log(session)).map(({ text }) => text), [
      "First",
      "Hello?",
      "Last",
    ]);
  });

  test("who was too slow to take a session over holds no place for it", async (home) => {
    const [one, other] = [await home.cast(), await home.cast()];
    const agents = await times(6, (index) => one.agent(`Agent ${index}`, { chosen: "busy" }));
    const session = await one.start();
    await Promise.all(
      agents.map(({ id: agentId }, index) =>
        (index % 2 ? one : other).store.sessions.move(session, { agentId }, [], at(3))
      ),
    );
    const loads = (await one.store.agents.all()).map(({ carrying }) => carrying);
    assert.deepEqual(loads.sort(), [0, 0, 0, 0, 0, 1]);
  });

  test("rows put in by hand are announced, and keep their place", async (home) => {
    const cast = await home.cast();
    const session = await cast.start();
    await cast.asks(session, "One");
    await using listener = cast.listen();
    await home.raw((db) =>
      db.collection("messages").insertOne({
        sessionId: new ObjectId(session.id),
        seq: 2,
        sender: "system",
        senderName: "System",
        text: "We are sorry",
        timestamp: at(9),
      })
    );
    assert.equal((await cast.asks(session, "Three")).seq, 3);
    await listener.hears({ kind: "message", sessionId: session.id });
    assert.deepEqual((await cast.log(session)).map(({ text }) => text), [
      "One",
      "We are sorry",
      "Three",
    ]);
    assert.equal((await cast.asks(session, "Four")).seq, 4);
    assert.equal((await cast.sessionNow(session)).askedSeq, 4);
  });
}

/** Those by operators. */
const updatesIn = ({ update, updates }: Document): Document[] =>
  [update, ...updates?.map(({ u }: Document) => u) ?? []]
    .filter((each) => typeof each === "object" && !Array.isArray(each));

/** Uses each method, so that each question is asked. */
async function everything(cast: Cast): Promise<void> {
  const { agents, customers, messages, sessions, signIns, tries, vouchers } = cast.store;
  const ada = await cast.agent("Ada", { capacity: 2 });
  const customer = await cast.customer("Linus");
  const { session } = await sessions.start(
    { id: newId(), customer, silentUntil: at(600) },
    at(1),
  );
  await cast.asks(session, { text: "My table is broken", clientId: "c-1" });
  await times(3, (index) => cast.asks(session, { text: "Hello?", clientId: `d-${index}` }));
  await rejects(cast.replies(session, ada, { text: "Yes?", basedOn: 1 }), "stale");
  await cast.move(session, "waiting", [asked]);
  await sessions.queuePosition(await cast.sessionNow(session));
  for (const list of ["mine", "waiting", "ai", "others", "closed"] as const) {
    const [first] = await sessions.list(list, ada.id, { limit: 1 });
    await sessions.list(list, ada.id, { limit: 5, after: first ?? await cast.sessionNow(session) });
  }
  await sessions.counts(ada.id);
  await sessions.nextWaiting();
  await cast.move(session, "ai");
  await cast.answers(session, "It is on its way");
  await cast.asks(session, "When?");
  const answer = newId();
  await messages.beginAnswer(session.id, answer, at(60), at(1));
  await messages.growAnswer(session.id, answer, "To", at(61));
  await messages.dropAnswer(session.id, answer);
  await messages.page(session.id, { after: 1, limit: 2 });
  await messages.page(session.id, { before: 3, limit: 2 });
  await sessions.typing(session.id, "user", at(6));
  await sessions.seen(session.id, "user", 99, at(6));
  await sessions.search("table linus", 9);
  await sessions.overdue(at(9), at(9), 9);
  await sessions.unanswered(at(99), 9);
  await sessions.events(session.id);
  await sessions.openOf(customer.id);
  await cast.move(session, { agentId: ada.id });
  await sessions.carriedBy(ada.id);
  await agents.gone(at(1e6));
  await agents.lapse(at(200_000));
  await agents.all();
  await agents.byEmail(ada.email);
  await agents.rename(ada.id, "Ada L.");
  await agents.setPassword(ada.id, "hash");
  await cast.move(session, "closed", [ended]);
  await sessions.rate(session.id, 5, undefined, at(9));
  await sessions.ofCustomer(customer.id, { limit: 1, after: await cast.sessionNow(session) });
  await customers.byEmail(customer.email ?? "");
  await customers.rename(customer.id, "Linus T.");
  await signIns.add({ id: "s", side: "user", accountId: customer.id, expiresAt: at(9) });
  await signIns.extend("s", at(10));
  await signIns.find("s", at(1));
  await signIns.endAll("user", customer.id);
  await signIns.forget(at(99));
  await vouchers.peek("invite", "v", at(1));
  await vouchers.spend("invite", "v", at(1));
  await tries.count("t", 1_000, at(1));
  await tries.forgive("t", at(1));
}
