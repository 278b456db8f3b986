/** Every page, in both schemes, on a phone and on a desk: nothing that axe objects to, nothing cut off, nothing out of Tab's reach. */
import axe from "axe-core";
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { browserTest, type Stage } from "./browser.ts";
import { demoSite, type Sight, sights } from "./demo_site.ts";

const PHONE = { width: 390, height: 844 };
const DESK = { width: 1360, height: 900 };
/** Pages that a phone lays out in another way. */
const FOLDING = new Set(["chat", "first chat menu", "desk mine", "session mine", "transfer"]);
/** What a browser logs of pages that are answers to something wrong. */
const WRONG = /the server responded with a status of 4(01|03|04|22)/;

browserTest(
  "axe finds nothing on any page, and nothing is wider than the screen",
  async (stage) => {
    await everyPage(stage, async (page) => {
      await page.evaluate(axe.source); // not a script of the page: its policy stays as strict as it is
      const found: string[] = [];
      for (const viewport of [DESK, PHONE]) {
        await page.setViewportSize(viewport);
        if (await isTooWide(page)) found.push(`scrolls sideways at ${viewport.width}`);
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme });
          const violations = await violationsOn(page, colorScheme === "dark" ? COLOURS : ALL);
          found.push(...violations.map((line) => `${viewport.width} ${colorScheme} ${line}`));
        }
      }
      return found;
    });
  },
);

browserTest("Tab gets to every control of every page, and shows where it is", async (stage) => {
  await everyPage(stage, async (page, { name }) => {
    const found: string[] = [];
    for (const viewport of FOLDING.has(name) ? [DESK, PHONE] : [DESK]) {
      await page.setViewportSize(viewport);
      found.push(...(await outOfReach(page)).map((line) => `${viewport.width} ${line}`));
    }
    return found;
  });
});

/** Complains of all pages at once, so that one run tells everything. */
async function everyPage(stage: Stage, look: Looking): Promise<void> {
  stage.allow(WRONG);
  const site = stage.own(await demoSite());
  const found: Record<string, string[]> = {};
  const byReader = Map.groupBy(await sights(site), ({ as }) => as);
  await Promise.all(
    byReader.entries().map(async ([reader, all]) => {
      const page = await stage.page({ url: site.url, ...(reader && { as: [reader] }) });
      for (const sight of all) {
        const complaints = await lookAt(page, sight, look);
        if (complaints.length > 0) found[sight.name] = complaints;
      }
      await page.context().close();
    }),
  );
  assert.deepEqual(found, {});
}

type Looking = (page: Page, sight: Sight) => Promise<string[]>;

async function lookAt(page: Page, sight: Sight, look: Looking): Promise<string[]> {
  await page.setViewportSize(DESK);
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto(sight.path);
  await sight.act?.(page);
  return await look(page, sight);
}

// ---- axe ----------------------------------------------------------------------------------------

/** The demo's two frames are pages that are looked at by themselves. */
const ALL = { iframes: false, resultTypes: ["violations"] };
/** All that a colour scheme changes. */
const COLOURS = {
  ...ALL,
  runOnly: { type: "rule", values: ["color-contrast", "link-in-text-block"] },
};

async function violationsOn(page: Page, options: unknown): Promise<string[]> {
  return await page.evaluate<string[]>(`axe.run(${JSON.stringify(options)}).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ html, any }) =>
      id + ": " + html.slice(0, 160) + " " + (any[0]?.message ?? ""))))`);
}

const isTooWide = (page: Page): Promise<boolean> =>
  page.evaluate<boolean>("document.documentElement.scrollWidth > innerWidth");

// ---- Tab ----------------------------------------------------------------------------------------

/** How it looks, with what stands for it: a label, a row, the form around it. */
const LOOK = `(element) => {
  const around = [element, element.nextElementSibling, element.closest("li, label"), element.closest("form")];
  return around.flatMap((one) => one ? [undefined, "::before", "::after"].map((part) => {
    const { outlineStyle, outlineWidth, boxShadow, borderColor } = getComputedStyle(one, part);
    return [outlineStyle === "none" ? 0 : outlineWidth, boxShadow, borderColor].join();
  }) : []).join("|");
}`;

/** Marks what a keyboard has to reach, and keeps how it looks at rest; of a group of radio buttons one is enough. */
const CONTROLS = `(() => {
  const isLead = ({ name, form, checked }) =>
    checked || !form.querySelector(\`input[name="\${name}"]:checked\`);
  const groups = new Set();
  const all = "a[href], button, input, select, textarea, summary, [tabindex='0']";
  return [...document.querySelectorAll(all)].filter((element) => {
    if (element.disabled || element.type === "hidden") return false;
    if (!element.checkVisibility({ visibilityProperty: true })) return false;
    if (element.type !== "radio") return true;
    if (!isLead(element) || groups.has(element.name)) return false;
    groups.add(element.name);
    return true;
  }).map((element, key) => {
    element.atRest = { key, look: (${LOOK})(element) };
    return element.outerHTML.slice(0, 160);
  });
})()`;

/** Tab begins at the top again. */
const TO_TOP =
  `document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute("tabindex")`;

const FOCUSED = `(() => {
  const element = document.activeElement;
  const { key, look } = element?.atRest ?? {};
  return key === undefined ? undefined : { key, isShown: look !== (${LOOK})(element) };
})()`;

interface Focused {
  readonly key: number;
  readonly isShown: boolean;
}

async function outOfReach(page: Page): Promise<string[]> {
  await page.evaluate(TO_TOP);
  const controls = await page.evaluate<string[]>(CONTROLS);
  const reached = new Map<number, Focused>();
  for (let i = 0; i < controls.length + 9 && reached.size < controls.length; i++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate<Focused | undefined>(FOCUSED);
    if (focused) reached.set(focused.key, focused);
  }
  return controls.flatMap((html, key) => {
    const focused = reached.get(key);
    if (!focused) return [`out of reach: ${html}`];
    return focused.isShown ? [] : [`focus not to be seen: ${html}`];
  });
}
