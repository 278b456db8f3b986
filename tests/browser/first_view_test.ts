/** What a page costs at first sight, and that nothing in it jumps, shouts, or runs what somebody wrote. */
import assert from "node:assert/strict";
import type { Page, Request } from "playwright-core";
import { eventually, pause, testSite } from "../helpers.ts";
import { browserTest } from "./browser.ts";
import { post, talkOn } from "./home.ts";
import { ARTICLES, box, button, connected, link, log, reads, say, shows, texts } from "./pages.ts";

browserTest("the first view of a chat is six small requests at most", async (stage) => {
  const site = stage.own(await testSite({ articles: ARTICLES }));
  const { ada, linus, id } = await talkOn(site);
  for (let n = 1; n <= 60; n++) await post(n % 3 ? linus : ada, id, WORDS.slice(0, 20 + n * 3));
  const page = await stage.page({ url: site.url, as: [linus] });
  const requests: Request[] = [];
  page.on("request", (request) => requests.push(request));
  await page.goto("/chat");
  await connected(page);
  await page.waitForLoadState("networkidle");
  const loaded = requests.filter((request) => !request.url().endsWith("/seen")); // told later, by the reader
  const addresses = loaded.map((request) => request.url());
  assert.ok(addresses.length <= 6, addresses.join("\n"));
  assert.deepEqual(addresses.filter((address) => new URL(address).origin !== site.url), []);
  const bytes: Record<string, number> = {};
  for (const request of loaded) {
    const { responseBodySize } = await request.sizes();
    bytes[request.resourceType()] = (bytes[request.resourceType()] ?? 0) + responseBodySize;
  }
  assert.equal((await texts(page)).length, 50);
  const { script = 0, stylesheet = 0, document = 0 } = bytes;
  assert.ok(script > 0 && script <= 20_000, `${script} bytes of script`);
  assert.ok(stylesheet > 0 && stylesheet <= 8_000, `${stylesheet} bytes of CSS`);
  assert.ok(document > 0 && document <= 8_000, `${document} bytes of HTML`);
});

const WORDS =
  "Good morning, the lamp that I ordered last week has arrived with a crack in its shade," +
  " and I would like to know whether you can send me another one before my mother comes to visit.";

/** What moved without the reader's doing, but for lines of the log, and the edge between it and its neighbours. */
const WATCH_SHIFTS = `
  globalThis.shifts = [];
  const moved = ({ node, previousRect: was, currentRect: is }) =>
    node && !node.parentElement?.closest(".log") &&
    !(node.matches?.(".log, .dock") && was.bottom === is.bottom);
  new PerformanceObserver((list) => {
    for (const { node } of list.getEntries().flatMap(({ sources }) => sources).filter(moved)) {
      shifts.push((node.outerHTML ?? node.textContent).slice(0, 120));
    }
  }).observe({ type: "layout-shift", buffered: true });`;

browserTest("nothing jumps when messages, banners and people come and go", async (stage) => {
  const site = stage.own(await testSite({ articles: ARTICLES }));
  const { ada, linus, id } = await talkOn(site, { status: "offline" });
  for (let n = 1; n <= 3; n++) await post(linus, id, `Hello ${n}`);
  const chat = await stage.page({ url: site.url, as: [linus] });
  const desk = await stage.page({ url: site.url, as: [ada] });
  for (const page of [chat, desk]) await page.addInitScript({ content: WATCH_SHIFTS });
  await chat.goto("/chat");
  await desk.goto(`/agent/sessions/${id}`);
  for (const page of [chat, desk]) await connected(page);

  await post(linus, id, "How long does delivery take?");
  for (const page of [chat, desk]) await reads(page, /working days/);
  await linus.post("/api/session/handoff", { sessionId: id });
  await shows(chat, "You are 1st in line");
  await pause(100);
  await ada.post("/api/session/claim", { sessionId: id });
  for (const page of [chat, desk]) await reads(page, "Ada joined");
  await box(desk).waitFor();
  await post(ada, id, WORDS);
  for (const page of [chat, desk]) await reads(page, WORDS);
  for (const page of [chat, desk]) {
    assert.deepEqual(await page.evaluate("shifts"), []);
    assert.ok(
      await page.evaluate(`PerformanceObserver.supportedEntryTypes.includes("layout-shift")`),
    );
  }
  await pause(600); // past what counts as the reader's own doing
  await chat.evaluate(`document.getElementById("main").style.marginTop = "3rem"`); // so that none means something
  await eventually(() => chat.evaluate<boolean>("shifts.length > 0"), { what: "a shift" });
});

browserTest(
  "the log tells a screen reader of each finished message, and of nothing else",
  async (stage) => {
    const site = stage.own(await testSite({ articles: ARTICLES }));
    const { ada, linus, id } = await talkOn(site);
    const chat = await stage.page({ url: site.url, as: [linus] });
    const desk = await stage.page({ url: site.url, as: [ada] });
    await chat.goto("/chat");
    await desk.goto(`/agent/sessions/${id}`);
    for (const page of [chat, desk]) {
      await connected(page);
      await log(page).evaluate((element) => element.wasHere = true);
      assert.equal(await log(page).getAttribute("aria-live"), "polite");
      assert.notEqual(await log(page).getAttribute("aria-atomic"), "true");
      for (const quiet of ["growing", "seen", "typing"]) {
        assert.equal(await page.locator(`#${quiet}`).getAttribute("aria-live"), "off");
      }
    }
    await post(ada, id, "Good morning");
    await post(linus, id, "Morning");
    for (const page of [chat, desk]) {
      await reads(page, "Morning");
      assert.equal(await log(page).evaluate((element) => element.wasHere), true); // the region itself stays
      assert.equal(await page.getByRole("log").count(), 1);
    }
  },
);

const EVIL = `"><img src=x onerror=alert(1)><b>Eve</b>`;
const SCRIPT =
  `</p><script>alert(2)</script> {{7*7}} javascript:alert(3) https://evil.example/"onclick="alert(4)`;

browserTest("names and words are text, whatever they look like", async (stage) => {
  const site = stage.own(await testSite({ articles: ARTICLES }));
  const ada = await site.agent("Ada");
  const chat = await stage.page({ url: site.url });
  const desk = await stage.page({ url: site.url, as: [ada] });
  for (const page of [chat, desk]) page.on("dialog", (dialog) => assert.fail(dialog.message()));
  await chat.goto("/login?next=/chat");
  await chat.getByLabel("Name", { exact: true }).fill(EVIL);
  await button(chat, "Continue as guest").click();
  await say(chat, SCRIPT);
  await reads(chat, "Ada joined");
  await desk.goto("/agent");
  await link(desk, EVIL).click();
  for (const page of [chat, desk]) await connected(page);
  await say(chat, `${SCRIPT} again`); // by the socket, too
  for (const page of [chat, desk]) {
    await reads(page, `${SCRIPT} again`);
    assert.deepEqual((await texts(page)).slice(-2), [SCRIPT, `${SCRIPT} again`]);
    await assertHarmless(page);
  }
  await desk.getByRole("heading", { level: 1, name: EVIL, exact: true }).waitFor();
  assert.ok(await desk.locator("#briefing").getByText(EVIL).isVisible());
  await button(chat, "End chat").click();
  await reads(chat, `${EVIL} ended the chat`);
  for (const path of ["/account", "/history"]) {
    await chat.goto(path);
    await assertHarmless(chat);
  }
  await desk.goto(`/agent?q=${encodeURIComponent(SCRIPT)}`);
  await shows(desk, SCRIPT);
  await assertHarmless(desk);
  await chat.goto(`/help?q=${encodeURIComponent(SCRIPT)}`);
  await assertHarmless(chat);
});

async function assertHarmless(page: Page): Promise<void> {
  assert.equal(await page.locator("img, [onerror], [onclick], a[href^='javascript:']").count(), 0);
  assert.equal(await page.locator("script:not([src])").count(), 0);
}

browserTest(
  "a conversation can be read and answered where text is twice as large",
  async (stage) => {
    const site = stage.own(await testSite());
    const { ada, linus, id } = await talkOn(site);
    await post(linus, id, "May I return a lamp that came with a cracked shade?");
    for (
      const [who, path, viewport] of [
        [linus, "/chat", { width: 195, height: 422 }], // a phone
        [ada, `/agent/sessions/${id}`, { width: 195, height: 422 }],
        [ada, `/agent/sessions/${id}`, { width: 680, height: 425 }], // a desk
      ] as const
    ) {
      const page = await stage.page({ url: site.url, as: [who], viewport, deviceScaleFactor: 2 });
      await page.goto(path);
      const room = await log(page).boundingBox();
      assert.ok(room && room.height >= 80, `${path}: ${room?.height}`);
      const head = await page.getByRole("heading", { level: 1 }).boundingBox();
      assert.ok(head && head.height < 100, `${path}: ${head?.height}`);
      for (const control of [box(page), button(page, "Send")]) {
        await control.scrollIntoViewIfNeeded();
        const at = await control.boundingBox();
        assert.ok(at && at.x + at.width <= viewport.width, `${path}: ${at?.x} + ${at?.width}`);
        assert.ok(at.y + at.height <= viewport.height, `${path}: ${at.y} + ${at.height}`);
      }
    }
  },
);

browserTest('"End chat" before the first message leaves, and nothing was begun', async (stage) => {
  const site = stage.own(await testSite());
  const linus = await site.customer("Linus");
  const page = await stage.page({ url: site.url, as: [linus] });
  await page.goto("/chat");
  await button(page, "End chat").click();
  await link(page, "Start chat").waitFor();
  assert.equal(new URL(page.url()).pathname, "/");
  await page.goto("/history");
  await shows(page, "You have no chats yet.");
});

browserTest('"Sign out" stands on one line with the links beside it', async (stage) => {
  const site = stage.own(await testSite());
  const linus = await site.customer("Linus");
  const page = await stage.page({ url: site.url, as: [linus] });
  await page.goto("/history");
  const tops = await page.evaluate<number[]>(
    `[...document.querySelectorAll("header nav :is(a, button)")].map((control) => {
      const words = document.createRange();
      words.selectNodeContents(control);
      return words.getBoundingClientRect().top;
    })`,
  );
  assert.deepEqual([tops.length, new Set(tops).size], [4, 1], tops.join());
});
