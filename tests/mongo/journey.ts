/** The first conversation on a new database: everybody registers, an agent hears a customer at once, and answers. */
import assert from "node:assert/strict";
import { Someone } from "../crowd.ts";
import { PASSWORD } from "../helpers.ts";
import { post } from "../started.ts";

export const ACCOUNTS = {
  user: { name: "Linus", email: "linus@example.com", password: PASSWORD },
  agent: { name: "Ada", email: "ada@agents.example", password: PASSWORD },
} as const;

export async function converse(url: string): Promise<void> {
  const ada = await enter(url, "agent");
  const linus = await enter(url, "user");
  await using desk = await ada.socket(url, `agentId=${ada.id}`);
  const { status, body: session } = await linus.start(url);
  assert.deepEqual([status, session.mode, session.agentName], [201, "human", "Ada"]);
  const { sessionId } = session;
  await desk.next((frame) => frame.type === "session" && frame.sessionId === sessionId);
  assert.equal((await linus.say(url, sessionId, "Hello?")).status, 201);
  await desk.next(({ message }) => message === "Hello?");
  assert.equal((await ada.say(url, sessionId, "Good morning")).status, 201);
  const texts = (await linus.log(url, sessionId)).map(({ text }) => text);
  assert.deepEqual(texts, ["Ada joined", "Hello?", "Good morning"]);
}

async function enter(url: string, side: "user" | "agent"): Promise<Someone> {
  const account = ACCOUNTS[side];
  const registered = await post(url, `/api/${side}/register`, account);
  assert.equal(registered.status, 201, JSON.stringify(registered.body));
  const { body } = await post(url, `/api/${side}/login`, account);
  return new Someone(side, body.userId ?? body.agentId, account.name, body.token);
}
