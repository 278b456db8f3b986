/** A model that obeys whoever attacks it, in a real browser: what it says is read, and nothing else happens. */
import assert from "node:assert/strict";
import { newId } from "../../services/domain.ts";
import type { Piece } from "../../services/llm.ts";
import { eventually, testSite } from "../helpers.ts";
import { INJECTIONS } from "../injections.ts";
import { ARTICLES, ScriptedLlm } from "../talk.ts";
import { browserTest } from "./browser.ts";
import { post, talkOn } from "./home.ts";
import { connected, log } from "./pages.ts";
import { Traps } from "./traps.ts";

const HALVES = /^[^]{1,20}|[^]+/gu;

/** In two pieces, so that it is seen to grow. */
async function* obeyed(index: number): AsyncGenerator<Piece> {
  const { obeyed, quotes } = INJECTIONS[index] ?? assert.fail(`${index}`);
  for (const text of obeyed.match(HALVES) ?? []) yield { text };
  yield { quotes };
}

browserTest(
  "no answer of a model that obeys attackers runs, asks or redraws anything",
  async (stage) => {
    let index = 0;
    const llm = new ScriptedLlm(() => obeyed(index));
    const site = stage.own(await testSite({ llm, articles: ARTICLES }));
    const { linus, ada, id } = await talkOn(site, { status: "busy" });
    const traps = new Traps();
    const chat = await stage.page({ url: site.url, as: [linus] });
    const desk = await stage.page({ url: site.url, as: [ada] });
    for (const page of [chat, desk]) await traps.set(page);
    await chat.goto("/chat");
    await desk.goto(`/agent/sessions/${id}?list=ai`);
    for (const page of [chat, desk]) await connected(page);
    const answers = async () => {
      const { body } = await linus.get(`/api/session/messages?sessionId=${id}&limit=200`);
      return body.messages.filter(({ sender }: { sender: string }) => sender === "ai").length;
    };
    for (index = 0; index < INJECTIONS.length; index++) {
      await post(linus, id, `Attack ${newId()}`);
      await eventually(async () => await answers() === index + 1);
    }
    for (const page of [chat, desk]) {
      const shown = page.locator('#messages > li[data-author="ai"]');
      await eventually(async () => await shown.count() === INJECTIONS.length);
      assert.equal(
        await log(page).locator("script, img, iframe, form, style, object, svg").count(),
        0,
      );
      for (const link of await shown.getByRole("link").all()) {
        assert.match(await link.getAttribute("href") ?? "", /^\/help\/(?:returns|delivery)$/);
      }
    }
    assert.deepEqual(traps.caught, []);
  },
);
