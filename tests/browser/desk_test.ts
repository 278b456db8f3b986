/** What the desk says of agents: who wrote, who is there, and who has room. */
import assert from "node:assert/strict";
import { testSite } from "../helpers.ts";
import { browserTest } from "./browser.ts";
import { post, talkOn } from "./home.ts";
import { log, reads } from "./pages.ts";

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
