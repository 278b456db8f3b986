/** What was typed and not sent stays with its conversation, for as long as the tab and the sign-in last. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { eventually, testSite } from "../helpers.ts";
import { browserTest } from "./browser.ts";
import { talkOn } from "./home.ts";
import { box, button, connected, fill, link, reads, say, shows } from "./pages.ts";

const DRAFT = "We have it in stock,\nand the van leaves at";

const holds = (page: Page, text: string) =>
  eventually(async () => await box(page).inputValue() === text, { what: `“${text}” in the box` });

browserTest(
  "an agent's draft waits in its conversation, and what was sent doesn't",
  async (stage) => {
    const site = stage.own(await testSite());
    const { ada } = await talkOn(site);
    await ada.post("/api/agent/status", { capacity: 2 });
    await (await site.customer("Barbara")).post("/api/session/start");
    const desk = await stage.page({ url: site.url, as: [ada] });
    await desk.goto("/agent");
    await link(desk, "Linus").click();
    await box(desk).fill(DRAFT);
    await link(desk, "Barbara").click();
    await desk.getByRole("heading", { level: 1, name: "Barbara" }).waitFor();
    await holds(desk, "");
    await link(desk, "Linus").click();
    await desk.getByRole("heading", { level: 1, name: "Linus" }).waitFor();
    await holds(desk, DRAFT);
    await desk.reload();
    await holds(desk, DRAFT);
    await connected(desk);
    await button(desk, "Send").click();
    await reads(desk, "and the van leaves at");
    await holds(desk, "");
    await desk.reload();
    await reads(desk, "and the van leaves at");
    await holds(desk, "");

    await box(desk).fill(DRAFT);
    await button(desk, "Sign out").click();
    await fill(desk, { Email: "" });
    assert.equal(await desk.evaluate("sessionStorage.length"), 0);
  },
);

browserTest(
  "a reply isn't lost when a colleague gets the conversation meanwhile",
  async (stage) => {
    const site = stage.own(await testSite());
    const { ada, id } = await talkOn(site);
    const grace = await site.agent("Grace");
    await grace.post("/api/agent/status", { status: "available" });
    const desk = await stage.page({ url: site.url, as: [ada] });
    await desk.goto(`/agent/sessions/${id}`);
    await connected(desk);
    await box(desk).fill(DRAFT);
    const give = ({ id: agentId }: { id: string }) =>
      grace.post("/api/session/transfer", { sessionId: id, agentId });
    await give(grace);
    await desk.getByRole("alert").getByText("and the van leaves at").waitFor();
    assert.equal(await box(desk).count(), 0);
    await give(ada);
    await holds(desk, DRAFT);
    assert.equal(await desk.getByRole("alert").innerText(), "");
  },
);

browserTest("what a customer wrote as the chat ended is there in the next one", async (stage) => {
  const site = stage.own(await testSite());
  const ada = await site.agent("Ada");
  const linus = await site.customer("Linus");
  const chat = await stage.page({ url: site.url, as: [linus] });
  await chat.goto("/chat");
  await say(chat, "Hello");
  await chat.waitForURL(/chat\/[0-9a-f]{24}$/);
  await connected(chat);
  await holds(chat, "");
  await box(chat).fill("One more thing");
  const sessionId = new URL(chat.url()).pathname.slice("/chat/".length);
  await ada.post("/api/session/end", { sessionId });
  await shows(chat, "“One more thing”");
  await link(chat, "Start a new chat").click();
  await holds(chat, "One more thing");
  await button(chat, "Send").click();
  await reads(chat, "One more thing");
  await chat.waitForURL(/chat\/[0-9a-f]{24}$/);
  await holds(chat, "");
  await connected(chat);
  await button(chat, "End chat").click();
  await link(chat, "Start a new chat").click();
  await holds(chat, "");
});

for (const javaScriptEnabled of [true, false]) {
  browserTest(
    `a paste that is far too long stays as it is, JavaScript ${javaScriptEnabled ? "on" : "off"}`,
    async (stage) => {
      const site = stage.own(await testSite());
      const { linus } = await talkOn(site);
      stage.allow(/status of 4(13|22)/);
      const page = await stage.page({ url: site.url, as: [linus], javaScriptEnabled });
      await page.goto("/chat");
      const lengths = javaScriptEnabled ? [4_001, 100_000, 600_000] : [4_001, 100_000];
      for (const length of lengths) {
        await box(page).fill("y".repeat(length));
        await button(page, "Send").click();
        await page.getByRole("alert").getByText("At most 4,000 characters").waitFor();
        assert.equal((await box(page).inputValue()).length, length);
        await page.goto("/chat");
      }
    },
  );
}
