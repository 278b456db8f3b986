/** The assistant's help at the desk: a suggestion goes into the box, and out only when the agent sends it. */
import assert from "node:assert/strict";
import { pause, testSite } from "../helpers.ts";
import { browserTest, type Stage } from "./browser.ts";
import { post, talkOn } from "./home.ts";
import { ARTICLES, box, button, connected, reads, texts } from "./pages.ts";

const QUESTION = "How long do I have to return a lamp?";

async function atTheDesk(stage: Stage, javaScriptEnabled = true) {
  const site = stage.own(await testSite({ articles: ARTICLES }));
  const talk = await talkOn(site);
  await post(talk.linus, talk.id, QUESTION);
  const look = { url: site.url, javaScriptEnabled };
  const desk = await stage.page({ ...look, as: [talk.ada] });
  const chat = await stage.page({ url: site.url, as: [talk.linus] });
  await desk.goto(`/agent/sessions/${talk.id}`);
  await chat.goto("/chat");
  await connected(chat);
  if (javaScriptEnabled) await connected(desk);
  return { desk, chat };
}

for (const javaScript of [true, false]) {
  const how = javaScript ? "without leaving the page" : "with JavaScript off";
  browserTest(`a suggested reply goes into the box, with its source, ${how}`, async (stage) => {
    const { desk, chat } = await atTheDesk(stage, javaScript);
    const before = await texts(chat);
    await box(desk).fill("Hello Linus,");
    await button(desk, "Suggest a reply").click();
    const advice = desk.getByRole("status").filter({ hasText: "nothing is sent by itself" });
    await advice.waitFor();
    assert.match(await box(desk).inputValue(), /^Hello Linus,\n\nYou can return [^]*30 days/);
    assert.match(await advice.getByRole("link").first().getAttribute("href") ?? "", /^\/help\//);
    await pause(300); // for it to be sent by itself
    assert.deepEqual(await texts(chat), before);
    await button(desk, "Send").click();
    await reads(chat, /^Hello Linus,/);
  });

  browserTest(
    `a summary stands above the box, and customers see none of it, ${how}`,
    async (stage) => {
      const { desk, chat } = await atTheDesk(stage, javaScript);
      await box(desk).fill("One moment");
      await button(desk, "Summarise").click();
      await desk.getByText(`Linus wrote: “${QUESTION}”`).waitFor();
      assert.equal((await box(desk).inputValue()).trim(), "One moment");
      assert.doesNotMatch(await chat.content(), /Linus wrote/);
    },
  );
}
