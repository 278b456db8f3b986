/** Hostile texts as messages, names, searches, comments and articles, pushed and loaded: shown as written, and nothing else. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { parseArticles } from "../../services/articles.ts";
import { eventually, type TestSite, testSite } from "../helpers.ts";
import { HOSTILE } from "../hostile_texts.ts";
import { post as postTo } from "../started.ts";
import { ScriptedLlm } from "../talk.ts";
import { browserTest, type Stage } from "./browser.ts";
import { post, talkOn } from "./home.ts";
import { connected } from "./pages.ts";
import { inOrder, places, textsIn, Traps } from "./traps.ts";
import { assertChat, assertDesk, kept, trimmed, type Visit, visit } from "./visits.ts";

const HARMLESS = "Where is my lamp?";
const TEXT = "#messages > li .text";

async function trapped(
  stage: Stage,
  traps: Traps,
  look: { url: string; as: readonly { cookie: string }[] },
) {
  const page = await stage.page(look);
  await traps.set(page);
  return page;
}

browserTest("the traps catch a script that runs and a request that leaves", async (stage) => {
  const site = stage.own(await testSite());
  const traps = new Traps();
  const page = await trapped(stage, traps, { url: site.url, as: [] });
  stage.allow(/Failed to load resource|ERR_|refused by policy|Executing inline event handler/);
  await page.setContent(`<img src=${site.url}/pwned.png onerror=pwned()>`);
  await eventually(() => traps.caught.length >= 2);
  await page.goto("/");
  await page.evaluate(
    `document.body.insertAdjacentHTML("beforeend", "<img src=x onerror=pwned()>")`,
  );
  assert.equal(traps.caught.length, 2); // under our policy not even that would have run
});

browserTest(
  "messages are shown as written, pushed to both sides and loaded again",
  async (stage) => {
    const site = stage.own(await testSite());
    const { ada, linus, id } = await talkOn(site);
    const traps = new Traps();
    const chat = await trapped(stage, traps, { url: site.url, as: [linus] });
    const desk = await trapped(stage, traps, { url: site.url, as: [ada] });
    await chat.goto(`/chat/${id}`);
    await desk.goto(`/agent/sessions/${id}`);
    for (const page of [chat, desk]) await connected(page);
    const before = [await places(chat), await places(desk)];
    const expected = HOSTILE.map(kept);
    for (const [i, text] of HOSTILE.entries()) {
      await post(i % 2 ? linus : ada, id, text);
      if (i % 40 === 39) await arrived(desk, i + 1); // as it would come, not all at once
    }
    for (const page of [chat, desk]) {
      await arrived(page, expected.length);
      assert.deepEqual(await textsIn(page, TEXT), expected);
      await assertOnlyText(page);
    }
    const loaded = [];
    for (const [page, path] of [[chat, `/chat/${id}`], [desk, `/agent/sessions/${id}`]] as const) {
      loaded.push(await wholeLog(page, path));
    }
    assert.deepEqual(loaded, [expected, expected]);
    await chat.goto(`/chat/${id}`);
    await desk.goto(`/agent/sessions/${id}`);
    assert.deepEqual([await places(chat), await places(desk)].map(unsized), before.map(unsized));
    assert.deepEqual(traps.caught, []);
  },
);

const arrived = (page: Page, count: number) =>
  eventually(async () => (await textsIn(page, TEXT)).length >= count, {
    within: 20_000,
    what: "the pushed messages",
  });

/** In a message stand links, and nothing else. */
async function assertOnlyText(page: Page): Promise<void> {
  const inside = await page.evaluate(`[...document.querySelectorAll(".text *")].map((found) =>
    [found.localName, found.getAttribute("href"), found.rel, found.target, found.getAttributeNames().length])`);
  for (const [name, href, ...rest] of inside as [string, string, ...unknown[]][]) {
    assert.deepEqual([name, ...rest], ["a", "noopener noreferrer nofollow", "_blank", 3]);
    assert.match(href, /^(https?|mailto):/i);
  }
}

/** All messages by "Earlier messages", from the last page to the first. */
async function wholeLog(page: Page, path: string): Promise<string[]> {
  const all: string[] = [];
  for (let next: string | null = path; next !== null;) {
    await page.goto(next);
    all.unshift(...await textsIn(page, TEXT));
    await assertOnlyText(page);
    next = await page.evaluate(`document.getElementById("earlier")?.getAttribute("href") ?? null`);
  }
  return all;
}

/** A scroll bar, or none. */
const unsized = (found: unknown[]): unknown[] => found.slice(0, 1);

browserTest(
  "answers that an assistant gives, while they grow and after, are text",
  async (stage) => {
    let saying = HARMLESS;
    const more = Promise.withResolvers<void>();
    const llm = new ScriptedLlm(async function* () {
      yield { text: saying };
      if (saying !== HARMLESS) await more.promise;
    });
    const site = stage.own(await testSite({ llm }));
    const linus = await site.customer("Linus");
    const { sessionId } = (await linus.post("/api/session/start")).body;
    const traps = new Traps();
    const chat = await trapped(stage, traps, { url: site.url, as: [linus] });
    await chat.goto(`/chat/${sessionId}`);
    await connected(chat);
    saying = HOSTILE.join("\n");
    await post(linus, sessionId, "Say it all");
    const grown = () => textsIn(chat, "#growing .text");
    await eventually(async () => (await grown())[0], {
      within: 10_000,
      what: "the growing answer",
    });
    assert.ok(kept(saying).startsWith((await grown())[0]!.trimEnd()));
    assert.deepEqual(await textsIn(chat, "#growing .text *"), []);
    more.resolve();
    await eventually(async () => (await textsIn(chat, TEXT)).length === 2, { within: 10_000 });
    assert.deepEqual(await textsIn(chat, ".text *"), []);
    assert.ok((await textsIn(chat, TEXT))[1]!.includes(HOSTILE[0]!));
    assert.deepEqual(traps.caught, []);
  },
);

// ---- names, searches, comments ------------------------------------------------------------------

browserTest(
  "names, searches and comments change nothing on the desk and in the chat",
  async (stage) => {
    const site = stage.own(await testSite());
    const ada = await site.agent("Ada");
    await ada.post("/api/agent/status", { capacity: 100 });
    const traps = new Traps();
    const list = await trapped(stage, traps, { url: site.url, as: [ada] });
    await list.goto("/agent?list=closed"); // rows come and go on it all the while
    const harmless = await visit(site, HARMLESS);
    const visits: Visit[] = [];
    for (const text of HOSTILE) visits.push(await visit(site, text));
    for (const { text, name } of visits) {
      const cleaned = trimmed(text).replace(/\s+/gu, " ");
      if (!/\p{Bidi_Control}/u.test(text)) assert.equal(name, cleaned);
    }
    const last = visits.at(-1)!;
    await eventually(async () => (await textsIn(list, ".rows bdi"))[0] === last.name);
    const rows = await textsIn(list, ".rows bdi");
    assert.deepEqual(rows, visits.toReversed().slice(0, rows.length).map(({ name }) => name));

    const desk = await trapped(stage, traps, { url: site.url, as: [ada] });
    const chat = await trapped(stage, traps, { url: site.url, as: [] });
    await list.close();
    const OFTEN = 12;
    for (const how of ["opened", "read"] as const) {
      const expected = [
        await assertDesk(desk, how, harmless),
        await assertChat(chat, how, harmless, site.url),
      ];
      const where = [await places(desk), await places(chat)];
      for (const one of visits.filter((_, i) => how === "read" || i % OFTEN === 0)) {
        const atDesk = await assertDesk(desk, how, one);
        const atChat = await assertChat(chat, how, one, site.url);
        assert.deepEqual(differing(atDesk, expected[0]!), [], one.text);
        assert.deepEqual(differing(atChat, expected[1]!), [], one.text);
        assert.deepEqual([await places(desk), await places(chat)], where, one.text);
      }
    }
    assert.deepEqual(traps.caught, []);
  },
);

/** Elements that are there and should not be, or the other way round. */
function differing(found: readonly string[], expected: readonly string[]): string[] {
  if (found.join("\n") === expected.join("\n")) return [];
  return found.flatMap((line, i) => line === expected[i] ? [] : [`${expected[i]} → ${line}`])
    .slice(0, 3).concat(`${found.length - expected.length} more`);
}

browserTest(
  "a name does not reach beyond itself, into our words and the lines around it",
  async (stage) => {
    const site = stage.own(await testSite());
    const ada = await site.agent("Ada");
    await ada.post("/api/agent/status", { status: "busy" });
    const traps = new Traps();
    const desk = await trapped(stage, traps, { url: site.url, as: [ada] });
    const some = HOSTILE.filter((text, i) => /\p{Bidi_Control}/u.test(text) || i % 25 === 0);
    assert.ok(some.length > 15);
    for (const text of some) {
      const { body } = await postTo(site.url, "/api/user/guest", { name: text });
      const ask = (verb: string, more: object) =>
        postTo(site.url, `/api/session/${verb}`, more, body.token);
      const { sessionId } = (await ask("start", {})).body;
      await desk.goto(`/agent/sessions/${sessionId}?list=waiting`);
      await connected(desk);
      await ask("handoff", { sessionId });
      const line = "#messages > li:last-child p";
      const words = " asked for a person";
      await eventually(async () => (await textsIn(desk, line))[0]?.includes(body.name + words));
      await inOrder(desk, line, words);
      await inOrder(desk, `${line} time`, (await textsIn(desk, `${line} time`))[0]!);
      await eventually(async () => (await textsIn(desk, ".events")).join().includes(words));
      await inOrder(desk, ".events li:last-child p", words);
      await isTyping(site, body.token, sessionId);
      const typing = " is typing…";
      await eventually(async () =>
        (await textsIn(desk, "#typing"))[0]?.includes(body.name + typing)
      );
      await inOrder(desk, "#typing", typing);
    }
    assert.deepEqual(traps.caught, []);
  },
);

async function isTyping(site: TestSite, token: string, id: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await site.fetch(`/chat/${id}/typing`, { method: "POST", headers });
  await response.body?.cancel();
  assert.equal(response.status, 204);
}

// ---- articles -----------------------------------------------------------------------------------

const quoted = (text: string): string => JSON.stringify(text);
const fenced = (text: string): string => `~~~~\n${text}\n~~~~\n\n${text}\n\n> ${text}\n\n`;

browserTest("articles and searches in them are text, Markdown and nothing else", async (stage) => {
  const titles = HOSTILE.map(trimmed).filter((text) => /\S/u.test(text));
  const articles = parseArticles([
    ...titles.map((title, i) => ({
      name: `article-${i}.md`,
      text: `---\ntitle: ${quoted(title)}\n---\n\n${fenced(title)}`,
    })),
    { name: "all.md", text: `---\ntitle: All\n---\n\n${HOSTILE.map(fenced).join("")}` },
  ]);
  const site = stage.own(await testSite({ articles }));
  const traps = new Traps();
  const page = await trapped(stage, traps, { url: site.url, as: [] });
  await page.goto("/help");
  assert.deepEqual(await textsIn(page, ".cards a"), [...titles, "All"]);
  await page.goto("/help/all");
  const inside = await page.evaluate(`[...new Set([...document.querySelectorAll(".prose *")]
    .flatMap((found) => [found.localName, ...found.getAttributeNames()]))].sort()`);
  const ALLOWED =
    "a blockquote br code em h2 h3 hr href li ol p pre rel strong table tbody td th thead tr ul title start";
  assert.deepEqual((inside as string[]).filter((name) => !ALLOWED.split(" ").includes(name)), []);
  const links = await page.evaluate(
    `[...document.querySelectorAll(".prose a[href]")].map((found) => found.protocol)`,
  );
  assert.deepEqual((links as string[]).filter((name) => !/^(https?|mailto):$/.test(name)), []);
  const codes = new Set((await textsIn(page, ".prose pre")).map((text) => text.replace(/\n$/, "")));
  assert.deepEqual(HOSTILE.filter((text) => !codes.has(kept(text))), []);

  for (const [i, text] of HOSTILE.entries()) {
    if (i % 8) continue;
    await page.goto(`/help?q=${encodeURIComponent(text)}`);
    const [q, main = "", scripts] = await page.evaluate(`[document.getElementById("q").value,
      document.querySelector("main").textContent, String(document.scripts.length)]`) as string[];
    assert.equal(q, trimmed(text).replaceAll("\n", ""));
    assert.ok(main.includes(`“${trimmed(text)}”`), main);
    assert.equal(scripts, "1");
  }
  for (const i of [0, 30, 60, 90, 120, 150]) {
    await page.goto(`/help/article-${i}`);
    assert.equal((await textsIn(page, "h1"))[0], titles[i]);
  }
  assert.deepEqual(traps.caught, []);
});
