/** `origin.md`, walked by its own endpoints and addresses, with JSON as it stands there. */
import assert from "node:assert/strict";
import { listen, type Listener, PASSWORD, test, type TestSite, testSite } from "./helpers.ts";
import { ARTICLES } from "./talk.ts";

// deno-lint-ignore no-explicit-any -- answers are looked at field by field, by assertions
type Json = any;

/** A program written after `origin.md` and nothing else: JSON, a bearer, the addresses of the document. */
class Client {
  readonly #site: TestSite;
  token = "";

  constructor(site: TestSite) {
    this.#site = site;
  }

  async post(path: string, body: unknown): Promise<Json> {
    return await this.#ask(path, { method: "POST", body: JSON.stringify(body) });
  }

  async get(path: string): Promise<Json> {
    return await this.#ask(path, {});
  }

  ws(query: string): Promise<Listener> {
    const url = `${this.#site.url.replace("http", "ws")}/ws?${query}`;
    return listen(url, { headers: { authorization: `Bearer ${this.token}` } });
  }

  async #ask(path: string, init: RequestInit): Promise<Json> {
    const headers = {
      "content-type": "application/json",
      ...(this.token && { authorization: `Bearer ${this.token}` }),
    };
    const response = await this.#site.fetch(path, { ...init, headers });
    const answer = await response.json();
    assert.ok(response.ok, `${path}: ${response.status} ${JSON.stringify(answer)}`);
    assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
    return answer;
  }
}

async function register(site: TestSite, kind: "user" | "agent", name: string) {
  const client = new Client(site);
  const email = `${name.toLowerCase()}@example.com`;
  const registered = await client.post(`/api/${kind}/register`, {
    name,
    email,
    password: PASSWORD,
  });
  const answer = await client.post(`/api/${kind}/login`, { email, password: PASSWORD });
  const id: string = answer[`${kind}Id`];
  assert.match(id, /^[0-9a-f]{24}$/);
  assert.equal(registered[`${kind}Id`], id);
  assert.deepEqual([answer.name, answer.email], [name, email]);
  assert.ok(!JSON.stringify([registered, answer]).includes(PASSWORD));
  client.token = answer.token;
  return { client, id, answer };
}

test("origin.md's customer journey, agent workflow and system flow work as they stand there", async () => {
  await using site = await testSite({ articles: ARTICLES });

  // Agent workflow 1: logs in, and the status becomes "available".
  const ada = await register(site, "agent", "Ada");
  assert.equal(ada.answer.status, "available");

  // Customer journey 1 to 3, system flow 1 and 2: a session with the free agent, who is then busy.
  const linus = await register(site, "user", "Linus");
  const session = await linus.client.post("/api/session/start", { userId: linus.id });
  assert.match(session.sessionId, /^[0-9a-f]{24}$/);
  assert.equal(session.userId, linus.id);
  assert.equal(session.mode, "human");
  assert.equal(session.assignedAgent, ada.id);
  assert.ok(Math.abs(Date.parse(session.createdAt) - Date.now()) < 60_000);
  const status = await ada.client.post("/api/agent/status", { agentId: ada.id });
  assert.equal(status.status, "busy");
  const { sessions } = await ada.client.get(`/api/session/agent/${ada.id}`);
  assert.deepEqual(sessions.map((one: Json) => one.sessionId), [session.sessionId]);

  // Customer journey 4, system flow 4: both talk over their sockets.
  const { sessionId } = session;
  await using atLinus = await linus.client.ws(`userId=${linus.id}&sessionId=${sessionId}`);
  await using atAda = await ada.client.ws(`agentId=${ada.id}&sessionId=${sessionId}`);
  await atAda.type("session");
  await atLinus.type("session");
  atLinus.send({ sessionId, sender: "user", message: "Where is my lamp?" });
  const heard = await atAda.type("message");
  assert.deepEqual(
    [heard.sessionId, heard.sender, heard.message],
    [sessionId, "user", "Where is my lamp?"],
  );
  atAda.send({ sessionId, sender: "agent", message: "On its way." });
  const answered = await atLinus.type("message");
  assert.deepEqual(
    [answered.sessionId, answered.sender, answered.message],
    [sessionId, "agent", "On its way."],
  );
  const posted = await linus.client.post("/api/session/message", {
    sessionId,
    sender: "user",
    message: "Thank you",
  });
  assert.deepEqual([posted.sender, posted.text], ["user", "Thank you"]);
  assert.equal((await atAda.type("message")).message, "Thank you");

  // Customer journey 5, system flow 5: the history is kept.
  const { messages } = await linus.client.get(`/api/session/messages?sessionId=${sessionId}`);
  const said = messages.filter(({ sender }: Json) => sender !== "system");
  assert.deepEqual(said.map(({ sender, text }: Json) => `${sender}: ${text}`), [
    "user: Where is my lamp?",
    "agent: On its way.",
    "user: Thank you",
  ]);
  for (const message of messages) {
    assert.match(message.id, /^[0-9a-f]{24}$/);
    assert.equal(message.sessionId, sessionId);
    assert.ok(!Number.isNaN(Date.parse(message.timestamp)));
  }

  // System flow 3: nobody is free, so the assistant has it.
  const barbara = await register(site, "user", "Barbara");
  const second = await barbara.client.post("/api/session/start", { userId: barbara.id });
  assert.equal(second.mode, "ai");
  assert.equal(second.assignedAgent, null);
  const address = `userId=${barbara.id}&sessionId=${second.sessionId}`;
  await using atBarbara = await barbara.client.ws(address);
  await atBarbara.type("session");
  atBarbara.send({
    sessionId: second.sessionId,
    sender: "user",
    message: "Within how many days can I return a lamp?",
  });
  const byAi = await atBarbara.type("message");
  assert.equal(byAi.sender, "ai");
  assert.match(byAi.message, /30 days/);

  // Agent workflow 2 and 5: a waiting customer is given to the agent, who has several at once.
  await barbara.client.post("/api/session/message", {
    sessionId: second.sessionId,
    sender: "user",
    message: "I want to talk to a person",
  });
  await atBarbara.next(({ type, waiting }) => type === "session" && waiting);
  await ada.client.post("/api/agent/status", { agentId: ada.id, status: "available", capacity: 2 });
  const joined = await atBarbara.next(({ type, mode }) => type === "session" && mode === "human");
  assert.equal(joined.assignedAgent, ada.id);
  await using atAdaToo = await ada.client.ws(`agentId=${ada.id}&sessionId=${second.sessionId}`);
  atAdaToo.send({ sessionId: second.sessionId, sender: "agent", message: "Hello Barbara" });
  await atBarbara.next(({ type, message }) => type === "message" && message === "Hello Barbara");
  atAda.send({ sessionId, sender: "agent", message: "Hello again" });
  await atLinus.next(({ type, message }) => type === "message" && message === "Hello again");
  const both = (await ada.client.get(`/api/session/agent/${ada.id}`)).sessions;
  assert.deepEqual(
    both.map((one: Json) => one.sessionId).sort(),
    [sessionId, second.sessionId].sort(),
  );
  const full = await ada.client.post("/api/agent/status", { agentId: ada.id });
  assert.equal(full.status, "busy");

  // System flow 6. `origin.md` names no address for the end of a session: this one is ours.
  await linus.client.post("/api/session/end", { sessionId });
  const { status: after } = await ada.client.post("/api/agent/status", { agentId: ada.id });
  assert.equal(after, "available");
  const ended = await linus.client.get(`/api/session/info?sessionId=${sessionId}`);
  assert.deepEqual([ended.mode, ended.status, ended.userId], ["human", "closed", linus.id]);

  // Agent workflow 4: status by hand.
  for (const wish of ["busy", "offline", "available"]) {
    const set = await ada.client.post("/api/agent/status", { agentId: ada.id, status: wish });
    assert.equal(set.status, wish);
  }
});

test("the four collections' field names are the API's", async () => {
  await using site = await testSite();
  const ada = await register(site, "agent", "Ada");
  const linus = await register(site, "user", "Linus");
  const session = await linus.client.post("/api/session/start", {});
  const sent = await linus.client.post("/api/session/message", {
    sessionId: session.sessionId,
    message: "Hello",
  });
  const has = (object: Json, ...names: string[]) =>
    assert.deepEqual(names.filter((name) => !(name in object)), []);
  has(ada.answer, "name", "email", "status");
  has(session, "userId", "assignedAgent", "mode", "createdAt");
  has(sent, "sessionId", "sender", "text", "timestamp");
});
