import assert from "node:assert/strict";
import { type Message, newId } from "../../services/domain.ts";
import {
  anAnswer,
  asCustomer,
  asked,
  at,
  type Cast,
  ended,
  rejects,
  type Test,
  type TestOfTwo,
  times,
} from "./cast.ts";

export function messagesContract(test: Test, testOfTwo: TestOfTwo): void {
  appending(test);
  refusing(test);
  repeating(test);
  staleness(test);
  racing(test, testOfTwo);
  paging(test);
  answering(test);
  fencing(test);
}

function appending(test: Test): void {
  test("a message is kept as written, at the next seq", async (cast) => {
    const session = await cast.start();
    const text = "  <b>Hello</b>\n\n\t“Zoë” 👋🏽 'x'; DROP TABLE messages; --  ";
    const first = await cast.asks(session, { text, clientId: "c-1" }, at(4));
    assert.match(first.id, /^[0-9a-f]{24}$/);
    assert.deepEqual(first, {
      id: first.id,
      sessionId: session.id,
      seq: 1,
      sender: "user",
      senderName: session.userName,
      text,
      timestamp: at(4),
      clientId: "c-1",
    });
    const second = await cast.asks(session, "And?");
    assert.deepEqual([second.seq, "clientId" in second], [2, false]);
    assert.deepEqual(await cast.log(session), [first, second]);
  });

  test("what the customer and the agent say counts as asked and as answered", async (cast) => {
    const ada = await cast.agent("Ada");
    const session = await cast.start();
    await cast.asks(session, "Hello?", at(5));
    const asking = await cast.sessionNow(session);
    assert.deepEqual([asking.lastSeq, asking.askedSeq, asking.answeredSeq], [2, 2, 0]);
    assert.deepEqual(asking.lastActivity, at(5));
    const [sender, senderId, senderName] = ["user", session.userId, session.userName];
    assert.deepEqual(asking.lastMessage, { sender, senderId, senderName, text: "Hello?" });
    const reply = await cast.replies(session, ada, "Hello!", at(6));
    assert.deepEqual([reply.sender, reply.senderName], ["agent", "Ada"]);
    const answered = await cast.sessionNow(session);
    assert.deepEqual([answered.lastSeq, answered.askedSeq, answered.answeredSeq], [3, 2, 3]);
    assert.deepEqual(answered.lastActivity, at(6));
    assert.equal(answered.epoch, session.epoch);
  });
}

function refusing(test: Test): void {
  test("a closed or unknown session takes no message", async (cast) => {
    const session = await cast.start();
    await cast.move(session, "closed", [ended]);
    await rejects(cast.asks(session, "Hello?"), "closed");
    await rejects(cast.append({ id: newId() }, asCustomer(session), "Hello?"), "not_found");
    assert.deepEqual(await cast.told(session), ["system: Linus ended the chat"]);
  });

  test("another customer's session takes no message, and looks as if it weren't there", async (cast) => {
    const session = await cast.start();
    const draft = { text: "Hello?", clientId: "c-1" };
    await cast.asks(session, draft);
    const eve = asCustomer(await cast.start());
    await rejects(cast.append(session, eve, "It is me"), "not_found");
    await rejects(cast.append(session, eve, draft), "not_found");
    await rejects(cast.append(session, eve, { ...draft, text: "Another" }), "not_found");
    await cast.move(session, "closed");
    await rejects(cast.append(session, eve, "And now?"), "not_found");
    assert.deepEqual(await cast.told(session), ["user: Hello?"]);
  });

  test("only the assigned agent writes", async (cast) => {
    const [ada, grace] = [await cast.agent("Ada"), await cast.agent("Grace", { chosen: "busy" })];
    const session = await cast.start();
    await rejects(cast.replies(session, grace, "Mine!"), "forbidden");
    await cast.asks(session, "Hello?");
    await rejects(cast.replies(session, grace, { text: "Mine!", basedOn: 0 }), "forbidden");
    await cast.replies(session, ada, "Hello!");
    await cast.move(session, "waiting");
    await rejects(cast.replies(session, ada, "Me again"), "not_assigned");
    await rejects(cast.replies(session, grace, "Or me"), "not_assigned");
    assert.deepEqual(await cast.told(session), [
      "system: Ada joined",
      "user: Hello?",
      "agent: Hello!",
    ]);
  });
}

function repeating(test: Test): void {
  test("a message has the id that its draft was given, and under a clientId that comes again the first one's", async (cast) => {
    const session = await cast.start();
    const [first, second, third] = [newId(), newId(), newId()];
    assert.equal((await cast.asks(session, { id: first, text: "Hello?" })).id, first);
    const draft = { text: "Hello!", clientId: "c-1" };
    for (const id of [second, third]) {
      assert.equal((await cast.asks(session, { ...draft, id })).id, second);
    }
    assert.deepEqual((await cast.log(session)).map(({ id }) => id), [first, second]);
  });

  test("a clientId that comes again is the first message, also after the end", async (cast) => {
    const session = await cast.start();
    const draft = { text: "Hello?", clientId: "c-1" };
    const first = await cast.append(session, asCustomer(session), draft, at(1));
    assert.equal(first.repeated, false);
    await cast.move(session, "closed");
    const again = await cast.append(session, asCustomer(session), draft, at(9));
    assert.deepEqual(again, { message: first.message, repeated: true });
    assert.equal((await cast.log(session)).length, 1);
  });

  test("a clientId with another text or from the other side is a conflict", async (cast) => {
    const ada = await cast.agent("Ada");
    const session = await cast.start();
    await cast.asks(session, { text: "Hello?", clientId: "c-1" });
    await rejects(cast.asks(session, { text: "Hello!", clientId: "c-1" }), "conflict");
    await rejects(cast.replies(session, ada, { text: "Hello?", clientId: "c-1" }), "conflict");
    assert.deepEqual(await cast.told(session), ["system: Ada joined", "user: Hello?"]);
  });

  test("the same clientId in two sessions is two messages", async (cast) => {
    for (const session of [await cast.start(), await cast.start()]) {
      await cast.asks(session, { text: "Hello?", clientId: "c-1" });
      assert.equal((await cast.log(session)).length, 1);
    }
  });

  test("fifty sends of one clientId at once are one message", async (cast) => {
    const session = await cast.start();
    const draft = { text: "Hello?", clientId: "c-1" };
    const sent = await times(50, () => cast.append(session, asCustomer(session), draft));
    assert.equal(new Set(sent.map(({ message }) => message.id)).size, 1);
    assert.equal(sent.filter(({ repeated }) => !repeated).length, 1);
    assert.equal((await cast.log(session)).length, 1);
  });
}

function staleness(test: Test): void {
  test("an agent's reply to less than all is stale, and tells what came since", async (cast) => {
    const ada = await cast.agent("Ada");
    const session = await cast.start();
    const question = await cast.asks(session, "Red, please");
    const change = await cast.asks(session, "No, blue");
    const reply = { text: "Red it is", basedOn: question.seq };
    const fault = await rejects(cast.replies(session, ada, reply), "stale");
    assert.deepEqual(fault.details.messages, [change]);
    const sent = await cast.replies(session, ada, { text: "Blue it is", basedOn: change.seq });
    assert.equal(sent.seq, change.seq + 1);
    await cast.replies(session, ada, "Without looking");
  });

  test("own messages and lines of the system make no reply stale, a colleague's does", async (cast) => {
    const [ada, grace] = [await cast.agent("Ada"), await cast.agent("Grace", { chosen: "busy" })];
    const session = await cast.start();
    const question = await cast.asks(session, "Hello?");
    const basedOn = question.seq;
    await cast.replies(session, ada, { text: "One", basedOn });
    await cast.move(session, { agentId: ada.id }, [asked]);
    await cast.replies(session, ada, { text: "Two", basedOn });
    await cast.move(session, { agentId: grace.id });
    const fault = await rejects(cast.replies(session, grace, { text: "Three", basedOn }), "stale");
    const texts = (fault.details.messages as readonly Message[]).map(({ text }) => text);
    assert.deepEqual(texts, ["One", "Two"]);
  });

  test("an answer of the assistant makes a reply stale", async (cast) => {
    const session = await cast.start();
    const { seq: basedOn } = await cast.asks(session, "Hello?");
    const answer = await cast.answers(session, "Hello!");
    const ada = await cast.agent("Ada");
    await cast.move(session, { agentId: ada.id });
    const fault = await rejects(cast.replies(session, ada, { text: "Hi", basedOn }), "stale");
    assert.deepEqual(fault.details.messages, [answer]);
  });

  test("a customer's message is never stale", async (cast) => {
    const ada = await cast.agent("Ada");
    const session = await cast.start();
    await cast.replies(session, ada, "Hello!");
    assert.equal((await cast.asks(session, { text: "Hello?", basedOn: 0 })).seq, 3);
  });
}

function racing(test: Test, testOfTwo: TestOfTwo): void {
  test("a hundred messages at once get the seqs 1 to 100", async (cast) => {
    const session = await cast.start();
    const sent = await times(100, (index) => cast.asks(session, `Message ${index}`));
    assertGapless(await cast.log(session), sent);
  });

  testOfTwo("messages of two instances get seqs without gaps", async (one, other) => {
    const session = await one.start();
    const sent = await times(
      60,
      (index) => (index % 2 ? one : other).asks(session, `Message ${index}`),
    );
    assertGapless(await other.log(session), sent);
  });

  testOfTwo("one clientId on two instances is one message", async (one, other) => {
    const session = await one.start();
    const draft = { text: "Hello?", clientId: "c-1" };
    const sent = await times(20, (index) => (index % 2 ? one : other).asks(session, draft));
    assert.equal(new Set(sent.map(({ id }) => id)).size, 1);
    assert.equal((await one.log(session)).length, 1);
  });

  test("no message stands below the line that closed its session", async (cast) => {
    const session = await cast.start();
    const sends = times(40, (index) => outcome(cast.asks(session, `Message ${index}`)));
    const [closing, outcomes, late] = await Promise.all([
      cast.store.sessions.move(session, "closed", [ended], at(5)),
      sends,
      times(5, () => outcome(cast.asks(session, "Late"))),
    ]);
    assert.equal(typeof closing, "object");
    const stored = [...outcomes, ...late].filter((each) => each === "stored").length;
    const log = await cast.log(session);
    assert.equal(log.length, stored + 1);
    assert.equal(log.at(-1)?.text, "Linus ended the chat");
  });
}

function paging(test: Test): void {
  test("messages come ascending, from the end or from a seq in either direction", async (cast) => {
    const { messages } = cast.store;
    const session = await cast.start();
    for (let seq = 1; seq <= 7; seq++) await cast.asks(session, `Message ${seq}`);
    const page = async (wish: { after?: number; before?: number; limit: number }) => {
      const { messages: got, hasMore } = await messages.page(session.id, wish);
      return [got.map(({ seq }) => seq), hasMore];
    };
    assert.deepEqual(await page({ limit: 3 }), [[5, 6, 7], true]);
    assert.deepEqual(await page({ limit: 7 }), [[1, 2, 3, 4, 5, 6, 7], false]);
    assert.deepEqual(await page({ after: 0, limit: 3 }), [[1, 2, 3], true]);
    assert.deepEqual(await page({ after: 4, limit: 3 }), [[5, 6, 7], false]);
    assert.deepEqual(await page({ after: 7, limit: 3 }), [[], false]);
    assert.deepEqual(await page({ after: 99, limit: 3 }), [[], false]);
    assert.deepEqual(await page({ before: 5, limit: 3 }), [[2, 3, 4], true]);
    assert.deepEqual(await page({ before: 4, limit: 3 }), [[1, 2, 3], false]);
    assert.deepEqual(await page({ before: 1, limit: 3 }), [[], false]);
    assert.deepEqual(await messages.page(newId(), { limit: 3 }), { messages: [], hasMore: false });
  });
}

function answering(test: Test): void {
  test("an answer begins where something is unanswered, grows, and becomes a message", async (cast) => {
    const { messages } = cast.store;
    const session = await cast.start();
    const id = newId();
    assert.equal(await messages.beginAnswer(session.id, id, at(12), at(0)), undefined);
    const { seq: upTo } = await cast.asks(session, "Where is it?");
    const begun = await messages.beginAnswer(session.id, id, at(12), at(0));
    assert.deepEqual(begun, await cast.sessionNow(session));
    assert.deepEqual(begun?.answer, { id, text: "", until: at(12) });
    assert.equal(await messages.growAnswer(session.id, id, "On its", at(15)), true);
    const growing = await cast.sessionNow(session);
    assert.deepEqual(growing.answer, { id, text: "On its", until: at(15) });
    const sources = [{ slug: "shipping", title: "Shipping", quote: "It’s on its way" }];
    const answer = { ...anAnswer("On its way", upTo), sources, misses: 1, failures: 2 };
    const message = await messages.finishAnswer(session.id, id, answer, at(9));
    assert.deepEqual(message, {
      id,
      sessionId: session.id,
      seq: 2,
      sender: "ai",
      senderName: "Assistant",
      text: "On its way",
      timestamp: at(9),
      sources,
    });
    assert.deepEqual((await cast.log(session)).at(-1), message);
    const after = await cast.sessionNow(session);
    assert.equal("answer" in after, false);
    assert.deepEqual([after.answeredSeq, after.misses, after.failures], [upTo, 1, 2]);
    assert.deepEqual([after.lastSeq, after.lastActivity], [2, at(9)]);
    const [sender, senderName] = ["ai", "Assistant"];
    assert.deepEqual(after.lastMessage, { sender, senderName, text: "On its way" });
    assert.deepEqual(await cast.eventKinds(session), ["started", "answered"]);
    assert.equal(await messages.beginAnswer(session.id, newId(), at(20), at(10)), undefined);
  });

  test("what was asked while an answer was made is still unanswered", async (cast) => {
    const { messages } = cast.store;
    const session = await cast.start();
    const id = newId();
    const { seq: upTo } = await cast.asks(session, "Where is it?");
    await messages.beginAnswer(session.id, id, at(12), at(0));
    await cast.asks(session, "And when?");
    await messages.finishAnswer(session.id, id, anAnswer("Here", upTo), at(3));
    const { askedSeq, answeredSeq } = await cast.sessionNow(session);
    assert.deepEqual([askedSeq, answeredSeq], [2, 1]);
    assert.ok(await messages.beginAnswer(session.id, newId(), at(20), at(4)));
  });

  test("of ten answers that begin at once one does, until its lease ends", async (cast) => {
    const { messages } = cast.store;
    const session = await cast.start();
    await cast.asks(session, "Hello?");
    const begin = (id: string, now: Date) => messages.beginAnswer(session.id, id, at(60), now);
    const begun = await times(10, () => begin(newId(), at(0)));
    const [first, ...others] = begun.filter((each) => each !== undefined);
    assert.equal(others.length, 0);
    const lost = first?.answer?.id ?? "";
    const heir = newId();
    assert.equal(await begin(heir, at(60)), undefined);
    assert.ok(await begin(heir, at(61)));
    assert.equal(await messages.growAnswer(session.id, lost, "Too late", at(99)), false);
    assert.equal(await finish(cast, session, lost), undefined);
    assert.ok(await finish(cast, session, heir));
  });

  test("an answer that is given up can be begun again, or counts as given", async (cast) => {
    const { messages } = cast.store;
    const session = await cast.start();
    const { seq } = await cast.asks(session, "Hello?");
    const [first, second] = [newId(), newId()];
    await messages.beginAnswer(session.id, first, at(60), at(0));
    await messages.dropAnswer(session.id, newId(), seq);
    assert.equal((await cast.sessionNow(session)).answer?.id, first);
    await messages.dropAnswer(session.id, first);
    assert.equal("answer" in await cast.sessionNow(session), false);
    assert.ok(await messages.beginAnswer(session.id, second, at(60), at(1)));
    await messages.dropAnswer(session.id, second, seq);
    assert.equal((await cast.sessionNow(session)).answeredSeq, seq);
    assert.equal(await messages.beginAnswer(session.id, newId(), at(60), at(1)), undefined);
    assert.deepEqual(await cast.told(session), ["user: Hello?"]);
  });
}

function fencing(test: Test): void {
  test("after a handover the answer that was being made is never stored", async (cast) => {
    const { messages } = cast.store;
    const ada = await cast.agent("Ada", { chosen: "busy" });
    for (const to of ["closed", { agentId: ada.id }, "free"] as const) {
      const session = await cast.start();
      if (to === "free") {
        await cast.store.agents.set(ada.id, { chosen: "available", capacity: 2 }, at(0));
      }
      const id = newId();
      await cast.asks(session, "Hello?");
      await messages.beginAnswer(session.id, id, at(60), at(0));
      await cast.move(session, to);
      assert.equal(await messages.growAnswer(session.id, id, "Hel", at(60)), false);
      assert.equal(await finish(cast, session, id), undefined);
      assert.deepEqual(await cast.told(session), ["user: Hello?"]);
      assert.deepEqual(await cast.eventKinds(session), ["started"]);
    }
  });

  test("who joins or leaves the line gets the answer being made, and no other begins", async (cast) => {
    const { messages } = cast.store;
    const session = await cast.start();
    const id = newId();
    await cast.asks(session, "Hello?");
    await messages.beginAnswer(session.id, id, at(60), at(0));
    for (const [to, text] of [["waiting", "Hel"], ["ai", "Hell"], ["waiting", "Hello"]] as const) {
      const before = await cast.sessionNow(session);
      const moved = await cast.move(session, to, [asked]);
      assert.deepEqual(moved.answer, before.answer);
      assert.equal(await messages.beginAnswer(session.id, newId(), at(99), at(60)), undefined);
      assert.equal(await messages.growAnswer(session.id, id, text, at(60)), true);
    }
    const line = "system: Linus asked for a person";
    await cast.asks(session, "And when?");
    assert.ok(await finish(cast, session, id));
    assert.deepEqual(await cast.told(session), [
      "user: Hello?",
      ...[line, line, line],
      "user: And when?",
      "ai: Hello!",
    ]);
    assert.ok(await messages.beginAnswer(session.id, newId(), at(99), at(60)));
  });

  test("an answer that was kept in line is another's to make after its lease, and a person's end", async (cast) => {
    const { messages, sessions } = cast.store;
    const session = await cast.start();
    const [lost, heir] = [newId(), newId()];
    await cast.asks(session, "Hello?");
    await messages.beginAnswer(session.id, lost, at(12), at(0));
    await cast.move(session, "waiting", [asked]);
    assert.deepEqual(await sessions.unanswered(at(12), 9), []);
    assert.deepEqual((await sessions.unanswered(at(13), 9)).map(({ id }) => id), [session.id]);
    assert.ok(await messages.beginAnswer(session.id, heir, at(60), at(13)));
    assert.equal(await finish(cast, session, lost), undefined);
    await cast.agent("Ada");
    await cast.move(session, "free");
    assert.equal(await finish(cast, session, heir), undefined);
  });

  test("an answer that is made and a line that is joined at once are both there", async (cast) => {
    await times(10, async (index) => {
      const session = await cast.start();
      const id = newId();
      await cast.asks(session, "Hello?");
      await cast.store.messages.beginAnswer(session.id, id, at(60), at(0));
      const [join, answer] = [
        () => cast.move(session, "waiting", [asked]),
        () => finish(cast, session, id),
      ];
      await Promise.all(index % 2 ? [answer(), join()] : [join(), answer()]);
      const now = await cast.sessionNow(session);
      assert.deepEqual([now.lastSeq, now.answeredSeq, "answer" in now], [3, 1, false]);
      assert.ok(now.waitingSince);
    });
  });

  test("no answer begins while a person has the session or after its end", async (cast) => {
    const { messages } = cast.store;
    const ada = await cast.agent("Ada", { chosen: "busy" });
    for (const to of ["closed", { agentId: ada.id }] as const) {
      const session = await cast.start();
      await cast.asks(session, "Hello?");
      await cast.move(session, to);
      assert.equal(await messages.beginAnswer(session.id, newId(), at(60), at(0)), undefined);
    }
  });

  test("an answer and a handover at once leave no answer below the handover's line", async (cast) => {
    const ada = await cast.agent("Ada", { chosen: "busy" });
    await times(20, async (index) => {
      const session = await cast.start();
      const id = newId();
      await cast.asks(session, "Hello?");
      await cast.store.messages.beginAnswer(session.id, id, at(60), at(0));
      const taken = { kind: "taken_over", agentId: ada.id, agentName: "Ada", from: "ai" } as const;
      const handover = () => cast.move(session, { agentId: ada.id }, [taken]);
      const answer = () => finish(cast, session, id);
      await Promise.all(index % 2 ? [answer(), handover()] : [handover(), answer()]);
      assert.equal((await cast.told(session)).at(-1), "system: Ada joined");
    });
  });
}

const finish = (cast: Cast, { id: sessionId }: { id: string }, id: string) =>
  cast.store.messages.finishAnswer(sessionId, id, anAnswer("Hello!", 1), at(5));

const outcome = (sending: Promise<Message>): Promise<string> =>
  sending.then(() => "stored", (error) => error.code);

function assertGapless(log: readonly Message[], sent: readonly Message[]): void {
  const bySeq = [...sent].sort((one, other) => one.seq - other.seq);
  assert.deepEqual(bySeq.map(({ seq }) => seq), bySeq.map((_, index) => index + 1));
  assert.deepEqual(log, bySeq);
}
