/** Passwords, tokens and invitations: what is refused, what is kept, what ends, and what works once. */
import assert from "node:assert/strict";
import { hash } from "bcrypt";
import { Accounts } from "../services/accounts.ts";
import { MAX_PASSWORD_BYTES } from "../services/domain.ts";
import { openLog } from "../services/log.ts";
import { COST, Passwords } from "../services/passwords.ts";
import { openSqlite } from "../services/sqlite/open.ts";
import { eventually, listen, PASSWORD, test, type TestSite, testSite } from "./helpers.ts";
import { post, Started } from "./started.ts";

const log = openLog("error", () => {});
const registration = (password: string, email = "linus@example.com") => ({
  name: "Linus",
  email,
  password,
});

// ---- what is a password -------------------------------------------------------------------------

test("73 bytes, which bcrypt would cut, are refused as a password wherever one is chosen", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const { invite } = (await ada.post("/api/agent/invite", {})).body;
  const tokenOf = (id: string) => site.site.parts.signIns.reset("user", id);
  const doors = [
    async (password: string, n: number) => {
      const body = registration(password, `u${n}@example.com`);
      return (await post(site.url, "/api/user/register", body)).status;
    },
    async (password: string, n: number) => {
      const body = { ...registration(password, `a${n}@example.com`), invite };
      return (await post(site.url, "/api/agent/register", body)).status;
    },
    (password: string, n: number) =>
      formStatus(linus.form("/register", registration(password, `f${n}@example.com`))),
    (password: string) =>
      formStatus(linus.form("/account/password", { current: PASSWORD, password })),
    (password: string) =>
      formStatus(ada.form("/agent/account/password", { current: PASSWORD, password })),
    async (password: string) =>
      formStatus(linus.form(`/reset/${await tokenOf(linus.id)}`, { password })),
  ];
  const tooLong = ["a".repeat(73), "é".repeat(36) + "a", "𝔘".repeat(18) + "a"];
  assert.ok(tooLong.every((text) => new TextEncoder().encode(text).length === 73));
  for (const [n, door] of doors.entries()) {
    for (const password of [...tooLong, "a".repeat(1_000), "seven77", ""]) {
      assert.equal(await door(password, n), 422, `door ${n}: ${password}`);
    }
  }
  for (const [n, door] of doors.entries()) { // so that refusing means something
    const status = await door("a".repeat(MAX_PASSWORD_BYTES), n);
    assert.ok(status < 400, `door ${n}: ${status}`);
  }
});

async function formStatus(answer: Promise<Response>): Promise<number> {
  const response = await answer;
  await response.body?.cancel();
  return response.status;
}

test("two passwords that differ in their last byte only are two", async () => {
  const passwords = await Passwords.open(log, 4);
  const hashed = await passwords.hash("a".repeat(72));
  assert.equal(await passwords.matches("a".repeat(72), hashed), true);
  assert.equal(await passwords.matches("a".repeat(71) + "b", hashed), false);
  assert.equal(await passwords.matches("a".repeat(71), hashed), false);
});

test("72 bytes are a password with nothing after them, wherever it is asked for", async () => {
  await using site = await testSite();
  const password = "é".repeat(36);
  const longer = `${password}anything`;
  for (const side of ["user", "agent"]) {
    const { email } = registration(password);
    await post(site.url, `/api/${side}/register`, registration(password));
    const login = (tried: string) =>
      post(site.url, `/api/${side}/login`, { email, password: tried });
    const [wrong, cut, right] = [await login("wrong"), await login(longer), await login(password)];
    assert.deepEqual([cut.status, cut.body], [401, wrong.body]);
    assert.equal(right.status, 200);
    const account = side === "agent" ? "/agent/account" : "/account";
    const change = (current: string) =>
      formStatus(site.fetch(`${account}/password`, {
        method: "POST",
        headers: { authorization: `Bearer ${right.body.token}`, origin: site.url },
        body: new URLSearchParams({ current, password: PASSWORD }),
      }));
    assert.equal(await change(longer), 422);
    assert.equal(await change(password), 303);
  }
});

// ---- who is it ----------------------------------------------------------------------------------

test("an unknown e-mail and a wrong password look alike, over JSON and on pages, for both sides", async () => {
  await using site = await testSite();
  await site.agent("Ada");
  await site.customer("Linus");
  const tries = [
    { email: "linus@example.com", password: "wrong but long enough" },
    { email: "nobody@example.com", password: PASSWORD },
    { email: "ada@agents.example", password: "wrong but long enough" },
    { email: "no address at all", password: PASSWORD },
    { email: "linus@example.com", password: "x".repeat(900) },
  ];
  for (const path of ["/api/user/login", "/api/agent/login"]) {
    const answers = await Promise.all(tries.map((body) => post(site.url, path, body)));
    for (const { status, body, headers } of answers) {
      assert.deepEqual([status, body], [401, answers[0]!.body]);
      assert.deepEqual(headers.getSetCookie(), []);
    }
  }
  for (const path of ["/login", "/agent/login"]) {
    const pages = await Promise.all(tries.map(async (fields) => {
      const body = new URLSearchParams(fields);
      const response = await site.fetch(path, {
        method: "POST",
        body,
        headers: { origin: site.url },
      });
      const page = await response.text();
      assert.ok(!page.includes(fields.password), "the password came back");
      return [response.status, page.replaceAll(fields.email, "…")];
    }));
    for (const page of pages) assert.deepEqual(page, pages[0]);
    assert.equal(pages[0]![0], 422);
  }
});

/** Counts, and does, what it stands for. */
async function counting() {
  const passwords = await Passwords.open(log, 4);
  const compared: (string | undefined)[] = [];
  const matches = passwords.matches.bind(passwords);
  passwords.matches = (password, hash) => {
    compared.push(hash);
    return matches(password, hash);
  };
  return { passwords, compared };
}

test("a hash is compared for an unknown account as for a known one", async () => {
  await using site = await testSite();
  await site.customer("Linus");
  await site.agent("Ada");
  const { store, clock, signIns } = site.site.parts;
  const { passwords, compared } = await counting();
  const accounts = new Accounts({
    store,
    clock,
    passwords,
    signIns,
    agentCapacity: 1,
    setupCode: undefined,
  });
  const wrong = { code: "unauthorized", message: "The e-mail address or the password is wrong" };
  await assert.rejects(accounts.customerBy("linus@example.com", "wrong password"), wrong);
  await assert.rejects(accounts.customerBy("nobody@example.com", "wrong password"), wrong);
  await assert.rejects(accounts.agentBy("ada@agents.example", "wrong password"), wrong);
  await assert.rejects(accounts.agentBy("nobody@example.com", "wrong password"), wrong);
  assert.deepEqual(compared.map((hash) => hash !== undefined), [true, false, true, false]);
});

test("without a hash, or with too long a password, the comparison is a real one of the same cost, and never true", async () => {
  const compared: string[] = [];
  const passwords = await Passwords.open(log, 6);
  const bcrypt = (await import("bcrypt")).default;
  const { compare } = bcrypt;
  bcrypt.compare = ((password: string, hash: string) => {
    compared.push(hash);
    return compare(password, hash);
  }) as typeof compare;
  try {
    assert.equal(await passwords.matches("anything", undefined), false);
    assert.equal(await passwords.matches("anything", await hash("anything", 6)), true);
    const longest = "a".repeat(MAX_PASSWORD_BYTES);
    assert.equal(await passwords.matches(`${longest}b`, await hash(longest, 6)), false);
  } finally {
    bcrypt.compare = compare;
  }
  assert.deepEqual(compared.map((text) => text.slice(0, 7)), Array(3).fill("$2b$06$"));
});

// ---- what is kept -------------------------------------------------------------------------------

test("passwords are kept as bcrypt hashes of cost 12, and tokens as hashes only", async () => {
  assert.equal(COST, 12);
  await using server = await Started.open();
  const { url } = server;
  const password = "a recognisable passphrase";
  const ask = async (path: string, body: object, token?: string) => {
    const answer = await post(url, path, body, token);
    assert.ok(answer.status < 300, `${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  await ask("/api/agent/register", { ...registration(password), email: "ada@example.com" });
  const ada = await ask("/api/agent/login", { email: "ada@example.com", password });
  await ask("/api/user/register", registration(password));
  const linus = await ask("/api/user/login", { email: "linus@example.com", password });
  const { invite } = await ask("/api/agent/invite", {}, ada.token);
  const { ticket } = await ask("/api/ws-ticket", {}, linus.token);
  const guest = await ask("/api/user/guest", { name: "Gast" });
  const files = server.dataFiles().map((bytes) => new TextDecoder("latin1").decode(bytes)).join();
  assert.match(files, /linus@example\.com/); // so that finding nothing means something
  const hashes = files.match(/\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}/g) ?? [];
  assert.equal(new Set(hashes).size, 2); // the same password twice: each with a salt of its own
  for (const hash of hashes) assert.match(hash, /^\$2b\$12\$/);
  for (const secret of [password, ada.token, linus.token, guest.token, invite, ticket]) {
    assert.ok(secret.length >= 20);
    assert.ok(!files.includes(secret), secret);
  }
});

test("every token has 256 bits of its own", async () => {
  await using site = await testSite();
  const linus = await site.customer("Linus");
  const tokens = await Promise.all(
    Array.from({ length: 200 }, () => site.site.parts.signIns.begin("user", linus.id)),
  );
  assert.equal(new Set(tokens).size, 200);
  for (const token of tokens) assert.match(token, /^[\w-]{43}$/); // 32 bytes in base64url
});

// ---- what ends ----------------------------------------------------------------------------------

const isSignedIn = async (site: TestSite, cookie: string): Promise<boolean> => {
  const response = await site.fetch("/api/me", { headers: { cookie } });
  await response.body?.cancel();
  return response.status === 200;
};

test("a sign-in is new each time, and the one that came with the request ends", async () => {
  await using site = await testSite();
  const linus = await site.customer("Linus");
  const cookieFrom = async (path: string, headers: Record<string, string>) => {
    const body = new URLSearchParams({ email: linus.email, password: PASSWORD });
    const response = await site.fetch(path, {
      method: "POST",
      body,
      headers: { origin: site.url, ...headers },
    });
    await response.body?.cancel();
    return response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  };
  const first = await cookieFrom("/login", {});
  const planted = await cookieFrom("/login", { cookie: "handoff_user=planted-by-somebody" });
  assert.notEqual(planted, "handoff_user=planted-by-somebody");
  const second = await cookieFrom("/login", { cookie: first });
  assert.equal(new Set([first, planted, second, linus.cookie]).size, 4);
  assert.equal(await isSignedIn(site, first), false);
  assert.equal(await isSignedIn(site, second), true);
  assert.equal(await isSignedIn(site, linus.cookie), true); // elsewhere nothing happened
});

test("signing out ends the sign-in everywhere it is used, open sockets within a second", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const { sessionId } = (await linus.post("/api/session/start")).body;
  const ws = site.url.replace("http", "ws");
  const at = (path: string, headers: Record<string, string>) => listen(ws + path, { headers });
  const own = { origin: site.url };
  const sockets = [
    await linus.socket(`sessionId=${sessionId}`), // by ticket
    await at(`/ws?sessionId=${sessionId}`, { authorization: `Bearer ${linus.token}` }),
    await at(`/chat/${sessionId}/live`, { cookie: linus.cookie, ...own }),
    await ada.socket(`agentId=${ada.id}`),
    await at("/agent/live", { cookie: ada.cookie, ...own }),
  ];
  const { ticket } = (await linus.post("/api/ws-ticket")).body;
  const out = [linus.form("/logout", {}), ada.form("/agent/logout", {})];
  assert.deepEqual(await Promise.all(out.map(formStatus)), [303, 303]);
  const codes: number[] = [];
  for (const { closed } of sockets) closed.then(({ code }) => codes.push(code));
  await eventually(() => codes.length === sockets.length, { within: 1_000, what: "their end" });
  assert.deepEqual(codes, [1008, 1008, 1008, 1008, 1008]);
  for (const { get } of [linus, ada]) assert.equal((await get("/api/me")).status, 401);
  await assert.rejects(at(`/ws?sessionId=${sessionId}&ticket=${ticket}`, {}), /refused/);
});

// ---- what works once ----------------------------------------------------------------------------

test("of fifty first agents at once one is admin, and no other one gets in", async () => {
  const folder = await Deno.makeTempDir();
  await using store = await openSqlite({ file: `${folder}/handoff.db` });
  await using site = await testSite({ store });
  const tries = await Promise.all(
    Array.from({ length: 50 }, (_, n) =>
      post(site.url, "/api/agent/register", {
        name: `Agent ${n}`,
        email: `agent${n}@example.com`,
        password: PASSWORD,
      })),
  );
  assert.deepEqual(tries.map(({ status }) => status).sort(), [201, ...Array(49).fill(403)]);
  const agents = await store.agents.all();
  assert.deepEqual(agents.map(({ role }) => role), ["admin"]);
  await Deno.remove(folder, { recursive: true });
});

test("an invitation lets one in, also of twenty at once, and a reset link sets one password", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  const { invite } = (await ada.post("/api/agent/invite", { role: "agent" })).body;
  const tries = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      post(site.url, "/api/agent/register", {
        ...registration(PASSWORD, `agent${n}@example.com`),
        invite,
      })),
  );
  assert.deepEqual(tries.map(({ status }) => status).sort(), [201, ...Array(19).fill(403)]);
  assert.equal((await site.store.agents.all()).length, 2);
  const late = { ...registration(PASSWORD, "late@example.com"), invite };
  assert.equal((await post(site.url, "/api/agent/register", late)).status, 403);

  const linus = await site.customer("Linus");
  const link = `/reset/${await site.site.parts.signIns.reset("user", linus.id)}`;
  const chosen = await Promise.all(
    Array.from(
      { length: 20 },
      (_, n) => formStatus(linus.form(link, { password: `the new password ${n}` })),
    ),
  );
  assert.deepEqual(chosen.sort(), [303, ...Array(19).fill(404)]);
  await eventually(async () => (await linus.get("/api/me")).status === 401);
});
