/** Who gets through the door of `/ws`, with what, and when they are shown out again. */
import assert from "node:assert/strict";
import {
  eventually,
  listen,
  type Listener,
  PASSWORD,
  pause,
  type Person,
  test,
  type TestSite,
  testSite,
} from "./helpers.ts";
import type { LiveSocket } from "../routes/transport.ts";
import { closeCode, say, start, upgradeAnswer } from "./talk.ts";

async function talk() {
  const site = await testSite();
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  return { site, ada, linus, sessionId, [Symbol.asyncDispose]: () => site[Symbol.asyncDispose]() };
}

const bearer = ({ token }: Person) => ({ authorization: `Bearer ${token}` });
const cookies = (...people: Person[]) => people.map(({ cookie }) => cookie).join("; ");
const ws = (site: TestSite, query: string) => `${site.url.replace("http", "ws")}/ws?${query}`;

async function codeOf(site: TestSite, query: string, headers: Record<string, string> = {}) {
  const { status, body } = await upgradeAnswer(site, `/ws?${query}`, headers);
  return status === 101 ? "101" : `${status} ${JSON.parse(body).code}`;
}

test("the upgrade is refused to nobody, to others' ids, and where the session can't be read", async () => {
  await using all = await talk();
  const { site, ada, linus, sessionId } = all;
  const barbara = await site.customer("Barbara");
  const at = (query: string, headers?: Record<string, string>) => codeOf(site, query, headers);
  const s = `sessionId=${sessionId}`;

  assert.equal(await at(s, bearer(linus)), "101"); // so a refusal means something
  assert.equal(await at(`${s}&userId=${linus.id}`, bearer(linus)), "101");
  assert.equal(await at(`${s}&userId=${encodeURIComponent(linus.email)}`, bearer(linus)), "101");
  assert.equal(await at(`${s}&userId=LINUS@example.com`, bearer(linus)), "101");
  assert.equal(await at(`${s}&agentId=${ada.id}`, bearer(ada)), "101");
  assert.equal(await at(`${s}&agentId=${encodeURIComponent(ada.email)}`, bearer(ada)), "101");
  assert.equal(await at(`agentId=${ada.id}`, bearer(ada)), "101");

  assert.equal(await at(s), "401 unauthorized");
  assert.equal(await at(s, { authorization: "Bearer nonsense" }), "401 unauthorized");
  assert.equal(await at(`${s}&userId=${linus.id}`), "401 unauthorized");
  assert.equal(await at(`${s}&ticket=nonsense`), "401 unauthorized");
  assert.equal(await at(`${s}&userId=${barbara.id}`, bearer(linus)), "403 forbidden");
  assert.equal(await at(`${s}&userId=${barbara.email}`, bearer(linus)), "403 forbidden");
  assert.equal(await at(`${s}&agentId=${ada.id}`, bearer(linus)), "403 forbidden");
  assert.equal(await at(`${s}&userId=${linus.id}`, bearer(ada)), "403 forbidden");
  assert.equal(await at(s, bearer(barbara)), "404 not_found");
  assert.equal(await at(`sessionId=${"0".repeat(24)}`, bearer(ada)), "404 not_found");
  assert.equal(await at("sessionId=nonsense", bearer(linus)), "404 not_found");
});

test("a socket by cookie needs this site's Origin, one by bearer or ticket needs none", async () => {
  await using all = await talk();
  const { site, linus, sessionId } = all;
  const s = `sessionId=${sessionId}`;
  const { cookie } = linus;
  assert.equal(await codeOf(site, s, { cookie, origin: site.url }), "101");
  assert.equal(await codeOf(site, s, { cookie }), "403 forbidden");
  assert.equal(await codeOf(site, s, { cookie, origin: "null" }), "403 forbidden");
  assert.equal(await codeOf(site, s, { cookie, origin: "https://evil.example" }), "403 forbidden");
  assert.equal(
    await codeOf(site, s, { cookie, origin: `${site.url}.evil.example` }),
    "403 forbidden",
  );
  assert.equal(await codeOf(site, s, { ...bearer(linus) }), "101");
  const { ticket } = (await linus.post("/api/ws-ticket")).body;
  assert.equal(await codeOf(site, `${s}&ticket=${ticket}`), "101");
});

test("a foreign Origin is refused even where no cookie is relied on", async () => {
  await using all = await talk();
  const { site, linus, sessionId } = all;
  const origin = "https://evil.example";
  const s = `sessionId=${sessionId}`;
  assert.equal(await codeOf(site, s, { ...bearer(linus), origin: site.url }), "101");
  assert.equal(await codeOf(site, s, { origin }), "401 unauthorized");
});

test("of two cookies the address says which counts, and without a word whoever may read", async () => {
  await using all = await talk();
  const { site, ada, linus, sessionId } = all;
  const barbara = await site.customer("Barbara");
  const hears = async (query: string, cookie: string) => {
    const socket = await listen(ws(site, query), { headers: { cookie, origin: site.url } });
    socket.send({ sessionId, message: `By ${query}`, clientId: crypto.randomUUID() });
    const { type, code } = await socket.next((f) => f.type === "ack" || f.type === "error");
    await socket[Symbol.asyncDispose]();
    return code ?? type;
  };
  const s = `sessionId=${sessionId}`;
  const last = async () => (await linus.get(`/api/session/messages?${s}&limit=1`)).body.messages[0];
  assert.equal(await hears(`${s}&agentId=${ada.id}`, cookies(linus, ada)), "ack");
  assert.equal((await last()).sender, "agent");
  assert.equal(await hears(`${s}&userId=${linus.id}`, cookies(linus, ada)), "ack");
  assert.equal((await last()).sender, "user");
  assert.equal(await hears(s, cookies(linus, ada)), "ack");
  assert.equal((await last()).sender, "user");
  assert.equal(await hears(s, cookies(barbara, ada)), "ack"); // the customer may not, the agent may
  assert.equal((await last()).sender, "agent");
  const headers = { cookie: cookies(barbara, ada), origin: site.url };
  assert.equal(await codeOf(site, `${s}&userId=${barbara.id}`, headers), "404 not_found");
  assert.equal(await codeOf(site, "", headers), "101"); // without a session only agents may
  assert.equal(await codeOf(site, `userId=${barbara.id}`, headers), "400 malformed");
  assert.equal(await codeOf(site, "", { ...headers, cookie: barbara.cookie }), "400 malformed");
});

test("a ticket opens one socket, within thirty seconds", async () => {
  await using all = await talk();
  const { site, linus, sessionId } = all;
  const ask = async () => {
    const { status, body } = await linus.post("/api/ws-ticket");
    assert.deepEqual([status, body.expiresIn], [200, 30]);
    return `sessionId=${sessionId}&ticket=${body.ticket}`;
  };
  const query = await ask();
  const opened = await Promise.all(Array.from({ length: 8 }, () => codeOf(site, query)));
  assert.deepEqual(opened.sort(), ["101", ...Array(7).fill("401 unauthorized")]);
  const late = await ask();
  const early = await ask();
  await site.clock.move(29_000);
  assert.equal(await codeOf(site, early), "101");
  await site.clock.move(2_000);
  assert.equal(await codeOf(site, late), "401 unauthorized");
});

test("a ticket of an ended sign-in opens nothing", async () => {
  await using all = await talk();
  const { site, linus, sessionId } = all;
  const { ticket } = (await linus.post("/api/ws-ticket")).body;
  await linus.post("/api/logout");
  assert.equal(await codeOf(site, `sessionId=${sessionId}&ticket=${ticket}`), "401 unauthorized");
});

/** Whether it closes with 1008 within a second. */
const isShownOut = async (socket: Listener) => await closeCode(socket) === 1008;

test("the end of a sign-in closes its sockets with 1008 within a second, and no other's", async () => {
  await using all = await talk();
  const { site, ada, linus, sessionId } = all;
  const query = `sessionId=${sessionId}`;
  const response = await site.fetch("/api/user/login", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: linus.email, password: PASSWORD }),
  });
  const authorization = `Bearer ${(await response.json()).token}`;
  await using elsewhere = await listen(ws(site, query), { headers: { authorization } });
  await using atAda = await ada.socket(query);
  const gone = [
    await linus.socket(query),
    await listen(ws(site, query), { headers: bearer(linus) }),
    await listen(ws(site, query), { headers: { cookie: linus.cookie, origin: site.url } }),
    await listen(`${site.url.replace("http", "ws")}/chat/${sessionId}/live`, {
      headers: { cookie: linus.cookie, origin: site.url },
    }),
  ];
  await linus.post("/api/logout");
  assert.deepEqual(await Promise.all(gone.map(isShownOut)), [true, true, true, true]);
  await say(ada, sessionId, "Are you there?");
  for (const socket of [elsewhere, atAda]) {
    await socket.next(({ message }) => message === "Are you there?");
  }
});

test("a new password and “Sign out everywhere” close the sockets of the other sign-ins", async () => {
  await using all = await talk();
  const { site, ada, linus, sessionId } = all;
  const query = `sessionId=${sessionId}`;
  const open = (token: string) =>
    listen(ws(site, query), { headers: { authorization: `Bearer ${token}` } });
  const fresh = async (who: Person, side: "user" | "agent") => {
    const response = await site.fetch(`/api/${side}/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email: who.email, password: PASSWORD }),
    });
    return await open((await response.json()).token);
  };
  const phone = await fresh(linus, "user");
  await using own = await open(linus.token);
  const changed = await linus.form("/account/password", {
    current: PASSWORD,
    password: "another good one",
  });
  assert.equal(changed.status, 303);
  await changed.body?.cancel();
  assert.ok(await isShownOut(phone));
  await say(ada, sessionId, "Still there?");
  await own.type("message"); // the sign-in that changed it goes on

  const desk = await fresh(ada, "agent");
  const signedOut = await ada.form("/agent/account/sign-outs", {});
  assert.equal(signedOut.status, 303);
  await signedOut.body?.cancel();
  assert.ok(await isShownOut(desk));
  assert.equal((await ada.get("/api/me")).status, 401);
});

test("whoever signs out while the socket is being opened is shown out", async () => {
  await using all = await talk();
  const { site, linus, sessionId } = all;
  let closed: number | undefined;
  let open: (socket: LiveSocket) => void = () => assert.fail("nothing is opened");
  const env = { takeOver: (then: typeof open) => open = then };
  const asked = `/ws?sessionId=${sessionId}`;
  const { status } = await site.site.app.request(asked, { headers: bearer(linus) }, env);
  assert.equal(status, 200);
  await linus.post("/api/logout");
  await pause(100); // until all who could hear of it have
  open({
    buffered: 0,
    send() {},
    close(code) {
      closed = code;
      this.onClose();
    },
    onFrame: () => Promise.resolve(),
    onTooLarge() {},
    onClose() {},
  });
  await eventually(() => closed === 1008, { what: "being shown out" });
});
