/** A whole journey with secrets that are easy to recognise; then everything that the server says is searched for them. */
import assert from "node:assert/strict";
import { eventually, listen, test } from "./helpers.ts";
import { upgrade } from "./raw_socket.ts";
import { post, Started } from "./started.ts";
import { requestOf } from "./route_row.ts";
import { TABLE } from "./route_table.ts";
import { World } from "./world.ts";

const SETUP_CODE = "setup-code-e1b7c2";
const METRICS_TOKEN = "metrics-token-8f0a31";
const PASSWORDS = {
  ada: "adas-password-4be2",
  grace: "graces-password-77d0",
  linus: "linus-password-c4a9",
  next: "the-next-password-09fe",
  wrong: "a-wrong-password-5d1c",
} as const;

/** Everything that was answered, but for what an answer is there to give. */
class Journey {
  readonly secrets = new Map<string, string>([
    ["the setup code", SETUP_CODE],
    ["the metrics token", METRICS_TOKEN],
    ...Object.entries(PASSWORDS),
  ]);
  readonly heard: string[] = [];

  constructor(readonly url: string) {}

  /** A secret that the answer may say, once. */
  keep(name: string, secret: string): string {
    assert.ok(secret?.length >= 20, name);
    this.secrets.set(name, secret);
    return secret;
  }

  // deno-lint-ignore no-explicit-any -- answers are looked at field by field
  async json(path: string, body: unknown, token?: string): Promise<any> {
    const answer = await post(this.url, path, body, token);
    const { token: given, ticket, invite, url: _, ...rest } = answer.body;
    this.heard.push(`${path} ${JSON.stringify(rest)}`);
    for (const [name, secret] of Object.entries({ token: given, ticket, invite })) {
      if (secret) this.keep(`the ${name} from ${path} ${this.secrets.size}`, secret);
    }
    for (const cookie of given ? answer.headers.getSetCookie() : []) {
      assert.ok(cookie.includes(given));
    }
    return { status: answer.status, ...answer.body };
  }

  async page(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(this.url + path, { redirect: "manual", ...init });
    const text = await response.clone().text();
    const headers = [...response.headers].filter(([name]) => name !== "set-cookie");
    const where = path.replace(/^\/reset\/.*/, "/reset/…");
    this.heard.push(`${where} ${response.status} ${JSON.stringify(headers)}\n${text}`);
    return response;
  }

  form(path: string, fields: Record<string, string>, cookie = ""): Promise<Response> {
    const body = new URLSearchParams(fields);
    return this.page(path, { method: "POST", body, headers: { cookie, origin: this.url } });
  }

  assertSilent(where: string, text: string): void {
    for (const [name, secret] of this.secrets) {
      const at = text.indexOf(secret);
      assert.ok(at < 0, `${where} tells ${name}: ${text.slice(Math.max(0, at - 200), at)}…`);
      assert.ok(!text.includes(encodeURIComponent(secret)), `${where} tells ${name}`);
    }
    assert.doesNotMatch(text, /\$2[aby]\$\d\d\$/, `${where} tells a password's hash`);
  }
}

const cookieOf = (response: Response): string =>
  response.headers.getSetCookie()[0]?.split(";")[0] ?? "";

test("no secret shows in a log line, an error, a page, the numbers, or the process list", async () => {
  const env = { SETUP_CODE, METRICS_TOKEN, LOG_LEVEL: "debug" };
  await using server = await Started.open({ env });
  const { url } = server;
  const go = new Journey(url);
  const account = (name: keyof typeof PASSWORDS) => ({
    name,
    email: `${name}@example.com`,
    password: PASSWORDS[name],
  });

  // People come, some of them wrongly.
  const refused = await go.json("/api/agent/register", { ...account("ada"), setupCode: "wrong" });
  assert.equal(refused.status, 403);
  const first = await go.json("/api/agent/register", { ...account("ada"), setupCode: SETUP_CODE });
  assert.equal(first.status, 201);
  await go.json("/api/user/register", account("linus"));
  await go.json("/api/user/register", account("linus")); // taken
  await go.json("/api/user/register", { ...account("linus"), email: "no address" });
  await go.json("/api/user/register", { ...account("next"), name: { is: "no text" } });
  const wrong = { ...account("linus"), password: PASSWORDS.wrong };
  await go.json("/api/user/login", wrong);
  await go.form("/login", { ...wrong, next: `/chat?x=${PASSWORDS.wrong.slice(0, 4)}` });
  await go.form("/register", { ...account("next"), email: "nonsense" });
  await go.form("/agent/register", { ...account("grace"), code: "wrong" });
  const ada = await go.json("/api/agent/login", account("ada"));
  const linus = await go.json("/api/user/login", account("linus"));
  const signIn = await go.form("/login", account("linus"));
  const cookie = cookieOf(signIn);
  go.keep("the page's cookie", cookie.split("=")[1]!);

  // Invitations and resets, used, used again, and never there.
  const { invite } = await go.json("/api/agent/invite", {}, ada.token);
  await go.page(`/agent/register?invite=${"x".repeat(43)}`);
  const entered = await go.form("/agent/register", { ...account("grace"), invite });
  go.keep("the invited agent's cookie", cookieOf(entered).split("=")[1]!);
  assert.equal(entered.status, 303);
  await go.form("/agent/register", { ...account("next"), invite: "nonsense" });
  const team = await fetch(`${url}/agent/team/${first.agentId}/reset`, {
    method: "POST",
    headers: { authorization: `Bearer ${ada.token}` },
  });
  const reset = go.keep("the reset's token", /\/reset\/([\w-]{43})/.exec(await team.text())![1]!);
  await (await fetch(`${url}/reset/${reset}`)).body?.cancel(); // its own address stands in its form
  const chosen = await go.form(`/reset/${reset}`, { password: PASSWORDS.next });
  assert.equal(chosen.status, 303);
  const again = await go.form(`/reset/${reset}`, { password: PASSWORDS.next });
  assert.equal(again.status, 404);

  // A conversation, its sockets, and what they are refused with.
  const { sessionId } = await go.json("/api/session/start", {}, linus.token);
  const { ticket } = await go.json("/api/ws-ticket", {}, linus.token);
  const query = `sessionId=${sessionId}&ticket=${ticket}`;
  const socket = await listen(`${url.replace("http", "ws")}/ws?${query}`);
  socket.send({ message: "Hello" });
  socket.send(PASSWORDS.wrong);
  // what is refused is told while the other is being stored
  for (const type of ["ack", "error"]) {
    await eventually(() => socket.frames.some((frame) => frame.type === type));
  }
  for (
    const [path, headers] of [
      [`/ws?${query}`, {}],
      [`/ws?sessionId=${sessionId}&agentId=x`, { authorization: `Bearer ${linus.token}` }],
      [`/ws?sessionId=${sessionId}`, { cookie, origin: "https://evil.example" }],
      [`/chat/none/live`, { cookie, origin: url }],
    ] as const
  ) {
    const { status, headers: answered, body } = await upgrade(url, path, { ...headers });
    assert.ok(status >= 400, path);
    go.heard.push(`${path.split("?")[0]} ${JSON.stringify([...answered])} ${body}`);
  }
  go.heard.push(JSON.stringify(socket.frames));

  // Whatever else can go wrong.
  const bearer = { authorization: `Bearer ${linus.token}` };
  const json = { ...bearer, "content-type": "application/json" };
  for (const body of [`{"password":"${PASSWORDS.wrong}`, "x".repeat(100_000), '"text"']) {
    await go.page("/api/user/login", { method: "POST", headers: json, body });
  }
  await go.page("/api/me", { headers: { authorization: `Bearer ${PASSWORDS.wrong}` } });
  await go.form("/account/password", { current: PASSWORDS.wrong, password: "short" }, cookie);
  await go.form(
    "/account/password",
    { current: PASSWORDS.wrong, password: PASSWORDS.next },
    cookie,
  );
  for (const path of ["/", "/chat", `/chat/${sessionId}`, "/history", "/account", "/nowhere"]) {
    await go.page(path, { headers: { cookie } });
  }
  for (const path of ["/metrics", "/healthz", "/readyz", "/api/openapi.json", "/api/me"]) {
    await go.page(path, { headers: bearer });
  }
  const desk = await go.json("/api/agent/login", { ...account("ada"), password: PASSWORDS.next });
  for (const path of ["/agent", "/agent/team", "/agent/account", `/agent/sessions/${sessionId}`]) {
    await go.page(path, { headers: { authorization: `Bearer ${desk.token}` } });
  }
  await go.form("/logout", {}, cookie);
  await go.json("/api/logout", {}, linus.token);
  await socket[Symbol.asyncDispose]();

  assert.ok(go.secrets.size > 12 && go.heard.length > 40);
  const ps = new Deno.Command("ps", { args: ["-ww", "-o", "args=", "-p", String(server.pid)] });
  const processes = new TextDecoder().decode(ps.outputSync().stdout);
  assert.match(processes, /main\.ts/);
  go.assertSilent("the process list", processes);
  for (const text of go.heard) go.assertSilent("an answer", text);
  await server.stop();
  assert.match(server.printed, /"event":"listening"/);
  go.assertSilent("the log", server.printed);
});

test("a fault of ours while somebody's secret is in hand logs no secret, and no answer tells the fault", async () => {
  const logged: string[] = [];
  await using world = await World.open({}, { logged });
  const { vouchers, signIns, customers, agents } = world.site.store;
  const breakable = [
    [vouchers, "peek"],
    [vouchers, "spend"],
    [signIns, "find"],
    [signIns, "add"],
    [customers, "byEmail"],
    [agents, "byEmail"],
  ] as const;
  const secrets = new Set<string>();
  const answers: string[] = [];
  for (const [owner, name] of breakable) {
    const rows = TABLE.filter(({ route, isSocket }) => /POST|reset/.test(route) || isSocket);
    for (const row of rows) {
      const id = row.thing ? world.idOf(row.thing, "own", "the customer") : "";
      const request = await requestOf(row, id, world);
      const headers = await world.credentials(
        row.route.includes("agent") ? "an admin" : "the customer",
        "bearer",
      );
      const { json = {}, form = {}, path } = request;
      for (const text of [...Object.values(json), ...Object.values(form), path.split("/").at(-1)]) {
        if (/^[\w-]{43}$/.test(String(text)) || text === "correct horse battery") {
          secrets.add(String(text));
        }
      }
      secrets.add(headers.authorization!.split(" ")[1]!);
      const methods = owner as unknown as Record<string, unknown>;
      const whole = methods[name];
      methods[name] = () => Promise.reject(new Error("detail-of-the-fault"));
      try {
        answers.push((await world.send(request, new Headers(headers))).body);
      } finally {
        delete methods[name]; // back to the class's own
        if (methods[name] !== whole) methods[name] = whole;
      }
    }
  }
  const lines = logged.join("\n");
  assert.ok(secrets.size > 50);
  assert.ok(lines.split("detail-of-the-fault").length > 20); // so that silence means something
  assert.deepEqual([...secrets].filter((secret) => lines.includes(secret)), []);
  assert.deepEqual(answers.filter((text) => text.includes("detail-of-the-fault")), []);
});
