/** What people find on pages, by the names that a screen reader says. */
import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { parseArticles } from "../../services/articles.ts";
import { eventually, PASSWORD } from "../helpers.ts";

/** The demo company's. */
export const ARTICLES = parseArticles(
  [...Deno.readDirSync("docs/demo/articles")].map(({ name }) => ({
    name,
    text: Deno.readTextFileSync(`docs/demo/articles/${name}`),
  })),
);

export const log = (page: Page): Locator => page.getByRole("log", { name: "Conversation" });
export const box = (page: Page): Locator =>
  page.getByRole("textbox", { name: "Message", exact: true });
export const button = (page: Page, name: string): Locator =>
  page.getByRole("button", { name, exact: true });
export const link = (page: Page, name: string): Locator =>
  page.getByRole("link", { name, exact: true });

export async function fill(page: Page, fields: Record<string, string>): Promise<void> {
  for (const [label, value] of Object.entries(fields)) {
    await page.getByLabel(label, { exact: true }).fill(value);
  }
}

export const accountOf = (name: string) => ({
  Name: name,
  Email: `${name.toLowerCase()}@example.com`,
  Password: PASSWORD,
});

export async function say(page: Page, text: string): Promise<void> {
  await box(page).fill(text);
  await button(page, "Send").click();
}

/** Until the log says so. */
export const reads = (page: Page, text: string | RegExp): Promise<void> =>
  log(page).getByText(text).first().waitFor();

export const shows = (page: Page, text: string | RegExp): Promise<void> =>
  page.getByText(text).first().waitFor();

/** The messages' own words, in order, without names, times and sources. */
export const texts = (page: Page): Promise<string[]> =>
  page.locator("#messages > li :is(.text, p[dir] > b:only-of-type)").allInnerTexts();

export async function connected(page: Page): Promise<void> {
  await eventually(
    () => page.evaluate(`document.getElementById("connection")?.dataset.state === "connected"`),
    { what: "the connection" },
  );
}

/** Presses Tab until the focus is there. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let i = 0; i < 80; i++) {
    if (await target.evaluate((element) => element.matches(":focus"))) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab never gets to ${target}`);
}

export const heading = (page: Page, name: string): Locator =>
  page.getByRole("heading", { level: 1, name, exact: true });
/** An agent's status, pressed. */
export const status = (page: Page, name: string): Locator =>
  page.getByRole("button", { name, exact: true, pressed: true });

/** Until it isn't there to be seen any more. */
export const gone = (target: Locator): Promise<void> => target.first().waitFor({ state: "hidden" });
