/** The server as people start it, with Gemini's variables set. */
import assert from "node:assert/strict";
import { parseConfig } from "../services/config.ts";
import { eventually, pause, test } from "./helpers.ts";
import { fails, hangs, KEY, MODEL, RETURNS, says, StandIn, words } from "./gemini_stand_in.ts";
import { freshFile, type Server, startServer } from "./process.ts";

const QUOTE = {
  slug: "returns",
  quote: "You can return a lamp within 30 days of the day your order arrives.",
};

test("the key turns Gemini on, and without it the other two change nothing", () => {
  assert.equal(parseConfig({ GEMINI_MODEL: MODEL, GEMINI_BASE_URL: "http://a" }).gemini, undefined);
  assert.deepEqual(parseConfig({ GEMINI_API_KEY: ` ${KEY}\n` }).gemini, {
    apiKey: KEY,
    model: "gemini-3.5-flash",
    baseUrl: undefined,
  });
  const { gemini } = parseConfig({
    GEMINI_API_KEY: KEY,
    GEMINI_MODEL: "gemini-9-pro",
    GEMINI_BASE_URL: "https://proxy.example/gemini/",
  });
  assert.deepEqual(gemini, {
    apiKey: KEY,
    model: "gemini-9-pro",
    baseUrl: "https://proxy.example/gemini",
  });
});

test("a bad value is named in one sentence, which doesn't hold the key", () => {
  for (
    const [name, value] of [
      ["GEMINI_API_KEY", "two words-canary"],
      ["GEMINI_API_KEY", "schlüssel-canary"],
      ["GEMINI_MODEL", "a model"],
      ["GEMINI_MODEL", "a?b"],
      ["GEMINI_BASE_URL", "gemini.example"],
      ["GEMINI_BASE_URL", "ftp://gemini.example"],
      ["GEMINI_BASE_URL", "https://gemini.example/?key=1"],
    ] as const
  ) {
    assert.throws(() => parseConfig({ GEMINI_API_KEY: KEY, [name]: value }), (error: Error) => {
      assert.match(error.message, new RegExp(`^${name} must be [^\n]*\\.$`));
      assert.doesNotMatch(error.message, /canary/);
      return true;
    });
  }
});

test("a started server asks Gemini, under the start task's own permissions, and never tells the key", async () => {
  await using standIn = await StandIn.open(() => says("Within 30 days.", [QUOTE]));
  await using data = freshFile();
  await using server = await startServer({
    file: data.file,
    env: {
      GEMINI_API_KEY: KEY,
      GEMINI_BASE_URL: standIn.url,
      ARTICLES_DIR: "docs/demo/articles",
      LOG_LEVEL: "debug",
    },
  });
  const linus = await guest(server);
  const answer = await linus.asks("May I return my lamp?");
  assert.equal(answer.text, "Within 30 days.");
  assert.deepEqual(answer.sources.map(({ quote }: typeof RETURNS) => quote), [QUOTE.quote]);
  standIn.reply = () => fails(403, `The key ${KEY} has no permission`);
  assert.match((await linus.asks("And what does it cost?")).text, /^Sorry/);
  const log = await eventually(() => server.lines.find((line) => line.includes("model_failed")));
  assert.match(log, /\[403 .*The key \[key\] has no permission/);
  assert.ok(!server.lines.join("\n").includes(KEY));
});

test("killed by kill -9 in the middle of an answer, it makes it again within thirty seconds", async () => {
  await using standIn = await StandIn.open(hangs(words("Within ")));
  await using data = freshFile();
  const { file } = data;
  const env = {
    GEMINI_API_KEY: KEY,
    GEMINI_BASE_URL: standIn.url,
    ARTICLES_DIR: "docs/demo/articles",
  };
  const first = await startServer({ file, env });
  const linus = await guest(first);
  const asked = linus.asks("May I return my lamp?").catch((error) => error);
  await eventually(() => standIn.running === 1);
  await pause(200); // for its first words to be shown
  await first.kill();
  const killed = Date.now();
  assert.ok(await asked instanceof Error);
  standIn.reply = () => says("Within 30 days.", [QUOTE]);
  await using second = await startServer({ file, env });
  const isThere = async () => (await linus.answers(second)).length > 0;
  await eventually(isThere, { within: 30_000 - (Date.now() - killed), what: "the answer" });
  await pause(500); // for a second one
  assert.deepEqual((await linus.answers(second)).map(({ text }) => text), ["Within 30 days."]);
  assert.equal(standIn.asked.length, 2);
});

async function guest({ url }: Server) {
  const call = async (path: string, body?: object, token = "") => {
    const response = await fetch(`${url}/api${path}`, {
      method: body ? "POST" : "GET",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = await response.json();
    assert.ok(response.ok, JSON.stringify(answer));
    return answer;
  };
  const who = { email: "linus@example.com", password: "correct horse battery" };
  await call("/user/register", { name: "Linus", ...who });
  const { token } = await call("/user/login", who);
  const { sessionId } = await call("/session/start", {}, token);
  return {
    /** As another server over the same store knows them. */
    async answers(at: Server): Promise<readonly { text: string }[]> {
      const path = `${at.url}/api/session/messages?sessionId=${sessionId}`;
      const response = await fetch(path, { headers: { authorization: `Bearer ${token}` } });
      const { messages } = await response.json();
      return messages.filter(({ sender }: { sender: string }) => sender === "ai");
    },
    async asks(text: string) {
      const { seq } = await call("/session/message", { sessionId, text }, token);
      const path = `/session/messages?sessionId=${sessionId}&after=${seq}`;
      return await eventually(async () => (await call(path, undefined, token)).messages[0]);
    },
  };
}
