/** The environment: what is taken, what a bad value says, and the defaults (SPEC section 1). */
import assert from "node:assert/strict";
import { type Config, parseConfig } from "../services/config.ts";
import { test } from "./helpers.ts";

const GOOD: Readonly<Record<string, readonly string[]>> = {
  PORT: ["0", "80", "65535"],
  HOST: ["0.0.0.0", "127.0.0.1", "localhost", "::1"],
  DATA_FILE: ["data/handoff.db", "./data/x.db", "data/deep/er/x.db", ":memory:"],
  PUBLIC_URL: ["https://chat.example.com", "http://localhost:8000", "https://chat.example.com/"],
  CORS_ORIGINS: ["https://a.example", "https://a.example, http://b.example:8080"],
  WIDGET_ORIGINS: ["https://a.example", "https://a.example, http://b.example:8080"],
  AGENT_CAPACITY: ["1", "5"],
  TRUST_PROXY: ["0", "1", "2"],
  METRICS_TOKEN: ["a token"],
  RATE_LIMITS: ["on", "off"],
  LOG_LEVEL: ["debug", "info", "warn", "error"],
  ARTICLES_DIR: ["data/articles", "docs/demo/articles"],
  SETUP_CODE: ["open sesame"],
  MONGO_URI: ["mongodb://127.0.0.1:27017/", "mongodb+srv://ada:secret@cluster0.example.net/desk"],
};

/** A bad HOST shows when the server listens: see start_test.ts. */
const BAD: Readonly<Record<string, readonly string[]>> = {
  PORT: ["http", "-1", "65536", "80.5", " 80", "0x50", "8e3"],
  DATA_FILE: [
    "/etc/handoff.db",
    "../x.db",
    "data/../x.db",
    "elsewhere/x.db",
    "handoff.db",
    "data/",
  ],
  PUBLIC_URL: ["chat.example.com", "ftp://example.com", "https://example.com/chat", "https://"],
  CORS_ORIGINS: ["example.com", "*", "https://a.example/path", "https://a.example,b.example"],
  WIDGET_ORIGINS: ["nope", "*", "https://a.example/path", "https://a.example,b.example"],
  AGENT_CAPACITY: ["0", "-1", "1.5", "many"],
  TRUST_PROXY: ["-1", "yes", "1.5"],
  RATE_LIMITS: ["maybe", "true", "OFF!"],
  LOG_LEVEL: ["loud", "trace"],
  ARTICLES_DIR: ["/etc", "../articles", "docs/../../x"],
  MONGO_URI: ["localhost:27017", "https://ada:secret@example.com", "mongodb://", "mongodb://a b"],
};

test("nothing at all is a good configuration, with the defaults", () => {
  const expected: Partial<Config> = {
    port: 8000,
    host: "0.0.0.0",
    mongoUri: undefined,
    dataFile: "data/handoff.db",
    publicUrl: undefined,
    corsOrigins: [],
    agentCapacity: 1,
    trustProxy: 0,
    metricsToken: undefined,
    rateLimits: true,
    logLevel: "info",
    articlesDir: "data/articles",
    setupCode: undefined,
  };
  const config = parseConfig({});
  for (const [name, value] of Object.entries(expected)) {
    assert.deepEqual(config[name as keyof Config], value, name);
  }
  assert.deepEqual(parseConfig({ HOME: "/root", UNKNOWN: "x" }), parseConfig({}));
});

for (const [name, values] of Object.entries(GOOD)) {
  test(`${name} takes what it is for`, () => {
    for (const value of values) parseConfig({ [name]: value });
  });
}

for (const [name, values] of Object.entries(BAD)) {
  test(`a bad ${name} is told in one sentence that names it`, () => {
    for (const value of values) {
      assert.throws(() => parseConfig({ [name]: value }), (error: Error) => {
        assert.match(error.message, new RegExp(`^${name} [^\\n]*[^.]\\.$`), value);
        assert.ok(!/\. [A-Z]/.test(error.message), error.message);
        return true;
      }, `${name}=${value}`);
    }
  });
}
