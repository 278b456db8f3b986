/** The environment, parsed once: every variable of the README, or one sentence that says which is wrong. */
import { z } from "zod";
import { MAX_CAPACITY } from "./domain.ts";

const wholeNumber = (from: number, to: number) =>
  z.string().regex(/^\d+$/, `must be a whole number from ${from} to ${to}`).transform(Number)
    .refine((n) => n >= from && n <= to, `must be a whole number from ${from} to ${to}`);

const isOrigin = (text: string) => {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text.replace(/\/$/, "");
};
const origins = z.string().transform((list) =>
  list.split(",").map((origin) => origin.trim().replace(/\/$/, "")).filter(Boolean)
).refine(
  (list) => list.every(isOrigin),
  "must be a comma list of origins, like https://www.example.com",
);

/** A path inside the project; `..` and other roots are not. */
const inside = (folder: string) =>
  z.string().transform((path) => path.replace(/^\.\//, "")).refine(
    (path) =>
      !path.split(/[\\/]/).includes("..") && !/^([\\/]|[a-z]:)/i.test(path) &&
      (folder === "" || (path.startsWith(`${folder}/`) && !path.endsWith("/"))),
    folder === "" ? "must be a folder inside the project's" : `must be a file in ${folder}/`,
  );

/** An address without query, under which an interface is found; a proxy's may have a path. */
const isAddress = (text: string) => {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && !/[?#@]/.test(text);
};

const Variables = z.object({
  PORT: wholeNumber(0, 65_535).default(8000),
  HOST: z.string().default("0.0.0.0"),
  DATA_FILE: z.union([z.literal(":memory:"), inside("data")], {
    error: "must be a file in data/, or :memory:",
  }).default("data/handoff.db"),
  GEMINI_API_KEY: z.string().trim().regex(/^[!-~]+$/, "must be a key as Google gives it")
    .optional(),
  GEMINI_MODEL: z.string().regex(/^[\w./-]+$/, "must be a model's name, like gemini-3.5-flash")
    .default("gemini-3.5-flash"),
  GEMINI_BASE_URL: z.string().refine(isAddress, "must be an address like https://proxy.example.com")
    .transform((url) => url.replace(/\/+$/, "")).optional(),
  PUBLIC_URL: z.string().refine(isOrigin, "must be an address like https://chat.example.com")
    .transform((url) => url.replace(/\/$/, "")).optional(),
  CORS_ORIGINS: origins.default([]),
  /** Nothing embeds the widget yet; a wrong list is told all the same. */
  WIDGET_ORIGINS: origins.default([]),
  AGENT_CAPACITY: wholeNumber(1, MAX_CAPACITY).default(1),
  TRUST_PROXY: wholeNumber(0, 10).default(0),
  METRICS_TOKEN: z.string().optional(),
  RATE_LIMITS: z.enum(["on", "off"], "must be on or off").default("on"),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"], "must be debug, info, warn or error")
    .default("info"),
  ARTICLES_DIR: inside("").default("data/articles"),
  SETUP_CODE: z.string().optional(),
  MONGO_URI: z.string().regex(
    /^mongodb(\+srv)?:\/\/\S+$/,
    "must be an address like mongodb://host/name",
  )
    .optional(),
});

export type LogLevel = z.infer<typeof Variables>["LOG_LEVEL"];

export interface GeminiConfig {
  readonly apiKey: string;
  readonly model: string;
  readonly baseUrl: string | undefined;
}

export interface Config {
  readonly port: number;
  readonly host: string;
  /** Without it the store is the file. It may hold a password. */
  readonly mongoUri: string | undefined;
  readonly dataFile: string;
  /** Without a key there is no Gemini, and the built-in assistant answers. */
  readonly gemini: GeminiConfig | undefined;
  readonly publicUrl: string | undefined;
  readonly corsOrigins: readonly string[];
  readonly agentCapacity: number;
  readonly trustProxy: number;
  readonly metricsToken: string | undefined;
  readonly rateLimits: boolean;
  readonly logLevel: LogLevel;
  readonly articlesDir: string;
  readonly setupCode: string | undefined;
}

/** Throws an `Error` whose message is one sentence naming the variable. An empty variable counts as absent. */
export function parseConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value));
  const parsed = Variables.safeParse(present);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Error(`${issue?.path.join(".")} ${issue?.message}.`);
  }
  const env = parsed.data;
  return {
    port: env.PORT,
    host: env.HOST,
    mongoUri: env.MONGO_URI,
    dataFile: env.DATA_FILE,
    gemini: env.GEMINI_API_KEY
      ? { apiKey: env.GEMINI_API_KEY, model: env.GEMINI_MODEL, baseUrl: env.GEMINI_BASE_URL }
      : undefined,
    publicUrl: env.PUBLIC_URL,
    corsOrigins: env.CORS_ORIGINS,
    agentCapacity: env.AGENT_CAPACITY,
    trustProxy: env.TRUST_PROXY,
    metricsToken: env.METRICS_TOKEN,
    rateLimits: env.RATE_LIMITS === "on",
    logLevel: env.LOG_LEVEL,
    articlesDir: env.ARTICLES_DIR,
    setupCode: env.SETUP_CODE,
  };
}
