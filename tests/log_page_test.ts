/** A page put together around its log: whole however long it is, its own whoever asks at the same time, with all its headers. */
import assert from "node:assert/strict";
import { eventually, type Person, test, type TestSite, testSite } from "./helpers.ts";
import { elements } from "./plain_browser.ts";
import { act, ask, type Asked, say, setStatus, start } from "./talk.ts";

const DAY = 24 * 60 * 60_000;
/** Of the units of a text those take most bytes. */
const LONGEST = "€".repeat(4_000);

/** A customer with a conversation of fifty such texts. */
async function talkative(site: TestSite, name: string, text: string) {
  const who = await site.customer(name);
  const { sessionId } = await start(who);
  await Promise.all(Array.from({ length: 50 }, () => say(who, sessionId, text)));
  return { who, path: `/chat/${sessionId}` };
}

const show = (site: TestSite, { cookie }: Person, path: string): Promise<Asked> =>
  ask(site, path, { cookie, origin: site.url });

function assertWhole({ body, headers }: Asked, texts: number): void {
  assert.match(body, /^<!DOCTYPE html>.*<\/html>$/s);
  assert.equal(elements(body, "li").filter(({ at }) => at["data-seq"]).length, texts);
  assert.match(headers.get("content-type") ?? "", /^text\/html; charset=utf-8$/i);
  assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'/);
  assert.equal(headers.get("cache-control"), "no-store");
  assert.equal(headers.get("x-content-type-options"), "nosniff");
}

test("the longest page is whole, also where it is shown again with what could not be sent", async () => {
  await using site = await testSite();
  await site.agent("Ada");
  const { who, path } = await talkative(site, "Linus", LONGEST);
  const page = await show(site, who, path);
  assertWhole(page, 50);
  assert.equal(page.body.split(LONGEST).length, 51);
  const form = { text: `${LONGEST}€` };
  const again = await ask(site, `${path}/messages`, { cookie: who.cookie, origin: site.url, form });
  assert.equal(again.status, 422);
  assertWhole(again, 50);
  assert.equal(again.body.split(LONGEST).length, 52);
});

test("of pages that are asked for at once each is its own", async () => {
  await using site = await testSite();
  await site.agent("Ada");
  const linus = await talkative(site, "Linus", "l".repeat(4_000));
  const barbara = await talkative(site, "Barbara", "b".repeat(4_000));
  const pages = await Promise.all(Array.from({ length: 20 }, (_, i) => {
    const { who, path } = i % 2 ? linus : barbara;
    return show(site, who, path);
  }));
  for (const [i, page] of pages.entries()) {
    assertWhole(page, 50);
    const [own, other] = i % 2 ? ["llll", "bbbb"] : ["bbbb", "llll"];
    assert.ok(page.body.includes(own) && !page.body.includes(other), `page ${i}`);
  }
});

test("what looks like a page's own marks is text, wherever it stands", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  const marks = "<!--drawn--> $& $` <!-- </ol></html>";
  const linus = await site.customer(`Linus ${marks}`);
  const { sessionId } = await start(linus);
  await say(linus, sessionId, marks);
  const chat = await show(site, linus, `/chat/${sessionId}`);
  const desk = await show(site, ada, `/agent/sessions/${sessionId}`);
  for (const page of [chat, desk]) {
    assertWhole(page, 2);
    assert.ok(!page.body.includes("<!--"));
    assert.equal(page.body.split("</html>").length, 2);
    assert.ok(page.body.split("&lt;!--drawn--&gt; $&amp; $` &lt;!-- ").length > 2);
  }
});

test("a sign-in that a page prolongs is told with it, on either side, and once a day", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  const pages = [[linus, `/chat/${sessionId}`], [ada, `/agent/sessions/${sessionId}`]] as const;
  const cookiesOf = async ([who, path]: typeof pages[number]) => {
    const page = await show(site, who, path);
    assertWhole(page, 1);
    return page.cookies;
  };
  for (const one of pages) assert.deepEqual(await cookiesOf(one), []);
  site.clock.skip(2 * DAY);
  for (const one of pages) assert.deepEqual(await cookiesOf(one), [one[0].cookie]);
  for (const one of pages) assert.deepEqual(await cookiesOf(one), []);
});

test("a page that says why something was not sent has its status, its log and its headers", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  await say(linus, sessionId, "Hello?");
  const path = `/agent/sessions/${sessionId}/messages`;
  const reply = (fields: Record<string, string>) =>
    ask(site, path, { cookie: ada.cookie, origin: site.url, form: fields });
  const stale = await reply({ text: "Hi", basedOn: "1" });
  const empty = await reply({ text: " " });
  assert.deepEqual([stale.status, empty.status], [409, 422]);
  for (const page of [stale, empty]) assertWhole(page, 2);
});

const idOn = (html: string): string => / name="clientId" value="(\w{24})"/.exec(html)?.[1] ?? "";

test("a page that is asked for again is the same but for its own id, and shows whatever has changed", async () => {
  await using site = await testSite();
  const ada = await site.agent("Ada");
  await setStatus(ada, { status: "busy" });
  const linus = await site.customer("Linus");
  const { sessionId } = await start(linus);
  const path = `/chat/${sessionId}`;
  await using hers = await ada.socket(`sessionId=${sessionId}`);
  const seen = new Set<string>();
  /** Asked for twice, and compared. */
  const shown = async (): Promise<string> => {
    const [one, other] = [await linus.page(path), await linus.page(path)];
    for (const id of [idOn(one), idOn(other)]) {
      assert.ok(id !== "" && !seen.has(id), "an id of its own");
      seen.add(id);
    }
    assert.equal(one.replace(idOn(one), ""), other.replace(idOn(other), ""));
    return one;
  };
  const posts = async (address: string, fields: Record<string, string>) =>
    void await (await linus.form(address, fields)).body?.cancel();
  let before = await shown();
  /** What is done, until the page shows it, which it did not before. */
  const changes = async (pattern: RegExp, work: () => unknown) => {
    assert.doesNotMatch(before, pattern);
    await work();
    await eventually(async () => pattern.test(await linus.page(path)), { what: String(pattern) });
    before = await shown();
  };
  await changes(/You are 1st in line/, () => act(linus, "handoff", sessionId));
  await changes(/<h1>Ada<\/h1>.*here now/s, () => act(ada, "claim", sessionId));
  await changes(/away for a moment/, () => setStatus(ada, { status: "offline" }));
  await changes(/here now/, () => setStatus(ada, { status: "busy" }));
  await changes(/Ada is typing…/, () => hers.send({ type: "typing" }));
  await changes(/id="typing" aria-live="off"><\/p>/, () => site.clock.skip(10_000));
  await changes(/>Hello\?</, () => say(linus, sessionId, "Hello?"));
  await changes(/Seen <time/, () => hers.send({ type: "seen", seq: 3 }));
  const form = { text: "x".repeat(4_001) };
  const refused = await ask(site, `${path}/messages`, {
    cookie: linus.cookie,
    origin: site.url,
    form,
  });
  assert.match(refused.body, /xxxx/);
  assert.doesNotMatch(await shown(), /xxxx/);
  await changes(/>Lin</, () => posts("/account/name", { name: "Lin" }));

  await act(ada, "end", sessionId);
  const ended = await linus.page(path);
  assert.match(ended, /Ended/);
  assert.equal(idOn(ended), "");
  assert.doesNotMatch(ended, /Thank you/);
  await posts(`${path}/rating`, { rating: "4" });
  assert.match(await linus.page(path), /Thank you, it is saved/);
});
