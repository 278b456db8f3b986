/** Whoever comes while there is no database: what they are told. */
import assert from "node:assert/strict";
import { upgrade } from "../raw_socket.ts";
import type { Running } from "../running.ts";

const TOKEN = "x".repeat(43);
const ID = "0123456789abcdef01234567";
const ACCOUNT = { name: "Linus", email: "linus@example.com", password: "correct horse battery" };
const cookie = `handoff_user=${TOKEN}; handoff_agent=${TOKEN}`;
const authorization = `Bearer ${TOKEN}`;

const PAGES = ["/", "/help", "/chat", `/chat/${ID}`, "/history", "/account", "/agent"];
const FORMS = ["/login", "/register", "/agent/login"];
const ASKED = ["/readyz", "/api/me", `/api/session/info?sessionId=${ID}`];
const SENT = ["/api/user/guest", "/api/user/register", "/api/user/login", "/api/agent/login"];
/** These need no database. */
const FINE = ["/healthz", "/", "/help", "/login", "/metrics", "/api/openapi.json"];

/** Everybody at once, and everything that was answered. */
export async function visited(url: string): Promise<string> {
  const get = (headers: Record<string, string>) => (path: string) => fetch(url + path, { headers });
  const post = (headers: Record<string, string>, body: BodyInit) => (path: string) =>
    fetch(url + path, { method: "POST", headers, body });
  const json = { "content-type": "application/json" };
  const answers = await Promise.all([
    ...FINE.map((path) => fetch(url + path).then(fine)),
    ...PAGES.map(get({ cookie })).map(page),
    ...FORMS.map(post({ origin: url }, new URLSearchParams(ACCOUNT))).map(page),
    ...ASKED.map(get({ authorization })).map(error),
    ...SENT.map(post(json, JSON.stringify(ACCOUNT))).map(error),
    refusedSocket(url),
  ]);
  return answers.join("\n");
}

async function fine(response: Response): Promise<string> {
  assert.equal(response.status, 200, response.url);
  return await told(response);
}

async function page(asked: Promise<Response>): Promise<string> {
  const response = await asked;
  const text = await told(response);
  assert.equal(response.status, 503, `${response.url} ${text}`);
  assert.match(response.headers.get("content-type") ?? "", /^text\/html/);
  assert.match(text, /<h1>Back in a moment<\/h1>/);
  assert.match(text, /href="\/"/);
  return text;
}

async function error(asked: Promise<Response>): Promise<string> {
  const response = await asked;
  const text = await response.clone().text();
  assert.equal(response.status, 503, `${response.url} ${text}`);
  assert.ok(Number(response.headers.get("retry-after")) > 0);
  assert.deepEqual(Object.keys(JSON.parse(text)), ["error", "code"]);
  assert.equal(JSON.parse(text).code, "unavailable");
  return await told(response);
}

async function refusedSocket(url: string): Promise<string> {
  const answer = await upgrade(url, `/ws?sessionId=${ID}`, { authorization });
  assert.equal(answer.status, 503);
  return JSON.stringify([...answer.headers]) + answer.body;
}

const told = async (response: Response): Promise<string> =>
  `${response.url} ${response.status} ${JSON.stringify([...response.headers])}\n${await response
    .text()}`;

/** All that it said at `warn` and above. */
export const loudLines = ({ printed }: Running): readonly string[] =>
  printed.trim().split("\n").filter((line) => /warn|error/.test(JSON.parse(line).level));

/** Of the database, and nothing else. */
export function assertOneLine(running: Running, reason: RegExp): void {
  const [line = "{}", ...more] = loudLines(running);
  assert.deepEqual(more, [], running.printed);
  assert.equal(JSON.parse(line).event, "store_away");
  assert.match(JSON.parse(line).reason, reason);
}
