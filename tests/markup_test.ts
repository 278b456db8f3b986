/** A message's markup is byte for byte the same on every page, in every push and in every reply. */
import assert from "node:assert/strict";
import { eventually, listen, type Person, test, type TestSite, testSite } from "./helpers.ts";
import { elements } from "./plain_browser.ts";
import {
  act,
  ARTICLES,
  ask,
  grounded,
  isFrom,
  logOf,
  ok,
  say,
  ScriptedLlm,
  setStatus,
  start,
  untilSaid,
} from "./talk.ts";

/** Each message's `<li>` as it stands in some HTML, by its id. */
function items(html: string): Map<string, string> {
  const found = elements(html, "li").filter(({ at }) => at["data-seq"]);
  return new Map(found.map(({ at, index, inner }) => {
    const end = html.indexOf(inner, html.indexOf(">", index)) + inner.length;
    return [at.id ?? "", html.slice(index, end)];
  }));
}

/** The hypermedia socket of a page. */
const live = (site: TestSite, who: Person, path: string) =>
  listen(`${site.url.replace("http", "ws")}${path}`, {
    headers: { cookie: who.cookie, origin: site.url },
  });

test("page, older page, push and reply draw each message the same, for both sides", async () => {
  const llm = new ScriptedLlm(() => grounded("Within 30 days."));
  await using site = await testSite({ llm, articles: ARTICLES });
  const ada = await site.agent("Ada");
  await setStatus(ada, { status: "busy" });
  const linus = await site.customer("Linus <i>& co");
  const { sessionId } = await start(linus);
  await using atLinus = await live(site, linus, `/chat/${sessionId}/live?after=0`);
  await using atAda = await live(site, ada, `/agent/live?list=ai&session=${sessionId}`);
  await say(
    linus,
    sessionId,
    'May I return <b>my lamp</b>?\nSee https://example.com/a?b=1&c=2 "please"',
  );
  await untilSaid(linus, sessionId, isFrom("ai"));
  ok(await act(ada, "claim", sessionId));
  const replies: string[] = [];
  for (let i = 0; i < 60; i++) {
    const [who, path] = i % 3
      ? [linus, `/chat/${sessionId}/messages`] as const
      : [ada, `/agent/sessions/${sessionId}/messages`] as const;
    if (i % 2) await say(who, sessionId, `Text ${i} & 'so on'`);
    else {
      const reply = await ask(site, path, {
        form: { text: `Text ${i} <em>`, clientId: `c${i}` },
        cookie: who.cookie,
        origin: site.url,
        headers: { "hx-request-type": "partial" },
      });
      assert.equal(reply.status, 200);
      replies.push(reply.body);
    }
    if (i % 20 === 0) site.clock.skip(6 * 60_000); // groups of messages end here and there
    if (i === 40) site.clock.skip(24 * 60 * 60_000 - 3_600_000); // a day ends
  }
  const log = await logOf(linus, sessionId);
  const last = log.at(-1);
  const pages = [
    await linus.page(`/chat/${sessionId}`),
    await linus.page(`/chat/${sessionId}?before=${last.seq - 10}`),
    await linus.page(`/chat/${sessionId}?before=20`),
    await ada.page(`/agent/sessions/${sessionId}`),
    await ada.page(`/agent/sessions/${sessionId}?before=${last.seq - 30}`),
  ];
  await eventually(() =>
    [atLinus, atAda].every(({ frames }) => frames.join("").includes(`m-${last.id}`))
  );
  await using late = await live(site, linus, `/chat/${sessionId}/live?after=${last.seq - 30}`);
  await eventually(() => late.frames.join("").includes(`m-${last.id}`));

  const drawn = new Map<string, Set<string>>();
  const views = [...pages, ...replies, ...[atLinus, atAda, late].flatMap(({ frames }) => frames)];
  for (const html of views) {
    for (const [id, item] of items(String(html))) {
      drawn.set(id, (drawn.get(id) ?? new Set()).add(item));
    }
  }
  assert.deepEqual([...drawn.keys()].sort(), log.map(({ id }) => `m-${id}`).sort());
  for (const [id, [item, ...others]] of drawn) assert.deepEqual(others, [], `${id}: ${item}`);
  assert.ok(items(pages[0]!).size === 50 && items(pages[2]!).size === 19 && replies.length === 30);
});

test("what people write is shown as text, with its line breaks and safe links", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  const linus = await site.customer("<img src=x onerror=alert(1)>");
  const { sessionId } = await start(linus);
  const evil = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</li></ol></main><h1>Hi</h1>",
    "javascript:alert(1)",
    'https://example.com/" onmouseover="alert(1)',
    "data:text/html,<script>alert(1)</script>",
    '"><hx-partial hx-target="#main">',
  ];
  await say(linus, sessionId, `${evil.join("\n")}\nSee https://example.com/x?a=1&b=2, please`);
  for (
    const page of [
      await linus.page(`/chat/${sessionId}`),
      await ada.page(`/agent/sessions/${sessionId}`),
      await ada.page("/agent"),
      await linus.page("/history"),
    ]
  ) {
    assert.ok(!/<script>alert|<img src=x|<h1>Hi|<hx-partial hx-target="#main"/.test(page));
    assert.ok(!/<[^>]*\son\w+\s*=/i.test(page.replace(/="[^"]*"/g, "")));
    assert.ok(!/href="(javascript|data):/i.test(page));
  }
  const page = await linus.page(`/chat/${sessionId}`);
  const links = elements(/<ol id="messages">.*<\/ol>/s.exec(page)?.[0] ?? "", "a");
  assert.deepEqual(links.map(({ at }) => at.href), [
    "https://example.com/",
    "https://example.com/x?a=1&b=2",
  ]);
  for (const { at } of links) assert.match(at.rel ?? "", /noopener/);
});
