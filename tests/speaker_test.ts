/** What becomes of the frames that a JSON socket is sent: many at once, in their order, whatever goes wrong with one. */
import assert from "node:assert/strict";
import { Fault } from "../services/errors.ts";
import { range } from "./crowd.ts";
import { eventually, pause, test, testSite } from "./helpers.ts";
import { frame, RawSocket, repeated } from "./raw_socket.ts";
import { closeCode, info, logOf, say, start, textsOf } from "./talk.ts";

const MB = 1024 * 1024;

/** Ada has Linus's session. */
async function pair() {
  const site = await testSite();
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  return { site, ada, linus, sessionId, [Symbol.asyncDispose]: () => site[Symbol.asyncDispose]() };
}

test("what comes of the frames under one clientId is told in their order", async () => {
  await using all = await pair();
  const { site, ada, linus, sessionId } = all;
  await using socket = await linus.socket(`sessionId=${sessionId}`);
  await socket.type("session");
  const texts = ["One", "Two", "One", "Two", "One", "Two"];
  const { messages } = site.store;
  const append = messages.append.bind(messages);
  const { promise: allAreHere, resolve: letAllGo } = Promise.withResolvers<void>();
  let here = 0;
  messages.append = async (...of) => {
    if (++here === texts.length) letAllGo();
    await allAreHere; // so that they share a commit
    return await append(...of);
  };
  for (const message of texts) socket.send({ message, clientId: "c1" });
  for (const text of texts) {
    const { type, code, clientId } = await socket.next((f) => /^(ack|error)$/.test(f.type));
    assert.deepEqual([code ?? type, clientId], [text === "One" ? "ack" : "conflict", "c1"]);
  }
  await say(ada, sessionId, "Hi");
  await socket.type("message");
  assert.deepEqual(textsOf(socket), ["Hi"]); // its own was acknowledged, whatever was refused since
  assert.deepEqual((await logOf(linus, sessionId)).slice(-2).map(({ text }) => text), [
    "One",
    "Hi",
  ]);
});

test("what another tab said under the clientId of a text being sent comes when that is refused", async () => {
  await using all = await pair();
  const { site, ada, linus, sessionId } = all;
  const { messages } = site.store;
  const append = messages.append.bind(messages);
  const { promise: isOut, resolve: letOut } = Promise.withResolvers<void>();
  messages.append = async (...of) => {
    if (of[2].text === "Two") await isOut;
    return await append(...of);
  };
  const [one, two] = [
    await linus.socket(`sessionId=${sessionId}`),
    await linus.socket(`sessionId=${sessionId}`),
  ];
  const atAda = await ada.socket(`sessionId=${sessionId}`);
  for (const socket of [one, two, atAda]) await socket.type("session");
  two.send({ message: "Two", clientId: "c1" });
  await pause(20);
  one.send({ message: "One", clientId: "c1" });
  await one.type("ack");
  await atAda.type("message");
  two.send({ message: "Two", clientId: "c1" });
  assert.equal(await two.silence(), true); // it may be its own
  letOut();
  for (const _ of range(1, 2)) assert.equal((await two.type("error")).code, "conflict");
  assert.deepEqual(textsOf(two), ["One"]);
});

test("sixteen messages of a socket are in the store's hands at once, in their order", async () => {
  await using all = await pair();
  const { site, linus, sessionId } = all;
  const { messages } = site.store;
  const append = messages.append.bind(messages);
  let [inHand, most] = [0, 0];
  messages.append = async (...of) => {
    most = Math.max(most, ++inHand);
    return await append(...of).finally(() => inHand--);
  };
  await using socket = await linus.socket(`sessionId=${sessionId}`);
  const texts = range(1, 60).map((n) => `Message ${n}`);
  for (const message of texts) socket.send({ message, clientId: message });
  for (const text of texts) assert.equal((await socket.type("ack")).clientId, text);
  assert.equal(most, 16);
  most = 0;
  for (const n of range(1, 20)) socket.send({ message: "Again", clientId: `${n}` });
  for (const _ of range(1, 20)) await socket.type("ack");
  assert.equal(most, 16);
  assert.deepEqual((await logOf(linus, sessionId)).slice(1, 61).map(({ text }) => text), texts);
});

test("nothing that follows a third bad frame is heard", async () => {
  await using all = await pair();
  const { site, linus, sessionId } = all;
  const headers = { authorization: `Bearer ${linus.token}` };
  using socket = await RawSocket.open(site.url, `/ws?sessionId=${sessionId}`, headers);
  const says = (message: string) => frame(JSON.stringify({ message }));
  const bad = frame("no JSON");
  const frames = [bad, says("Before"), bad, bad, says("After"), bad];
  await socket.write(new Uint8Array(frames.flatMap((each) => [...each])));
  assert.equal(await socket.closeCode(), 1008);
  await say(linus, sessionId, "Later");
  const texts = (await logOf(linus, sessionId)).map(({ text }) => text);
  assert.deepEqual(texts.slice(1), ["Before", "Later"]);
});

test("whoever sends faster than frames are handled is made to wait, and loses nothing", async () => {
  await using all = await pair();
  const { site, ada, linus, sessionId } = all;
  const { messages } = site.store;
  const append = messages.append.bind(messages);
  const { promise: goesOn, resolve: goOn } = Promise.withResolvers<void>();
  messages.append = async (...of) => (await goesOn, await append(...of));
  const headers = { authorization: `Bearer ${linus.token}` };
  using socket = await RawSocket.open(site.url, `/ws?sessionId=${sessionId}`, headers);
  const pad = frame(JSON.stringify({ type: "typing", pad: "x".repeat(16_000) }));
  await socket.write(repeated(frame(JSON.stringify({ message: "Hello" })), 20));
  let written = 0;
  const writing = (async () => {
    while (written < 64 * MB && await socket.write(repeated(pad, 16))) written += 16 * pad.length;
  })();
  await pause(500);
  const taken = written;
  await pause(300);
  assert.equal(written, taken);
  assert.ok(taken < 32 * MB, `${taken} bytes were taken`);
  goOn();
  await eventually(() => written > taken, { what: "going on" });
  assert.equal((await logOf(ada, sessionId)).length, 21);
  socket[Symbol.dispose]();
  await writing;
});

test("who is told to close and goes on sending is not heard, and cut", async () => {
  await using all = await pair();
  const { site, ada, linus, sessionId } = all;
  const headers = { authorization: `Bearer ${linus.token}` };
  using socket = await RawSocket.open(site.url, `/ws?sessionId=${sessionId}`, headers);
  socket.listen();
  const says = frame(JSON.stringify({ message: "Still here" }));
  await socket.write(says);
  await eventually(async () => (await logOf(ada, sessionId)).length === 2);
  await linus.post("/api/logout");
  await pause(100); // it is told so, and doesn't answer
  const from = performance.now();
  await socket.write(repeated(says, 200));
  assert.equal(await socket.closeCode(), 1008);
  assert.ok(performance.now() - from < 1_000); // not as late as one that is silent
  assert.equal((await logOf(ada, sessionId)).length, 2);
});

test("a bug in what a frame asks for closes its socket, and harms nobody else", async () => {
  await using all = await pair();
  const { site, linus, ada, sessionId } = all;
  const [socket, other] = [await linus.socket(`sessionId=${sessionId}`), await ada.socket("")];
  const { sessions, messages } = site.store;
  sessions.seen = () => Promise.reject(new TypeError("A bug"));
  messages.append = () => Promise.reject(new TypeError("Another"));
  socket.send({ type: "seen", seq: 1 });
  assert.equal(await closeCode(socket), 1011);
  for (let n = 0; n < 20; n++) other.send({ sessionId, message: "Hello" });
  assert.equal(await closeCode(other), 1011);
  assert.equal((await info(ada, sessionId)).status, "open");
});

test("typing that can't be stored is answered by an error, and the socket stays", async () => {
  await using all = await pair();
  const { site, linus, sessionId } = all;
  await using socket = await linus.socket(`sessionId=${sessionId}`);
  site.store.sessions.typing = () => Promise.reject(new Fault("unavailable", "Not now"));
  socket.send({ type: "typing" });
  assert.equal((await socket.type("error")).code, "unavailable");
  socket.send({ message: "Hello" });
  await socket.type("ack");
});
