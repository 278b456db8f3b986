/** Pages that lose their server, their network, or themselves for a while: nothing is missing, doubled or forgotten. */
import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { pause, testSite } from "../helpers.ts";
import { browserTest } from "./browser.ts";
import { Home, post, talkOn } from "./home.ts";
import { box, button, connected, gone, reads, say, texts } from "./pages.ts";
import { Wire } from "./wire.ts";

/** What a browser and htmx log of a request that found nobody. */
const UNANSWERED = /ERR_(CONNECTION_REFUSED|FAILED|INTERNET_DISCONNECTED)|Failed to fetch/;
const REFUSED = /the server responded with a status of 503/;

const lost = (page: Page) => page.getByRole("status").getByText("Connection lost.").waitFor();
const top = async (target: Locator) => (await target.boundingBox())?.y ?? NaN;
const notSent = (page: Page) => page.getByRole("alert").getByText(/^Not sent/).waitFor();

browserTest(
  "pages heal when the server comes back: no gap, no double, no draft lost",
  async (stage) => {
    const home = stage.own(await Home.open());
    const { ada, linus, id } = await talkOn(home.other);
    await post(linus, id, "One");
    const chat = await stage.page({ url: home.url, as: [linus] });
    const desk = await stage.page({ url: home.url, as: [ada] });
    stage.allow(UNANSWERED); // "seen" and "typing" while the server is away
    await chat.goto("/chat");
    await desk.goto(`/agent/sessions/${id}`);
    for (const page of [chat, desk]) await connected(page);

    for (let round = 1; round <= 2; round++) {
      await box(chat).fill(`Linus is writing ${round}`);
      await box(desk).fill(`Ada is writing ${round}`);
      const places = await Promise.all([chat, desk].map((page) => top(box(page))));
      await home.stop();
      for (const [i, page] of [chat, desk].entries()) {
        await lost(page);
        assert.equal(await top(box(page)), places[i]); // the banner stands above, and moves nothing
        assert.ok(await top(page.getByText("Connection lost.")) < await top(box(page)));
      }
      await post(ada, id, `From Ada ${round}`);
      await post(linus, id, `From Linus ${round}`);
      await post(ada, id, `Ada once more ${round}`);
      await home.start();
      for (const page of [chat, desk]) await connected(page);
      for (const page of [chat, desk]) await reads(page, `Ada once more ${round}`);
      const { messages } = (await linus.get(`/api/session/messages?sessionId=${id}`)).body;
      const stored = messages.map(({ text }: { text: string }) => text);
      for (const page of [chat, desk]) assert.deepEqual(await texts(page), stored);
      await gone(chat.getByText("Connection lost."));
      assert.equal(await box(chat).inputValue(), `Linus is writing ${round}`);
      assert.equal(await box(desk).inputValue(), `Ada is writing ${round}`);
    }
    await button(chat, "Send").click(); // and the sockets are live again
    await reads(desk, "Linus is writing 2");
    assert.equal(await chat.locator("#messages").getByText("Linus is writing 2").count(), 1);
  },
);

browserTest(
  "a button pressed while the server is away leaves the page where it is",
  async (stage) => {
    const home = stage.own(await Home.open());
    const { ada, linus, id } = await talkOn(home.other, { status: "busy" });
    await post(linus, id, "One");
    const chat = await stage.page({ url: home.url, as: [linus] });
    const desk = await stage.page({ url: home.url, as: [ada] });
    stage.allow(UNANSWERED);
    await chat.goto("/chat");
    await desk.goto("/agent?list=ai");
    for (const page of [chat, desk]) await connected(page);
    await box(chat).fill("Half a sen");
    await home.stop();
    for (const page of [chat, desk]) await lost(page);
    const pressed = [[chat, "Talk to a person"], [desk, "Offline"]] as const;
    for (const [page, name] of pressed) {
      await button(page, name).click();
      await page.getByRole("alert").getByText("That did not work: no connection.").waitFor();
    }
    assert.equal(await box(chat).inputValue(), "Half a sen");
    await home.start();
    for (const page of [chat, desk]) await connected(page);
    for (const [page, name] of pressed) await button(page, name).click();
    await reads(chat, "Linus asked for a person");
    await desk.getByRole("button", { name: "Offline", pressed: true }).waitFor();
    assert.match(desk.url(), /list=ai$/);
    for (const page of [chat, desk]) await gone(page.getByText("That did not work"));
  },
);

browserTest("a text that could not be sent stays, says so, and goes out once", async (stage) => {
  const home = stage.own(await Home.open());
  const { ada, linus, id } = await talkOn(home.other);
  stage.allow(UNANSWERED);
  stage.allow(REFUSED);
  const people = [
    { page: await stage.page({ url: home.url, as: [linus] }), path: `/chat/${id}` },
    { page: await stage.page({ url: home.url, as: [ada] }), path: `/agent/sessions/${id}` },
  ];
  for (const { page, path } of people) {
    await page.goto(path);
    await connected(page);
  }
  const away = [
    { begin: () => home.stop(), end: () => home.start(), why: "away" },
    { begin: () => home.setWritable(false), end: () => home.setWritable(true), why: "full" },
  ];
  for (const { begin, end, why } of away) {
    for (const { page, path } of people) {
      const text = `Sent while it was ${why}: ${path}`;
      const other = people.find((person) => person.page !== page)?.page ?? page;
      await begin();
      await say(page, text);
      await notSent(page);
      assert.equal(await box(page).inputValue(), text);
      assert.ok(!(await texts(page)).includes(text));
      await end();
      await connected(page);
      await button(page, "Send").click();
      await reads(page, text);
      await reads(other, text);
      await gone(page.getByText(/^Not sent/));
      assert.equal(await box(page).inputValue(), "");
      assert.equal((await texts(page)).filter((one) => one === text).length, 1);
    }
  }
});

browserTest("a page that was offline has everything once it is online", async (stage) => {
  const site = stage.own(await testSite());
  const { ada, linus, id } = await talkOn(site);
  const chat = await stage.page({ url: site.url, as: [linus] });
  stage.allow(UNANSWERED);
  await chat.goto("/chat");
  await connected(chat);
  await chat.context().setOffline(true);
  await say(chat, "From the train");
  await notSent(chat);
  await post(ada, id, "While you were in the tunnel");
  await chat.context().setOffline(false);
  await connected(chat);
  await reads(chat, "While you were in the tunnel");
  assert.equal(await box(chat).inputValue(), "From the train");
  await button(chat, "Send").click();
  await reads(chat, "From the train");
  await post(ada, id, "Good to have you back");
  await reads(chat, "Good to have you back");
  assert.deepEqual((await texts(chat)).slice(-3), [
    "While you were in the tunnel",
    "From the train",
    "Good to have you back",
  ]);
});

const ALARMS = {
  "the silence": (page: Page) => page.clock.fastForward(60_000),
  "the network's return": (page: Page) => page.evaluate(`dispatchEvent(new Event("online"))`),
  "being taken out of the browser's cache": (page: Page) =>
    page.evaluate(`dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))`),
};

for (const [alarm, ring] of Object.entries(ALARMS)) {
  browserTest(
    `a page that slept on a dead line notices ${alarm}, and catches up`,
    async (stage) => {
      const site = stage.own(await testSite());
      const { ada, linus, id } = await talkOn(site);
      const wire = stage.own(new Wire(site.url));
      const chat = await stage.page({ url: wire.url, as: [linus] });
      await chat.clock.install();
      await chat.goto("/chat");
      await connected(chat);
      await box(chat).fill("Half a thought");
      await post(ada, id, "Before the sleep");
      await reads(chat, "Before the sleep"); // so silence means something
      wire.freeze();
      await post(ada, id, "During the sleep");
      await pause(400);
      assert.equal(await chat.getByText("During the sleep").count(), 0);
      await ring(chat);
      await reads(chat, "During the sleep");
      await post(ada, id, "After the sleep");
      await reads(chat, "After the sleep");
      const slept = ["Before the sleep", "During the sleep", "After the sleep"];
      assert.deepEqual((await texts(chat)).slice(-3), slept);
      assert.equal(await box(chat).inputValue(), "Half a thought");
    },
  );
}

browserTest("a page that is gone back to is up to date, and live", async (stage) => {
  const site = stage.own(await testSite());
  const { ada, linus, id } = await talkOn(site);
  await post(linus, id, "Hello");
  const chat = await stage.page({ url: site.url, as: [linus] });
  const desk = await stage.page({ url: site.url, as: [ada] });
  await chat.goto("/chat");
  await desk.goto(`/agent/sessions/${id}`);
  for (const page of [chat, desk]) {
    await connected(page);
    await page.goto("/help");
  }
  await post(ada, id, "Meanwhile");
  for (const page of [chat, desk]) {
    await page.goBack();
    await reads(page, "Meanwhile");
    await connected(page);
  }
  await post(ada, id, "And live");
  for (const page of [chat, desk]) {
    await reads(page, "And live");
    assert.deepEqual((await texts(page)).slice(-3), ["Hello", "Meanwhile", "And live"]);
  }
});
