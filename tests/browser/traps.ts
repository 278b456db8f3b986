/** Ears for what hostile texts try: a script that runs, a request that leaves, a page that isn't built as it should be. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";

const SKELETON = `(doc) => {
  const others = "#desk-lists *, #seen *, .text *, title, time";
  const attributes = (element) => element.getAttributeNames().sort().join(" ");
  const id = (element) => element.id.replace(/^m-.*/, "m-…");
  return [...doc.querySelectorAll("*")].filter((element) => !element.matches(others))
    .map((element) => element.localName + "#" + id(element) + " " + attributes(element));
}`;

const PLACES = `(() => {
  const at = (id) => {
    const box = document.getElementById(id)?.getBoundingClientRect();
    return box && [id, box.x, box.width, box.bottom <= innerHeight || id !== "chat-foot"];
  };
  const wide = document.documentElement.scrollWidth > innerWidth;
  return [wide, ...["chat-head", "desk-head", "messages", "chat-foot", "details", "q"].map(at)];
})()`;

/** Whether our own words after somebody's text still run from left to right, and behind it. */
const IN_ORDER = `(element, words) => {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const from = node.data.lastIndexOf(words);
    if (from < 0) continue;
    const lefts = [...words].map((_, i) => {
      const range = new Range();
      range.setStart(node, from + i);
      range.setEnd(node, from + i + 1);
      const { left, top } = range.getBoundingClientRect();
      return [top, left];
    });
    return lefts.every(([top, left], i) =>
      i === 0 || top > lefts[i - 1][0] + 1 || left >= lefts[i - 1][1] - 0.5
    );
  }
  return "no such words: " + element.textContent;
}`;

export class Traps {
  /** What went into one of them. */
  readonly caught: string[] = [];

  async set(page: Page): Promise<void> {
    const note = (what: string) => void this.caught.push(`${what} at ${page.url()}`);
    await page.exposeFunction("pwned", () => note("a script ran"));
    page.on("dialog", (dialog) => dialog.dismiss().then(() => note("a dialog")));
    page.on("popup", () => note("a window"));
    page.on("request", (request) => {
      const { pathname, hostname } = new URL(request.url());
      if (/pwned|evil/.test(hostname + pathname)) note(`a request for ${request.url()}`);
    });
  }
}

/** Opened as a page, where what could run would run; or only read, as a browser reads HTML, which takes a tenth of the time. */
export type How = "opened" | "read";

export interface Seen<T> {
  /** Every element with the names of its attributes. */
  readonly skeleton: readonly string[];
  readonly shown: T;
}

/** What stands at an address; `shown` is a function of the document, as text. */
export async function seenAt<T>(
  page: Page,
  how: How,
  path: string,
  shown: string,
): Promise<Seen<T>> {
  if (how === "opened") await page.goto(path);
  const doc = how === "opened"
    ? "document"
    : `new DOMParser().parseFromString(await (await fetch(${
      JSON.stringify(path)
    })).text(), "text/html")`;
  return await page.evaluate(`(async () => {
    const doc = ${doc};
    return { skeleton: (${SKELETON})(doc), shown: (${shown})(doc) };
  })()`);
}

export async function places(page: Page): Promise<unknown[]> {
  return await page.evaluate(PLACES);
}

export async function inOrder(page: Page, selector: string, words: string): Promise<void> {
  const found = await page.evaluate(
    `(${IN_ORDER})(document.querySelector(${JSON.stringify(selector)}), ${JSON.stringify(words)})`,
  );
  assert.equal(found, true, `“${words}” in ${selector} at ${page.url()}`);
}

/** What stands in each of the elements, as it is. */
export async function textsIn(page: Page, selector: string): Promise<string[]> {
  return await page.evaluate(
    `[...document.querySelectorAll(${JSON.stringify(selector)})].map((found) => found.textContent)`,
  );
}
