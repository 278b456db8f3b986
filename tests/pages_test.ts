/** The pages of SPEC section 3: their addresses, controls, headers and weight. */
import assert from "node:assert/strict";
import { get } from "node:http";
import { gzipSync } from "node:zlib";
import { type Person, test, type TestSite, testSite } from "./helpers.ts";
import { controls, elements, textOf } from "./plain_browser.ts";
import { act, ARTICLES, ask, type Asked, ok, say, setStatus, start } from "./talk.ts";

interface Page {
  readonly path: string;
  readonly who?: Person;
  readonly names: readonly string[];
}

/** A small world, and every page in it. */
async function world() {
  const site = await testSite({ articles: ARTICLES, demo: true });
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const old = (await start(linus)).sessionId;
  await say(linus, old, "Hello");
  ok(await act(linus, "end", old));
  const { sessionId } = await start(linus);
  await say(linus, sessionId, "Hello again");
  await setStatus(ada, { status: "busy" });
  const barbara = await site.customer("Barbara");
  const waiting = (await start(barbara)).sessionId;
  const composer = ["log Conversation", "textbox Message", "button Send"];
  const statuses = ["button Available", "button Busy", "button Offline"];
  const lists = ["link Mine", "link Waiting", "link AI", "link Others", "link Closed"];
  const pages: Page[] = [
    { path: "/", names: ["link Start chat", "link Sign in", "link Returns", "textbox Search"] },
    { path: "/help", names: ["link Returns", "link Delivery", "textbox Search"] },
    { path: "/help?q=lamp", names: ["link Returns"] },
    { path: "/help/returns", names: ["heading Returns"] },
    {
      path: "/register",
      names: [
        "textbox Name",
        "textbox Email",
        "textbox Password",
        "button Create account",
        "link Sign in",
      ],
    },
    {
      path: "/login",
      names: [
        "textbox Email",
        "textbox Password",
        "button Sign in",
        "textbox Name",
        "button Continue as guest",
      ],
    },
    { path: "/agent/login", names: ["textbox Email", "textbox Password", "button Sign in"] },
    { path: "/agent/register", names: ["link Sign in"] },
    { path: "/demo", names: [] },
    { who: linus, path: "/", names: ["link Start chat", "button Sign out"] },
    { who: linus, path: "/account", names: ["textbox Name", "button Sign out everywhere"] },
    { who: linus, path: "/history", names: ["link Ada"] },
    { who: linus, path: "/chat", names: [...composer, "button End chat"] },
    { who: linus, path: `/chat/${sessionId}`, names: composer },
    { who: barbara, path: "/chat", names: [...composer, "button Talk to a person"] },
    {
      who: linus,
      path: `/chat/${old}`,
      names: [
        "log Conversation",
        "group Rate this chat",
        "link Transcript (text)",
        "link Transcript (JSON)",
      ],
    },
    { who: ada, path: "/agent", names: [...statuses, ...lists, "textbox Search"] },
    { who: ada, path: "/agent?list=closed", names: ["link Linus"] },
    { who: ada, path: "/agent?q=again", names: ["link Linus"] },
    {
      who: ada,
      path: `/agent/sessions/${sessionId}`,
      names: [
        ...composer,
        ...statuses,
        ...lists,
        "button Transfer",
        "button Close",
        "heading Customer",
      ],
    },
    {
      who: ada,
      path: `/agent/sessions/${waiting}`,
      names: ["log Conversation", "button Take over"],
    },
    { who: ada, path: `/agent/sessions/${old}`, names: ["log Conversation"] },
    {
      who: ada,
      path: "/agent/account",
      names: ["textbox Name", "textbox New password", "button Sign out everywhere"],
    },
    { who: ada, path: "/agent/team", names: ["button Invite", "button Reset link for Ada"] },
  ];
  const open = ({ path, who }: Page): Promise<Asked> =>
    ask(site, path, who ? { cookie: who.cookie } : {});
  return {
    site,
    ada,
    linus,
    sessionId,
    old,
    pages,
    open,
    [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
  };
}

test("each page answers with its controls, called by their names", async () => {
  await using all = await world();
  for (const page of all.pages) {
    const { status, headers, body } = await all.open(page);
    assert.equal(status, 200, page.path);
    assert.match(headers.get("content-type") ?? "", /^text\/html; charset=utf-8/i);
    const found = [...controls(body)];
    const missing = page.names.filter((name) => !found.some((one) => one.startsWith(name)));
    assert.deepEqual(missing, [], `${page.path} has ${found.join(", ")}`);
    assert.ok(!found.some((name) => name.endsWith(" ?")), `${page.path}: a field without label`);
    assert.equal(elements(body, "title").length, 1);
    assert.match(body, /^<!DOCTYPE html><html lang="en">/);
  }
  const closed = await all.linus.page(`/chat/${all.old}`);
  for (const gone of ["button Send", "button End chat", "button Talk to a person"]) {
    assert.ok(!controls(closed).has(gone));
  }
  const rejected = [
    ...controls(await all.ada.page("/agent")),
    ...controls(await all.ada.page("/agent/team")),
  ];
  for (const later of [/settings/i, /reports/i, /articles/i, /replies/i, /tags/i]) {
    assert.ok(
      !rejected.some((name) => /^(button|link)/.test(name) && later.test(name)),
      String(later),
    );
  }
});

test("who isn't signed in is sent to the right login and back", async () => {
  await using all = await world();
  const { site, sessionId, linus, ada } = all;
  for (const path of ["/chat", `/chat/${sessionId}`, "/history", "/account", "/history?after=x"]) {
    const { status, location } = await ask(site, path);
    assert.deepEqual([status, location], [303, `/login?next=${encodeURIComponent(path)}`]);
  }
  for (
    const path of [
      "/agent",
      `/agent/sessions/${sessionId}?list=ai`,
      "/agent/account",
      "/agent/team",
    ]
  ) {
    const { status, location } = await ask(site, path, { cookie: linus.cookie });
    assert.deepEqual([status, location], [303, `/agent/login?next=${encodeURIComponent(path)}`]);
  }
  assert.equal((await ask(site, "/chat", { cookie: ada.cookie })).location, "/login?next=%2Fchat");
});

test("what isn't there, or isn't the reader's, is a friendly 404", async () => {
  await using all = await world();
  const { site, sessionId, ada } = all;
  const eve = (await site.customer("Eve")).cookie;
  for (
    const [path, cookie] of [
      ["/nowhere", ""],
      ["/help/nothing", ""],
      ["/static/nothing.js", ""],
      ["/reset/nonsense", ""],
      [`/chat/${sessionId}`, eve],
      [`/chat/${sessionId}/transcript.txt`, eve],
      [`/chat/${sessionId}/transcript.json`, eve],
      ["/chat/nonsense", eve],
      [`/chat/${"0".repeat(24)}`, eve],
      [`/agent/sessions/${"0".repeat(24)}`, ada.cookie],
    ] as [string, string][]
  ) {
    const { status, headers, body } = await ask(site, path, { cookie });
    assert.equal(status, 404, path);
    assert.match(headers.get("content-type") ?? "", /^text\/html/);
    assert.match(body, /<h1>.*<\/h1>/s);
    assert.match(body, /<a [^>]*href="\//);
  }
  const json = await ask(site, "/api/nowhere");
  assert.deepEqual([json.status, json.body.code], [404, "not_found"]);
});

test("what is refused doesn't look like being signed out", async () => {
  await using all = await world();
  const { site, sessionId, ada } = all;
  const eve = (await site.customer("Eve")).cookie;
  const grace = (await site.agent("Grace")).cookie;
  for (
    const [path, cookie, name] of [
      [`/chat/${sessionId}`, eve, "link My chats"],
      ["/nowhere", eve, "link My chats"],
      [`/agent/sessions/${"0".repeat(24)}`, ada.cookie, "link Back to the desk"],
      ["/agent/nowhere", ada.cookie, "link Back to the desk"],
      ["/agent/team", grace, "link Back to the desk"],
    ] as const
  ) {
    const { body } = await ask(site, path, { cookie });
    const names = controls(body);
    assert.ok(names.has(name) && names.has("button Sign out"), `${path}: ${[...names].join(", ")}`);
  }
});

test("a desk's list says how long a customer waits for an answer, until there is one", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  await say(linus, sessionId, "Hello?");
  const row = async () => textOf(elements(await ada.page("/agent"), "li")[0]?.inner ?? "");
  assert.ok(!(await row()).includes("no answer")); // a moment is no wait
  site.clock.skip(3 * 60_000);
  assert.match(await row(), /Hello\?.*no answer for 3 min/);
  await say(ada, sessionId, "Here I am");
  site.clock.skip(3 * 60_000);
  assert.ok(!(await row()).includes("no answer"));
});

test("a desk names the agent who wrote, not the one who has the conversation", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  const { sessionId } = await start(await site.customer("Linus"));
  await say(ada, sessionId, "Hello!");
  const grace = await site.agent("Grace");
  const words = async (who: Person, list: string) =>
    textOf(/class="words"[^>]*>(.*?)<\/p>/s.exec(await who.page(`/agent?list=${list}`))?.[1] ?? "");
  assert.equal(await words(ada, "mine"), "You: Hello!");
  ok(await act(ada, "transfer", sessionId, { agentId: grace.id }));
  assert.equal(await words(grace, "mine"), "Ada: Hello!");
  assert.equal(await words(ada, "others"), "You: Hello!");
});

test("a customer sees a present agent as present, busy or not", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  await start(linus); // with which she is full
  const dot = async () => /data-presence="(\w+)"/.exec(await linus.page("/chat"))?.[1];
  assert.match(await ada.page("/agent"), /data-presence="busy"/);
  assert.equal(await dot(), "available");
  await setStatus(ada, { status: "offline" });
  assert.equal(await dot(), "offline");
});

test("a row tells a wait in the words of its time", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  await setStatus(ada, { status: "busy" });
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  await say(linus, sessionId, "I would like to talk to a person");
  const row = async () =>
    textOf(elements(await ada.page("/agent?list=waiting"), "li")[0]?.inner ?? "");
  assert.match(await row(), /Linus ?now .*waiting · now/);
  site.clock.skip(6 * 60_000);
  assert.match(await row(), /Linus ?6 min .*waiting · 6 min/);
});

test("no page loads anything from another host, or has script or style in it", async () => {
  await using all = await world();
  for (const page of all.pages) {
    const { body } = await all.open(page);
    for (const tag of ["script", "link", "img", "iframe", "use", "form", "source", "div"]) {
      for (const { at } of elements(body, tag)) {
        for (
          const name of ["src", "href", "action", "hx-post", "hx-get", "hx-ws:connect", "srcset"]
        ) {
          if (at[name] !== undefined) {
            assert.match(at[name], /^(\/(?!\/)|#|data:)/, `${page.path}: ${tag}`);
          }
        }
      }
    }
    for (const { at, inner } of elements(body, "script")) {
      assert.ok(at.src && inner === "", page.path);
    }
    assert.equal(elements(body, "style").length, 0);
    assert.ok(!/<[^>]*\s(style|on\w+)=/.test(body), `${page.path}: inline style or handler`);
    for (const { at } of elements(body, "link")) {
      if (at.rel !== "stylesheet") continue;
      const css = (await ask(all.site, at.href ?? "")).body;
      assert.ok(!/@import|url\((?!["']?(\/(?!\/)|data:|#))/.test(css));
    }
  }
});

test("every answer has its headers, and private pages are kept by nobody", async () => {
  await using all = await world();
  const more: Page[] = [{ path: "/nowhere", names: [] }, { path: "/healthz", names: [] }];
  for (const page of [...all.pages, ...more]) {
    const { headers } = await all.open(page);
    const csp = headers.get("content-security-policy") ?? "";
    assert.match(csp, /default-src 'none'/, page.path);
    assert.match(csp, /script-src 'self'(;|$)/);
    assert.match(csp, /style-src 'self'(;|$)/);
    for (const directive of ["base-uri 'none'", "form-action 'self'", "frame-ancestors"]) {
      assert.ok(csp.includes(directive), directive);
    }
    assert.ok(!/unsafe-|https?:|\*/.test(csp), csp);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "same-origin");
    assert.match(headers.get("permissions-policy") ?? "", /camera=\(\).*/);
    if (page.who) assert.equal(headers.get("cache-control"), "no-store", page.path);
  }
  await using plain = await testSite();
  const { headers } = await ask(plain, "/");
  assert.match(headers.get("content-security-policy") ?? "", /frame-ancestors 'none'/);
  assert.equal((await ask(plain, "/demo")).status, 404); // the demo's alone
});

// ---- weight -----------------------------------------------------------------------------------------

/** An answer as it goes over the wire, to a browser that takes gzip. */
function wire(
  site: TestSite,
  path: string,
  cookie = "",
): Promise<{ bytes: number; encoding: string }> {
  return new Promise((done, fail) => {
    const headers = { "accept-encoding": "gzip", cookie };
    get(site.url + path, { headers, agent: false }, (response) => {
      let bytes = 0;
      response.on("data", (chunk: Uint8Array) => bytes += chunk.length);
      response.on(
        "end",
        () => done({ bytes, encoding: String(response.headers["content-encoding"]) }),
      );
    }).on("error", fail);
  });
}

test("the first view of a chat with fifty messages is light", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  const article = await Deno.readTextFile("docs/demo/articles/returns-and-refunds.md") +
    await Deno.readTextFile("docs/demo/articles/delivery-times.md");
  const sentences = article.replace(/[#*\-\n]+/g, " ").split(/(?<=[.?!])\s+/).filter((s) =>
    s.length > 20
  );
  for (let i = 0; i < 51; i++) {
    await say(i % 3 ? linus : ada, sessionId, sentences[i % sentences.length] ?? "");
    if (i % 5 === 0) site.clock.skip(3 * 60_000);
  }
  const html = await linus.page(`/chat/${sessionId}`);
  assert.equal(elements(html, "li").filter(({ at }) => at["data-seq"]).length, 50);
  const page = await wire(site, `/chat/${sessionId}`, linus.cookie);
  assert.equal(page.encoding, "gzip");
  assert.ok(page.bytes <= 8_000, `HTML ${page.bytes}`);
  assert.ok(Math.abs(page.bytes - gzipSync(html).length) < 1_000);

  const loads = new Set([
    ...elements(html, "script").map(({ at }) => at.src),
    ...elements(html, "link").map(({ at }) => at.href),
    ...elements(html, "img").map(({ at }) => at.src),
    ...elements(html, "use").map(({ at }) => at.href?.split("#")[0]),
  ]);
  assert.ok(loads.size + 1 <= 6, [...loads].join(" "));
  for (const [ending, most] of [[".js", 20_000], [".css", 8_000]] as const) {
    const [path, ...more] = [...loads].filter((one) => one?.endsWith(ending));
    assert.deepEqual(more, []);
    const { bytes, encoding } = await wire(site, path ?? "");
    assert.equal(encoding, "gzip");
    assert.ok(bytes <= most, `${path}: ${bytes}`);
    const { headers } = await ask(site, path ?? "");
    assert.match(headers.get("cache-control") ?? "", /immutable/);
  }
});
