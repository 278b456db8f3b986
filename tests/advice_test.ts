/** What the assistant does for agents: a suggested reply and a summary, on request, never sent by itself. */
import assert from "node:assert/strict";
import { parseArticle } from "../services/articles.ts";
import { test, testSite } from "./helpers.ts";

const articles = [parseArticle({
  name: "returns.md",
  text: "---\ntitle: Returns\n---\nYou can return any lamp within 30 days of delivery.",
})];

async function handedOver() {
  const site = await testSite({ articles });
  const ada = await site.agent("Ada");
  await ada.post("/api/agent/status", { status: "busy" });
  const linus = await site.customer("Linus");
  const { sessionId } = (await linus.post("/api/session/start")).body;
  await ada.post("/api/session/claim", { sessionId });
  const text = "Can I return the lamp?";
  await linus.post("/api/session/message", { sessionId, text });
  const ask = async (what: string, fields: Record<string, string> = {}) => {
    const response = await ada.form(`/agent/sessions/${sessionId}/${what}`, fields);
    return { status: response.status, html: await response.text() };
  };
  const count = async () =>
    (await ada.get(`/api/session/messages?sessionId=${sessionId}`)).body.messages.length;
  return { site, ada, linus, sessionId, ask, count };
}

test("a suggested reply stands in the box with its source, and nothing is sent", async () => {
  const { site, ask, count } = await handedOver();
  await using _ = site;
  const before = await count();
  const { status, html } = await ask("suggestion", { text: "Hello Linus," });
  assert.equal(status, 200);
  assert.match(html, /<textarea[^>]*>\s*Hello Linus,\s+You can return any lamp within 30 days/);
  assert.match(html, /href="\/help\/returns"/);
  assert.equal(await count(), before);
});

test("where no article answers, nothing is suggested and the text typed stays", async () => {
  const { site, ada, linus, sessionId, ask } = await handedOver();
  await using _ = site;
  await ada.post("/api/session/message", { sessionId, text: "You can." });
  await linus.post("/api/session/message", { sessionId, text: "Who won the football?" });
  const { html } = await ask("suggestion", { text: "One moment" });
  assert.match(html, /nothing to suggest/);
  assert.match(html, /<textarea[^>]*>\s*One moment\s*<\/textarea>/);
});

test("a summary tells what was asked, to agents only", async () => {
  const { site, linus, sessionId, ask, count } = await handedOver();
  await using _ = site;
  const before = await count();
  const { html } = await ask("summary");
  assert.match(html, /id="advice"[^]*Can I return the lamp\?/);
  assert.equal(await count(), before);
  const theirs = await linus.form(`/agent/sessions/${sessionId}/summary`, {});
  assert.equal(theirs.status, 303); // to the agents' login
  await theirs.body?.cancel();
});

test("a suggestion that rests on no article says so", async () => {
  const { site, ada, linus, sessionId, ask } = await handedOver();
  await using _ = site;
  const rests = /rests on no article/;
  assert.doesNotMatch((await ask("suggestion")).html, rests);
  await ada.post("/api/session/message", { sessionId, text: "You can." });
  await linus.post("/api/session/message", { sessionId, text: "Thanks!" });
  const { html } = await ask("suggestion");
  assert.match(html, /<textarea[^>]*>\s*You're welcome|You&#39;re welcome/);
  assert.match(html, rests);
});
