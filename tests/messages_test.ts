/** Messages over the JSON API: once, in order, by who may, and as they were written. */
import assert from "node:assert/strict";
import { testOnEachStore as test } from "./each_store.ts";
import { pause, testSite } from "./helpers.ts";
import { act, isFrom, logOf, ok, refused, say, send, start, textsOf } from "./talk.ts";

/** Ada has Linus's session. */
async function pair() {
  const site = await testSite();
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  return { site, ada, linus, sessionId, [Symbol.asyncDispose]: () => site[Symbol.asyncDispose]() };
}

// ---- once ---------------------------------------------------------------------------------------

test("one clientId sent in parallel over REST and sockets is one message, and all get the same answer", async () => {
  await using all = await pair();
  const { linus, ada, sessionId } = all;
  const sockets = await Promise.all(
    [1, 2, 3].map(() => linus.socket(`sessionId=${sessionId}`)),
  );
  await using atAda = await ada.socket(`sessionId=${sessionId}`);
  for (let round = 0; round < 10; round++) {
    const clientId = `round-${round}`;
    const text = `Hello ${round}`;
    const posts = [1, 2, 3, 4].map(() => send(linus, sessionId, text, { clientId }));
    for (const socket of sockets) {
      socket.send({ sessionId, sender: "user", message: text, clientId });
    }
    const answers = await Promise.all(posts);
    const acks = await Promise.all(
      sockets.map((socket) => socket.next((f) => f.type === "ack" && f.clientId === clientId)),
    );
    const [first] = answers;
    assert.ok(answers.every(({ status }) => status === 200 || status === 201));
    assert.ok(answers.filter(({ status }) => status === 201).length <= 1);
    for (const { body } of answers) assert.deepEqual(body, first?.body);
    for (const ack of acks) {
      assert.deepEqual(
        [ack.id, ack.seq, ack.timestamp],
        [first?.body.id, first?.body.seq, first?.body.timestamp],
      );
    }
  }
  const log = (await logOf(linus, sessionId)).filter(isFrom("user"));
  assert.deepEqual(log.map(({ text }) => text), Array.from({ length: 10 }, (_, i) => `Hello ${i}`));
  await atAda.next((f) => f.message === "Hello 9");
  assert.equal(textsOf(atAda).length, 10);
});

test("one clientId with another text is refused over REST and socket, and the first stays", async () => {
  await using all = await pair();
  const { linus, sessionId } = all;
  await using socket = await linus.socket(`sessionId=${sessionId}`);
  const first = await say(linus, sessionId, "The first", { clientId: "c1" });
  refused(await send(linus, sessionId, "Another", { clientId: "c1" }), 409);
  socket.send({ sessionId, message: "Another", clientId: "c1" });
  const error = await socket.type("error");
  assert.equal(error.clientId, "c1");
  const again = await send(linus, sessionId, "The first", { clientId: "c1" });
  assert.deepEqual([again.status, again.body], [200, first]);
  const log = (await logOf(linus, sessionId)).filter(isFrom("user"));
  assert.deepEqual(log.map(({ text }) => text), ["The first"]);
});

test("of two texts racing under one clientId one is kept and the other is told so", async () => {
  await using all = await pair();
  const { linus, sessionId } = all;
  for (let round = 0; round < 10; round++) {
    const clientId = `race-${round}`;
    const answers = await Promise.all(
      ["this", "that"].map((text) => send(linus, sessionId, text, { clientId })),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409]);
  }
  assert.equal((await logOf(linus, sessionId)).filter(isFrom("user")).length, 10);
});

test("the same clientId in another session is another message", async () => {
  await using all = await pair();
  const { linus, sessionId } = all;
  const first = await say(linus, sessionId, "Hello", { clientId: "c1" });
  ok(await act(linus, "end", sessionId));
  const next = await start(linus);
  const second = await send(linus, next.sessionId, "Hello", { clientId: "c1" });
  assert.equal(second.status, 201);
  assert.notEqual(second.body.id, first.id);
});

// ---- reading ------------------------------------------------------------------------------------

test("a message reads the same in every answer, with seq from 1 and without gaps", async () => {
  await using all = await pair();
  const { linus, ada, sessionId } = all;
  const sent = await say(linus, sessionId, "Hello", { clientId: "c1", sender: "agent" });
  assert.deepEqual(Object.keys(sent).sort(), [
    "clientId",
    "id",
    "sender",
    "senderName",
    "seq",
    "sessionId",
    "text",
    "timestamp",
  ]);
  assert.deepEqual([sent.sender, sent.senderName, sent.clientId], ["user", "Linus", "c1"]);
  const mine = await logOf(linus, sessionId);
  assert.deepEqual(mine.find(({ id }) => id === sent.id), sent);
  assert.deepEqual(mine.map(({ seq }) => seq), mine.map((_, index) => index + 1));
  assert.deepEqual(await logOf(ada, sessionId), mine);
});

test("parallel sends of both sides take consecutive places", async () => {
  await using all = await pair();
  const { linus, ada, sessionId } = all;
  await Promise.all(
    Array.from({ length: 40 }, (_, i) => say(i % 2 ? linus : ada, sessionId, `Text ${i}`)),
  );
  const log = await logOf(linus, sessionId);
  assert.deepEqual(log.map(({ seq }) => seq), log.map((_, index) => index + 1));
  assert.equal(new Set(log.map(({ text }) => text)).size, log.length);
});

test("pages by after, before and limit say whether there is more", async () => {
  await using all = await pair();
  const { linus, sessionId } = all;
  for (let i = 0; i < 60; i++) await say(linus, sessionId, `Text ${i}`);
  const last = (await logOf(linus, sessionId)).length;
  const page = async (query: string) => {
    const { messages, hasMore } = ok(
      await linus.get(`/api/session/messages?sessionId=${sessionId}${query}`),
    );
    return [messages[0]?.seq, messages.at(-1)?.seq, messages.length, hasMore];
  };
  assert.deepEqual(await page(""), [last - 49, last, 50, true]);
  assert.deepEqual(await page("&limit=200"), [1, last, last, false]);
  assert.deepEqual(await page("&after=0&limit=10"), [1, 10, 10, true]);
  assert.deepEqual(await page(`&after=${last - 10}&limit=10`), [last - 9, last, 10, false]);
  assert.deepEqual(await page(`&after=${last - 1}`), [last, last, 1, false]);
  assert.deepEqual(await page(`&after=${last}`), [undefined, undefined, 0, false]);
  assert.deepEqual(await page("&before=11&limit=5"), [6, 10, 5, true]);
  assert.deepEqual(await page("&before=6&limit=5"), [1, 5, 5, false]);
  assert.deepEqual(await page("&before=1"), [undefined, undefined, 0, false]);
  assert.deepEqual(await page(`&limit=${last}`), [1, last, last, false]);
  for (const bad of ["limit=0", "limit=201", "limit=ten", "limit=-1", "after=-1", "after=x"]) {
    const answer = await linus.get(`/api/session/messages?sessionId=${sessionId}&${bad}`);
    const { fields } = refused(answer, 422, "invalid");
    assert.ok(fields[bad.split("=")[0] as string], bad);
  }
  const both = await linus.get(`/api/session/messages?sessionId=${sessionId}&after=1&before=9`);
  const { fields } = refused(both, 422, "invalid");
  assert.deepEqual(Object.keys(fields).sort(), ["after", "before"]);
});

test("what is said on a socket without a clientId has none, and is acknowledged instead of heard", async () => {
  await using all = await pair();
  const { linus, sessionId } = all;
  const query = `sessionId=${sessionId}`;
  const [socket, otherTab] = [await linus.socket(query), await linus.socket(query)];
  const texts = ["None", "Null", "None again"];
  for (const message of texts) {
    socket.send({ message, ...(message === "Null" && { clientId: null }) });
  }
  const acks = [];
  for (const _ of texts) acks.push(await socket.type("ack"));
  for (const { clientId } of acks) assert.equal(clientId, null);
  const kept = (await logOf(linus, sessionId)).filter(isFrom("user"));
  assert.deepEqual(kept.map(({ id, text, clientId }) => [id, text, clientId]), [
    [acks[0].id, "None", null],
    [acks[1].id, "Null", null],
    [acks[2].id, "None again", null],
  ]);
  for (const { id } of acks) {
    const heard = await otherTab.type("message");
    assert.deepEqual([heard.id, heard.clientId], [id, null]);
  }
  await say(linus, sessionId, "By REST");
  assert.equal((await socket.type("message")).message, "By REST");
  assert.deepEqual(textsOf(socket), ["By REST"]);
});

// ---- the text -----------------------------------------------------------------------------------

test("a text is kept as written, but that line ends become \\n", async () => {
  await using all = await pair();
  const { linus, sessionId } = all;
  const euro = "€".repeat(4_000);
  const lines = "a\r\n".repeat(2_000); // 4,000 characters once the line ends are counted as one
  for (
    const [text, kept] of [
      ["x".repeat(4_000)],
      [euro],
      [lines, lines.replaceAll("\r\n", "\n")],
      ["one\rtwo\r\nthree\nfour", "one\ntwo\nthree\nfour"],
      ["  indented\n\n\tand spaced  "],
      ["<script>alert(1)</script> & 'quotes' \"too\""],
      ["👩🏽‍🚀 שלום こんにちは \u202eevil\u202c"],
      ["e\u0301 is not \u00e9"],
    ] as [string, string?][]
  ) {
    assert.equal((await say(linus, sessionId, text)).text, kept ?? text);
    assert.equal((await logOf(linus, sessionId)).at(-1)?.text, kept ?? text);
  }
});

test("a text that can't be kept is 422 and leaves no trace", async () => {
  await using all = await pair();
  const { linus, sessionId } = all;
  await using socket = await linus.socket(`sessionId=${sessionId}`);
  const before = await logOf(linus, sessionId);
  for (
    const text of [
      "",
      " ",
      "\n\t\r\n",
      "\u00a0\u3000",
      "x".repeat(4_001),
      "a\0b",
      "\ud800",
      "a\udc00b",
    ]
  ) {
    const { fields } = refused(await send(linus, sessionId, text), 422, "invalid");
    assert.ok(fields.text, JSON.stringify(text.slice(0, 10)));
    socket.send({ sessionId, message: text, clientId: "c1" });
    const error = await socket.type("error");
    assert.deepEqual([error.code, error.clientId], ["invalid", "c1"]);
  }
  for (const body of [{ sessionId }, { sessionId, text: 7 }, { sessionId, text: null }]) {
    refused(await linus.post("/api/session/message", body), 422, "invalid");
  }
  assert.deepEqual(await logOf(linus, sessionId), before);
});

test("of message and text the first counts where both are given, and a fault names the one that was sent", async () => {
  await using all = await pair();
  const { linus, sessionId } = all;
  const post = (sent: object) => linus.post("/api/session/message", { sessionId, ...sent });
  const kept: [object, string][] = [
    [{ message: "AA", text: "" }, "AA"],
    [{ message: "AA", text: 7 }, "AA"],
    [{ message: null, text: "BB" }, "BB"],
    [{ message: "AA", text: null }, "AA"],
  ];
  for (const [sent, text] of kept) assert.equal(ok(await post(sent)).text, text);
  const faulty: [object, string][] = [
    [{ message: "" }, "message"],
    [{ message: "", text: "BB" }, "message"],
    [{ message: 7, text: "BB" }, "message"],
    [{ text: "" }, "text"],
    [{ message: null, text: 7 }, "text"],
    [{}, "message"],
  ];
  await using socket = await linus.socket(`sessionId=${sessionId}`);
  for (const [sent, field] of faulty) {
    const { error, fields } = refused(await post(sent), 422, "invalid");
    assert.deepEqual(Object.keys(fields), [field], JSON.stringify(sent));
    assert.ok(error.startsWith(`${field}: `), error);
    socket.send(sent);
    assert.deepEqual((await socket.type("error")).fields, fields);
  }
  const { fields } = refused(await linus.post("/api/session/message", {}), 422, "invalid");
  assert.deepEqual(Object.keys(fields).sort(), ["message", "sessionId"]);
});

test("a body that is no JSON, not said to be JSON, or too large has its own status", async () => {
  await using all = await pair();
  const { site, linus, sessionId } = all;
  const post = async (body: string, type = "application/json") => {
    const response = await site.fetch("/api/session/message", {
      method: "POST",
      headers: { authorization: `Bearer ${linus.token}`, "content-type": type },
      body,
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  const good = JSON.stringify({ sessionId, text: "Hello" });
  assert.equal((await post(good)).status, 201);
  refused(await post(good.slice(0, -1)), 400, "malformed");
  refused(await post("[]"), 422);
  refused(await post(good, "text/plain"), 415);
  refused(await post(JSON.stringify({ sessionId, text: "x".repeat(300_000) })), 413);
  await pause(600); // node-server gives the rest of a refused body half a second
});

// ---- who may write ------------------------------------------------------------------------------

test("only the customer and the assigned agent write, and only while the session is open", async () => {
  await using all = await pair();
  const { site, linus, ada, sessionId } = all;
  const grace = await site.agent("Grace");
  const barbara = await site.customer("Barbara");
  assert.equal((await send(ada, sessionId, "I have it")).status, 201); // so a refusal means something
  refused(await send(grace, sessionId, "Me too"), 403, "forbidden");
  refused(await send(barbara, sessionId, "And me"), 404, "not_found");
  refused(await send(linus, "0".repeat(24), "Nowhere"), 404, "not_found");
  refused(await send(linus, "nonsense", "Nowhere"), 404, "not_found");
  refused(await barbara.get(`/api/session/messages?sessionId=${sessionId}`), 404, "not_found");
  refused(await barbara.get(`/api/session/info?sessionId=${sessionId}`), 404, "not_found");
  for (const verb of ["handoff", "end", "rate"]) {
    refused(await act(barbara, verb, sessionId, verb === "rate" ? { rating: 1 } : {}), 404);
  }
  const nobody = await site.fetch("/api/session/message", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sessionId, text: "Hello" }),
  });
  assert.deepEqual([nobody.status, (await nobody.json()).code], [401, "unauthorized"]);

  ok(await act(ada, "transfer", sessionId, { agentId: "ai" }));
  refused(await send(ada, sessionId, "Still mine?"), 409, "not_assigned");
  ok(await act(ada, "claim", sessionId));
  assert.equal((await send(ada, sessionId, "Mine again")).status, 201);
  ok(await act(linus, "end", sessionId));
  refused(await send(ada, sessionId, "One more"), 409, "closed");
  refused(await send(linus, sessionId, "One more"), 409, "closed");
  const texts = (await logOf(linus, sessionId)).filter(isFrom("agent")).map(({ text }) => text);
  assert.deepEqual(texts, ["I have it", "Mine again"]);
});

test("a session that ended answers a repeated clientId with the message that it has", async () => {
  await using all = await pair();
  const { linus, sessionId } = all;
  const first = await say(linus, sessionId, "Hello", { clientId: "c1" });
  ok(await act(linus, "end", sessionId));
  const again = await send(linus, sessionId, "Hello", { clientId: "c1" });
  assert.deepEqual([again.status, again.body], [200, first]);
  refused(await send(linus, sessionId, "Hello", { clientId: "c2" }), 409, "closed");
});
