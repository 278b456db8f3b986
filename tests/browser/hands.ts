/** Three ways to use the same pages: by mouse, by keyboard alone, and with JavaScript off. */
import type { Locator, Page } from "playwright-core";
import { eventually } from "../helpers.ts";
import { box, button, tabTo } from "./pages.ts";

export interface Hands {
  readonly name: string;
  /** Whether pages change by themselves. */
  readonly live: boolean;
  press(page: Page, target: Locator): Promise<void>;
  /** Puts text into a field. */
  write(page: Page, field: Locator, text: string): Promise<void>;
  send(page: Page, text: string): Promise<void>;
  /** The radio button at this place of its group, from 1. */
  choose(page: Page, group: Locator, place: number): Promise<void>;
  /** Until it is there to be seen. */
  see(page: Page, target: Locator): Promise<void>;
}

export const mouse: Hands = {
  name: "by mouse",
  live: true,
  press: (_page, target) => target.click(),
  write: (_page, field, text) => field.fill(text),
  async send(page, text) {
    await box(page).fill(text);
    await button(page, "Send").click();
  },
  choose: (_page, group, place) => group.getByRole("radio").nth(place - 1).check({ force: true }),
  see: (_page, target) => target.first().waitFor(),
};

export const keyboard: Hands = {
  name: "by keyboard alone",
  live: true,
  async press(page, target) {
    await tabTo(page, target);
    await page.keyboard.press("Enter");
  },
  async write(page, field, text) {
    await tabTo(page, field);
    await page.keyboard.type(text);
  },
  async send(page, text) {
    await tabTo(page, box(page));
    for (const [i, line] of text.split("\n").entries()) {
      if (i > 0) await page.keyboard.press("Shift+Enter");
      await page.keyboard.type(line);
    }
    await page.keyboard.press("Enter");
  },
  async choose(page, group, place) {
    await tabTo(page, group.getByRole("radio").first());
    await page.keyboard.press("Space");
    for (let at = 1; at < place; at++) await page.keyboard.press("ArrowRight");
  },
  see: mouse.see,
};

export const plain: Hands = {
  ...mouse,
  name: "with JavaScript off",
  live: false,
  async see(page, target) {
    await eventually(async () => {
      if (await target.first().isVisible()) return true;
      await page.reload();
    }, { what: `${target}` });
  },
};
