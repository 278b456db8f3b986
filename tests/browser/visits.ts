/** A guest's visit that is one hostile text through and through, and how desk and chat have to show it. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { TestSite } from "../helpers.ts";
import { post } from "../started.ts";
import { skeleton } from "./traps.ts";

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

export async function assertDesk(page: Page, { text, name, id }: Visit): Promise<string[]> {
  await page.goto(`/agent/sessions/${id}?q=${encodeURIComponent(text)}`);
  const shown = await page.evaluate(`({
    q: document.getElementById("q").value,
    name: document.querySelector("#details dd").textContent,
    text: document.querySelector("#messages > li .text").textContent,
    events: document.querySelector(".events").textContent,
    lines: document.getElementById("messages").textContent,
    found: document.querySelector(".found").textContent,
  })`) as Record<Shown, string>;
  assert.equal(shown.name, name);
  assert.equal(shown.text, kept(text));
  assert.equal(shown.q, trimmed(text).replaceAll("\n", ""));
  assert.ok(shown.found.includes(`“${trimmed(text)}”`), shown.found);
  assert.ok(shown.events.includes(`“${trimmed(text)}”`), shown.events);
  assert.ok(shown.lines.includes(`${name} ended the chat`), shown.lines);
  return await skeleton(page);
}

export async function assertChat(page: Page, { text, name, id, cookie }: Visit, url: string) {
  const [key = "", value = ""] = cookie.split("=");
  await page.context().addCookies([{ name: key, value, url }]);
  await page.goto(`/chat/${id}`);
  const shown = await page.evaluate(`({
    comment: document.getElementById("comment").value,
    text: document.querySelector("#messages > li .text").textContent,
    lines: document.getElementById("messages").textContent,
  })`) as Record<Shown, string>;
  assert.equal(shown.text, kept(text));
  assert.equal(shown.comment, trimmed(text).replaceAll("\n", ""));
  assert.ok(shown.lines.includes(`${name} ended the chat`), shown.lines);
  return await skeleton(page);
}
