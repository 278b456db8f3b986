/** Pictures of every page, at three widths and in both schemes: `deno run -A tests/browser/shots.ts FOLDER` */
import { launch, Stage } from "./browser.ts";
import { demoSite, sights } from "./demo_site.ts";

const SIZES = [{ width: 390, height: 844 }, { width: 1000, height: 800 }, {
  width: 1360,
  height: 900,
}];
const SCHEMES = ["light", "dark"] as const;
/** For sockets to connect, and what is pushed first. */
const SETTLED = 400;

const [folder] = Deno.args;
if (!folder) throw new Error("Name the folder for the pictures");
await Deno.mkdir(folder, { recursive: true });
const browser = await launch();
const stage = new Stage(browser);
const site = stage.own(await demoSite());
for (const { name, path, as, act } of await sights(site)) {
  const page = await stage.page({ url: site.url, ...(as && { as: [as] }) });
  await page.goto(path);
  await act?.(page);
  await page.waitForTimeout(SETTLED);
  for (const viewport of SIZES) {
    await page.setViewportSize(viewport);
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      const file = `${name.replaceAll(/\W+/g, "-")}-${viewport.width}-${colorScheme}.png`;
      await page.screenshot({ path: `${folder}/${file}` });
    }
  }
  await page.context().close();
}
await stage[Symbol.asyncDispose]();
await browser.close();
Deno.exit(0);
