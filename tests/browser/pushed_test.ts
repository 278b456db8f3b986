/** A composer that comes with the session, onto a page that was open before, is as good as any. */
import assert from "node:assert/strict";
import { eventually, testSite } from "../helpers.ts";
import { browserTest } from "./browser.ts";
import { Home, post, talkOn } from "./home.ts";
import { box, button, connected, gone, reads, say, shows, texts } from "./pages.ts";

browserTest(
  "an agent who watches gets the composer when the session becomes theirs",
  async (stage) => {
    const site = stage.own(await testSite());
    const { ada, linus, id } = await talkOn(site, { status: "offline" });
    await post(linus, id, "I would like to talk to a person");
    const desk = await stage.page({ url: site.url, as: [ada] });
    const chat = await stage.page({ url: site.url, as: [linus] });
    await desk.goto(`/agent/sessions/${id}`);
    await chat.goto("/chat");
    for (const page of [desk, chat]) await connected(page);
    assert.equal(await box(desk).isVisible(), false);
    await button(desk, "Available").click(); // the longest waiting goes to her at once
    await box(desk).waitFor();

    for (const text of ["Hello Linus", "Still there?", "Hello Linus"]) {
      await say(desk, text);
      await reads(chat, text);
      await eventually(async () => await box(desk).inputValue() === "", { what: "an empty box" });
    }
    assert.deepEqual((await texts(desk)).slice(-3), ["Hello Linus", "Still there?", "Hello Linus"]);
    assert.deepEqual((await texts(chat)).slice(-3), ["Hello Linus", "Still there?", "Hello Linus"]);

    await box(desk).fill("A reply to the last"); // and it holds what is overtaken
    await say(chat, "Yes, here I am");
    await reads(desk, "Yes, here I am");
    stage.allow(/status of 409/);
    await button(desk, "Send").click();
    await button(desk, "Send anyway").waitFor();
    assert.equal(await box(desk).inputValue(), "A reply to the last");
    assert.equal(await desk.getByText(/</).count(), 0); // no markup to be read
    await button(desk, "Send anyway").click();
    await reads(chat, "A reply to the last");
    await gone(button(desk, "Send anyway"));
  },
);

browserTest(
  "a text that a composer which came later could not send stays, and says so",
  async (stage) => {
    const home = stage.own(await Home.open());
    const { ada, linus, id } = await talkOn(home.other, { status: "offline" });
    await post(linus, id, "I would like to talk to a person");
    const desk = await stage.page({ url: home.url, as: [ada] });
    await desk.goto(`/agent/sessions/${id}`);
    await connected(desk);
    await button(desk, "Available").click();
    await box(desk).waitFor();
    stage.allow(/ERR_CONNECTION_REFUSED|Failed to fetch|status of 503/);
    for (
      const [away, back] of [
        [() => home.setWritable(false), () => home.setWritable(true)],
        [() => home.stop(), () => home.start()],
      ] as const
    ) {
      await box(desk).fill("Hold on");
      await away();
      await button(desk, "Send").click();
      await shows(desk, /^Not sent/);
      assert.equal(await box(desk).inputValue(), "Hold on");
      await back();
      await connected(desk);
      await button(desk, "Send").click();
      await reads(desk, "Hold on");
      await gone(desk.getByText(/^Not sent/));
      assert.equal(await box(desk).inputValue(), "");
    }
    assert.deepEqual((await texts(desk)).slice(-2), ["Hold on", "Hold on"]);
  },
);
