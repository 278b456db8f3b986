/** What the desk says of agents: who wrote, who is there, and who has room. */
import assert from "node:assert/strict";
import { eventually, testSite } from "../helpers.ts";
import { browserTest } from "./browser.ts";
import { post, talkOn } from "./home.ts";
import { button, connected, link, log, reads, shows, status } from "./pages.ts";

browserTest("a colleague's words stand under the colleague's name", async (stage) => {
  const site = stage.own(await testSite());
  const { ada, id } = await talkOn(site);
  await post(ada, id, "Hello!");
  const grace = await site.agent("Grace");
  await ada.post("/api/session/transfer", { sessionId: id, agentId: grace.id });
  const desk = await stage.page({ url: site.url, as: [grace] });
  await desk.goto(`/agent/sessions/${id}`);
  await reads(desk, "Hello!");
  const name = await log(desk).getByText("Ada", { exact: true }).boundingBox();
  assert.ok(name && name.width > 10, JSON.stringify(name)); // and not only read aloud
});

browserTest("all of the desk follows the agent's status", async (stage) => {
  const site = stage.own(await testSite());
  const { ada } = await talkOn(site);
  const desk = await stage.page({ url: site.url, as: [ada] });
  await ada.post("/api/agent/status", { status: "offline" });
  await desk.goto("/agent");
  await shows(desk, /^You are offline/);
  await connected(desk);
  await ada.post("/api/agent/status", { capacity: 2 });
  for (
    const [name, words] of [
      ["Available", /^Pick a conversation/],
      ["Busy", /^Pick a conversation/],
      ["Offline", /^You are offline/],
    ] as const
  ) {
    await button(desk, name).click();
    await status(desk, name).waitFor();
    await shows(desk, words);
    const dot = desk.locator(`#me [data-presence="${name.toLowerCase()}"]`);
    await eventually(() => dot.isVisible(), { what: `the dot of ${name}` });
  }
});

browserTest("who is available with no place left is told why that is busy", async (stage) => {
  const site = stage.own(await testSite());
  const { ada, id } = await talkOn(site);
  const desk = await stage.page({ url: site.url, as: [ada] });
  await ada.post("/api/agent/status", { status: "busy" });
  await desk.goto(`/agent/sessions/${id}`);
  await connected(desk);
  await shows(desk, /^1 of 1 open$/);
  const search = () => desk.getByRole("search").boundingBox();
  const before = await search();
  await button(desk, "Available").click();
  await shows(desk, "1 of 1 open: busy until one ends");
  await status(desk, "Busy").waitFor();
  assert.deepEqual(await search(), before); // nothing moved
});

browserTest("the list that is shown is called by its name", async (stage) => {
  const site = stage.own(await testSite());
  const { ada } = await talkOn(site);
  const desk = await stage.page({ url: site.url, as: [ada] });
  const list = (name: string) => desk.getByRole("list", { name, exact: true });
  await desk.goto("/agent");
  await list("Mine").getByRole("link", { name: "Linus" }).waitFor();
  for (const name of ["Waiting", "AI", "Others", "Closed"]) {
    await link(desk, name).click();
    await desk.waitForURL(`**/agent?list=${name.toLowerCase()}`);
    assert.deepEqual([await list(name).count(), await list("Mine").count()], [1, 0]);
  }
  await desk.goto("/agent?q=Linus");
  await list("Found").getByRole("link", { name: "Linus" }).waitFor();
});
