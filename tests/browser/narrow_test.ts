/** Small screens and large text: everything can be read and pressed. */
import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { testSite } from "../helpers.ts";
import { browserTest } from "./browser.ts";
import { post, talkOn } from "./home.ts";
import { button, connected, heading, link, log, shows } from "./pages.ts";

const PHONE = { width: 390, height: 844 };
const SMALL = { width: 320, height: 640 };

/** As a reader who enlarges the text alone: the screen stays as wide as it is. */
const ENLARGE = `{
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("html { font-size: 200% }");
  document.adoptedStyleSheets.push(sheet);
}`;

async function boxOf(target: Locator) {
  const at = await target.boundingBox();
  assert.ok(at, `${target}`);
  return at;
}

/** Whole on the screen, with nothing over it. */
async function assertInReach(page: Page, target: Locator): Promise<void> {
  const { x, width, height } = await boxOf(target);
  assert.ok(x >= 0 && x + width <= page.viewportSize()!.width, `${target}: ${x} + ${width}`);
  for (const part of [0.1, 0.9]) {
    await target.click({ trial: true, position: { x: width / 2, y: height * part } });
  }
}

const isCut = (target: Locator): Promise<boolean> =>
  target.evaluate((element) => element.scrollWidth > element.clientWidth);

browserTest("with text twice as large nothing on a phone is covered or cut off", async (stage) => {
  const site = stage.own(await testSite());
  const { ada, linus, id } = await talkOn(site);
  await post(linus, id, "May I return a lamp that came with a cracked shade?");
  const desk = await stage.page({ url: site.url, as: [ada], viewport: PHONE });
  await desk.goto(`/agent/sessions/${id}`);
  await desk.evaluate(ENLARGE);
  for (const name of ["Transfer", "Close"]) await assertInReach(desk, button(desk, name));
  await desk.goto("/agent");
  await desk.evaluate(ENLARGE);
  for (const name of ["Available", "Busy", "Offline"]) {
    await assertInReach(desk, button(desk, name));
  }
  const { height } = await boxOf(link(desk, "AI"));
  for (const name of ["Mine", "Waiting", "Others", "Closed"]) {
    await assertInReach(desk, link(desk, name));
    assert.equal((await boxOf(link(desk, name))).height, height, `${name} is broken`);
  }
  const page = await stage.page({ url: site.url, as: [linus], viewport: PHONE });
  for (const path of ["/account", "/login", "/register", "/chat"]) {
    await page.goto(path);
    await page.evaluate(ENLARGE);
    assert.equal(await page.evaluate("document.documentElement.scrollWidth"), PHONE.width, path);
  }
});

browserTest("a phone's chat tells who answers, and its head stays as it is", async (stage) => {
  const site = stage.own(await testSite());
  const { linus } = await talkOn(site, { status: "busy" });
  for (const viewport of [PHONE, SMALL]) {
    const page = await stage.page({ url: site.url, as: [linus], viewport });
    await page.goto("/chat");
    await connected(page);
    const title = heading(page, "Assistant");
    assert.equal(await isCut(title), false, `${viewport.width}`);
    const end = await boxOf(button(page, "End chat"));
    assert.ok(end.width >= 44 && end.height >= 44, JSON.stringify(end));
    const { y } = await boxOf(log(page));
    await button(page, "Talk to a person").click();
    await shows(page, "You are 1st in line");
    assert.equal((await boxOf(log(page))).y, y);
    await button(page, "Leave the line").click();
    await button(page, "Talk to a person").waitFor();
  }
});

browserTest("a phone never has to zoom in on a field", async (stage) => {
  const site = stage.own(await testSite());
  const { ada, linus, id } = await talkOn(site);
  const touch = { viewport: PHONE, hasTouch: true, isMobile: true };
  const page = await stage.page({ url: site.url, as: [ada, linus], ...touch });
  for (const path of ["/chat", "/account", "/help", "/agent", `/agent/sessions/${id}`]) {
    await page.goto(path);
    const sizes = await page.evaluate<string[]>(
      `[...document.querySelectorAll("input:not([type=hidden]), textarea, select")]
        .map((field) => getComputedStyle(field).fontSize)`,
    );
    assert.deepEqual([...new Set(sizes)], ["16px"], path);
  }
});

browserTest("the desk's Send stands at the right, however narrow its composer", async (stage) => {
  const site = stage.own(await testSite());
  const { ada, id } = await talkOn(site);
  const page = await stage.page({ url: site.url, as: [ada] });
  for (const width of [320, 768, 1360]) {
    await page.setViewportSize({ width, height: 900 });
    await page.goto(`/agent/sessions/${id}`);
    const composer = await boxOf(page.locator("#composer"));
    const send = await boxOf(button(page, "Send"));
    const left = composer.x + composer.width - send.x - send.width;
    assert.ok(left >= 0 && left < 16, `${width}: ${left}`);
  }
});
