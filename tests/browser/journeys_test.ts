/** `origin.md`'s two journeys and its system flow, by pages only: by mouse, by keyboard, and without JavaScript. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { PASSWORD, testSite } from "../helpers.ts";
import { browserTest } from "./browser.ts";
import { type Hands, keyboard, mouse, plain } from "./hands.ts";
import { ARTICLES, box, button, heading, link, log, status, texts } from "./pages.ts";

const QUESTION = "Good morning,\nhow long does delivery take?";
const LINUS = { Name: "Linus", Email: "linus@example.com", Password: PASSWORD };
const ADA = { Name: "Ada", Email: "ada@agents.example", Password: PASSWORD };

for (const hands of [mouse, keyboard, plain]) {
  browserTest(`the two journeys of origin.md ${hands.name}`, async (stage) => {
    const site = stage.own(await testSite({ articles: ARTICLES }));
    const look = { url: site.url, javaScriptEnabled: hands.live };
    const ada = new Walk(await stage.page(look), hands);
    const linus = new Walk(await stage.page(look), hands);

    await ada.joinsTheTeamAndLeaves();
    await linus.registersAndOpensTheChat();
    await linus.isAnsweredByTheAssistant(); // nobody is there: an AI session
    await linus.asksForAPerson();

    await ada.signsIn();
    await ada.opens("Linus"); // who waited is hers without a further word
    await linus.see(log(linus.page).getByText("Ada joined"));
    await linus.see(heading(linus.page, "Ada"));
    assert.equal(await status(ada.page, "Busy").isVisible(), true);
    await ada.see(log(ada.page).getByText("how long does delivery take?"));

    await linus.hears(ada, "Hello Linus, Ada here.", "Ada is typing…");
    await ada.hears(linus, "Thank you, that is all.", "Linus is typing…");
    const said = await texts(linus.page);
    assert.deepEqual(await texts(ada.page), said);

    await linus.endsAndRates();
    await ada.see(log(ada.page).getByText("Linus ended the chat"));
    await ada.see(status(ada.page, "Available")); // the place is free again
    await linus.readsTheTranscript(["Ada joined", "Hello Linus, Ada here."]);
    await linus.findsItInTheHistory([...said, "Linus ended the chat"]);

    await linus.press(link(linus.page, "Start a new chat"));
    await linus.send("Me again");
    await linus.see(heading(linus.page, "Ada")); // an agent is free: a person at once
    await ada.opens("Linus", "/agent");
    await ada.see(log(ada.page).getByText("Me again"));
    await ada.see(status(ada.page, "Busy"));
  });
}

/** One person on the way through the site. */
class Walk {
  constructor(readonly page: Page, readonly hands: Hands) {}

  press = (target: ReturnType<typeof button>) => this.hands.press(this.page, target);
  see = (target: ReturnType<typeof button>) => this.hands.see(this.page, target);
  send = (text: string) => this.hands.send(this.page, text);

  async fillIn(fields: Record<string, string>): Promise<void> {
    for (const [label, value] of Object.entries(fields)) {
      await this.hands.write(this.page, this.page.getByLabel(label, { exact: true }), value);
    }
  }

  async joinsTheTeamAndLeaves(): Promise<void> {
    await this.page.goto("/agent/register");
    await this.fillIn(ADA);
    await this.press(button(this.page, "Create account"));
    await this.see(status(this.page, "Available"));
    await this.press(button(this.page, "Sign out"));
    await this.see(button(this.page, "Sign in"));
  }

  async registersAndOpensTheChat(): Promise<void> {
    await this.page.goto("/");
    await this.press(link(this.page, "Start chat"));
    await this.press(link(this.page, "Create account"));
    await this.fillIn(LINUS);
    await this.press(button(this.page, "Create account"));
    await this.see(box(this.page)); // signed in, and back to where it began
    assert.equal(new URL(this.page.url()).pathname, "/chat");
  }

  async isAnsweredByTheAssistant(): Promise<void> {
    await this.send(QUESTION);
    await this.see(log(this.page).getByText("how long does delivery take?"));
    await this.see(this.page.locator("#messages").getByText("Assistant · AI"));
    await this.see(log(this.page).getByRole("list", { name: "Sources" }).getByRole("link"));
    const [asked, answer] = await texts(this.page);
    assert.equal(asked, QUESTION); // with its line break
    assert.match(answer ?? "", /working days/);
  }

  async asksForAPerson(): Promise<void> {
    await this.press(button(this.page, "Talk to a person"));
    await this.see(this.page.getByRole("status").getByText("You are 1st in line"));
    assert.equal(await button(this.page, "Talk to a person").isVisible(), false);
    await this.see(button(this.page, "Leave the line"));
  }

  async signsIn(): Promise<void> {
    await this.page.goto("/agent/login");
    const { Name: _, ...credentials } = ADA;
    await this.fillIn(credentials);
    await this.press(button(this.page, "Sign in"));
  }

  async opens(name: string, path?: string): Promise<void> {
    if (path) await this.page.goto(path);
    await this.see(link(this.page, name));
    await this.press(link(this.page, name));
    await this.see(box(this.page));
  }

  /** What the other one writes is seen to be typed, read, and known to be read. */
  async hears(other: Walk, text: string, typing: string): Promise<void> {
    if (this.hands.live) {
      await this.hands.write(other.page, box(other.page), text.slice(0, 5));
      await this.see(log(this.page).getByText(typing));
      await box(other.page).fill("");
    }
    await other.send(text);
    await this.see(log(this.page).getByText(text));
    if (this.hands.live) await other.see(log(other.page).getByText(/^Seen \d\d:\d\d$/));
    assert.equal(await box(other.page).inputValue(), "");
  }

  async endsAndRates(): Promise<void> {
    await this.press(button(this.page, "End chat"));
    await this.see(log(this.page).getByText("Linus ended the chat"));
    const stars = this.page.getByRole("group", { name: "Rate this chat" });
    await this.see(stars);
    assert.equal(await box(this.page).isVisible(), false);
    await this.hands.choose(this.page, stars, 5);
    await this.fillIn({ Comment: "Quick and kind" });
    await this.press(button(this.page, "Rate this chat"));
    await this.see(this.page.getByText("Thank you, it is saved."));
    assert.equal(await this.page.getByRole("radio", { name: "5 stars" }).isChecked(), true);
  }

  async readsTheTranscript(lines: readonly string[]): Promise<void> {
    for (const kind of ["Transcript (text)", "Transcript (JSON)"]) {
      const download = this.page.waitForEvent("download");
      await this.press(link(this.page, kind));
      const text = await Deno.readTextFile(await (await download).path());
      for (const line of lines) assert.ok(text.includes(line), `${kind}: ${text}`);
    }
  }

  async findsItInTheHistory(said: readonly string[]): Promise<void> {
    await this.press(button(this.page, "Menu"));
    await this.press(link(this.page, "My chats"));
    await this.see(this.page.getByText("Ended · rated 5 of 5"));
    await this.press(link(this.page, "Ada"));
    await this.see(log(this.page));
    assert.deepEqual(await texts(this.page), said);
    assert.equal(await box(this.page).isVisible(), false); // it can only be read
  }
}
