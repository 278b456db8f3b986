/** An agent with more conversations than a list shows at once keeps their place in it. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { type Person, type TestSite, testSite } from "../helpers.ts";
import { browserTest, type Stage } from "./browser.ts";
import { post } from "./home.ts";
import { link, shows } from "./pages.ts";

const MANY = 34;

async function crowdedDesk(stage: Stage) {
  const site = stage.own(await testSite());
  const ada = await site.agent("Ada");
  await ada.post("/api/agent/status", { status: "available", capacity: 100 });
  const last = await crowd(site);
  const desk = await stage.page({
    url: site.url,
    as: [ada],
    viewport: { width: 1360, height: 850 },
  });
  return { site, ada, desk, last };
}

/** The last one, with whom the list begins. */
async function crowd(site: TestSite): Promise<{ who: Person; id: string }> {
  let last;
  for (let n = 1; n <= MANY; n++) {
    const who = await site.customer(`Customer ${n}`);
    const { body } = await who.post("/api/session/start");
    await post(who, body.sessionId, "Where is my lamp?");
    last = { who, id: body.sessionId };
  }
  assert.ok(last);
  return last;
}

const open = async (desk: Page, name: string): Promise<void> => {
  await link(desk, name).click();
  await desk.getByRole("heading", { level: 1, name, exact: true }).waitFor();
};

const rows = (desk: Page) => desk.locator(".rows > li");
const depth = (desk: Page) => desk.locator("#desk-lists").evaluate((list) => list.scrollTop);

browserTest("the list stays as far down as it was, and where it was", async (stage) => {
  const { desk } = await crowdedDesk(stage);
  await desk.goto("/agent");
  await link(desk, "Customer 15").scrollIntoViewIfNeeded();
  const before = await depth(desk);
  assert.ok(before > 0);
  await open(desk, "Customer 15");
  assert.equal(await depth(desk), before);

  await link(desk, "More").click();
  await open(desk, "Customer 2");
  assert.equal(await rows(desk).count(), MANY - 30);
  await link(desk, "Newest").click();
  await link(desk, `Customer ${MANY}`).waitFor();
});

browserTest("the row of the conversation that a link led to is in sight", async (stage) => {
  const { desk, last } = await crowdedDesk(stage);
  await desk.goto(`/agent/sessions/${last.id}`);
  const [twelfth] = await desk.getByRole("link", { name: /^Customer 12$/ }).all();
  await desk.goto(await twelfth?.getAttribute("href") ?? "");
  const row = await desk.locator(".rows [aria-current]").boundingBox();
  assert.ok(row && row.y > 0 && row.y < 850, `${row?.y}`);
});

browserTest(
  "what was found stays beside what is opened of it, and tells no wrong number",
  async (stage) => {
    const { desk } = await crowdedDesk(stage);
    await desk.goto("/agent?q=lamp");
    await shows(desk, "The newest 30 for “lamp”");
    await open(desk, "Customer 30");
    await shows(desk, "The newest 30 for “lamp”");
    assert.equal(await desk.getByRole("searchbox", { name: "Search" }).inputValue(), "lamp");
  },
);

browserTest("the focus stays on its conversation when others move past it", async (stage) => {
  const { desk, site } = await crowdedDesk(stage);
  await desk.goto("/agent");
  const low = link(desk, `Customer ${MANY - 10}`);
  await low.focus();
  const who = await site.customer("Barbara");
  await post(who, (await who.post("/api/session/start")).body.sessionId, "To the top");
  await shows(desk, "To the top");
  assert.equal(await low.evaluate((row) => row.matches(":focus")), true);
});

browserTest("what is closed asks nobody to read it", async (stage) => {
  const { desk, last } = await crowdedDesk(stage);
  await last.who.post("/api/session/end", { sessionId: last.id });
  await desk.goto("/agent");
  await shows(desk, "unread"); // of the others
  await link(desk, "Closed").click();
  await link(desk, `Customer ${MANY}`).waitFor();
  assert.equal(await desk.getByText("unread").count(), 0);
});
