/** A guest's visit that is one hostile text through and through, and how desk and chat have to show it. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { TestSite } from "../helpers.ts";
import { post } from "../started.ts";
import { type How, seenAt } from "./traps.ts";

/** As the server keeps a text, and a comment or a search. */
export const kept = (text: string): string => text.replace(/\r\n?/g, "\n");
export const trimmed = (text: string): string => kept(text).trim();

type Shown = "q" | "name" | "text" | "events" | "lines" | "found" | "comment";

export interface Visit {
  readonly text: string;
  readonly name: string;
  readonly cookie: string;
  readonly token: string;
  readonly id: string;
}

/** A guest called `text` who writes `text`, ends the chat and rates it with `text`. */
export async function visit(site: TestSite, text: string): Promise<Visit> {
  const { status, body, headers } = await post(site.url, "/api/user/guest", { name: text });
  assert.equal(status, 201, JSON.stringify([text, body]));
  const cookie = headers.getSetCookie()[0]!.split(";")[0]!;
  const ask = async (verb: string, more: object) => {
    const answer = await post(site.url, `/api/session/${verb}`, more, body.token);
    assert.ok(answer.status < 300, JSON.stringify(answer.body));
    return answer.body;
  };
  const { sessionId } = await ask("start", {});
  await ask("message", { sessionId, message: text });
  await ask("end", { sessionId });
  await ask("rate", { sessionId, rating: 1, comment: text });
  return { text, name: body.name, cookie, token: body.token, id: sessionId };
}

const ON_DESK = `(doc) => ({
  q: doc.getElementById("q").getAttribute("value"),
  name: doc.querySelector("#details dd").textContent,
  text: doc.querySelector("#messages > li .text").textContent,
  events: doc.querySelector(".events").textContent,
  lines: doc.getElementById("messages").textContent,
  found: doc.querySelector(".found").textContent,
})`;

const IN_CHAT = `(doc) => ({
  comment: doc.getElementById("comment").getAttribute("value"),
  text: doc.querySelector("#messages > li .text").textContent,
  lines: doc.getElementById("messages").textContent,
})`;

/** The desk with the visit open, searched for its text; what it is built of. */
export async function assertDesk(page: Page, how: How, { text, name, id }: Visit) {
  const path = `/agent/sessions/${id}?q=${encodeURIComponent(text)}`;
  const { shown, skeleton } = await seenAt<Record<Shown, string>>(page, how, path, ON_DESK);
  assert.equal(shown.name, name);
  assert.equal(shown.text, kept(text));
  assert.equal(shown.q, trimmed(text));
  assert.ok(shown.found.includes(`“${trimmed(text)}”`), shown.found);
  assert.ok(shown.events.includes(`“${trimmed(text)}”`), shown.events);
  assert.ok(shown.lines.includes(`${name} ended the chat`), shown.lines);
  return skeleton;
}

/** The chat, ended and rated, as its customer sees it; what it is built of. */
export async function assertChat(
  page: Page,
  how: How,
  { text, name, id, cookie }: Visit,
  url: string,
) {
  const [key = "", value = ""] = cookie.split("=");
  await page.context().addCookies([{ name: key, value, url }]);
  const { shown, skeleton } = await seenAt<Record<Shown, string>>(
    page,
    how,
    `/chat/${id}`,
    IN_CHAT,
  );
  assert.equal(shown.text, kept(text));
  assert.equal(shown.comment, trimmed(text));
  assert.ok(shown.lines.includes(`${name} ended the chat`), shown.lines);
  return skeleton;
}
