/** Parses the configuration, opens the store, wires the parts, serves, and shuts down. The only file that knows every part. */
import { parse } from "dotenv";
import type { Hono } from "hono";
import { createApp } from "./routes/app.ts";
import { Metrics } from "./routes/health.ts";
import type { Env, Parts } from "./routes/parts.ts";
import { Sockets } from "./routes/sockets.ts";
import { assets } from "./routes/static.ts";
import { serve } from "./routes/transport.ts";
import { Accounts } from "./services/accounts.ts";
import { Advice } from "./services/advice.ts";
import { type Article, parseArticles } from "./services/articles.ts";
import { Assistant } from "./services/assistant.ts";
import { BuiltInAssistant } from "./services/builtin.ts";
import { Bus } from "./services/bus.ts";
import { Chat } from "./services/chat.ts";
import { type Clock, systemClock } from "./services/clock.ts";
import { type Config, parseConfig } from "./services/config.ts";
import { DEMO, seedDemo } from "./services/demo.ts";
import { Desk } from "./services/desk.ts";
import { Fault } from "./services/errors.ts";
import { Gemini } from "./services/gemini.ts";
import { Later } from "./services/later.ts";
import { Library } from "./services/library.ts";
import { Limits } from "./services/limits.ts";
import type { LlmClient } from "./services/llm.ts";
import { type Log, openLog } from "./services/log.ts";
import { Passwords } from "./services/passwords.ts";
import { Presence } from "./services/presence.ts";
import { SignIns } from "./services/sign_ins.ts";
import { WrongAddress } from "./services/mongo/address.ts";
import { openMongo } from "./services/mongo/open.ts";
import { openSqlite } from "./services/sqlite/open.ts";
import type { Store } from "./services/store.ts";
import { Sweeps } from "./services/sweeps.ts";

const COMPANY = "Handoff";
/** What a hosting platform gives a process between the signal and its end. */
const SHUTDOWN_WITHIN = 4_500;
/** Closed before the server is, sockets need this long to say why. */
const GOODBYE = 150;

export interface SiteOptions {
  readonly config: Config;
  readonly store: Store;
  readonly log: Log;
  readonly library: Library;
  readonly passwords: Passwords;
  readonly clock?: Clock;
  readonly llm?: LlmClient;
  readonly company?: string;
  readonly demo?: boolean;
}

export interface Site extends AsyncDisposable {
  readonly app: Hono<Env>;
  readonly parts: Parts;
  readonly sweeps: Sweeps;
  /** Tells every open socket to come back soon, and makes no further answers. */
  goodbye(): void;
}

/** The whole app over an open store, which stays its caller's. */
export function openSite(options: SiteOptions): Site {
  const { config, store, log, library, passwords } = options;
  const { clock = systemClock, company = COMPANY, demo = false } = options;
  const later = new Later(log);
  const bus: Bus = new Bus({ store, clock, log, isWatched: () => sockets.size > 0 });
  const signIns = new SignIns({ store, clock });
  const desk = new Desk({ store, clock });
  const chat = new Chat({ store, desk, clock });
  const presence = new Presence({ store, desk, clock });
  const limits = new Limits({ store, clock, off: !config.rateLimits });
  const { agentCapacity, setupCode } = config;
  const accounts = new Accounts({ store, clock, passwords, signIns, agentCapacity, setupCode });
  const mayAnswer = (userId: string) => limits.allows("answer", userId);
  const { gemini } = config;
  const llm = options.llm ?? (gemini ? new Gemini({ ...gemini, clock }) : new BuiltInAssistant());
  const assistant = new Assistant({
    store,
    desk,
    library,
    llm,
    clock,
    log,
    later,
    company,
    mayAnswer,
  });
  const fallback = new BuiltInAssistant();
  const advice = new Advice({ library, llm, fallback, clock, log, company });
  const sockets = new Sockets({ bus, signIns, presence, clock, log });
  const sweeps = new Sweeps({ store, bus, desk, presence, assistant, clock, log, later });
  const metrics = new Metrics();
  metrics.gauge("handoff_open_sockets", "Sockets open on this instance", () => sockets.size);
  const site = { company, assets, demo };
  const parts: Parts = {
    config,
    site,
    store,
    clock,
    log,
    later,
    bus,
    accounts,
    advice,
    signIns,
    chat,
    desk,
    presence,
    library,
    limits,
    metrics,
    sockets,
  };
  const goodbye = () => {
    assistant[Symbol.dispose]();
    sockets[Symbol.dispose]();
  };
  return {
    app: createApp(parts),
    parts,
    sweeps,
    goodbye,
    async [Symbol.asyncDispose]() {
      goodbye();
      sweeps[Symbol.dispose]();
      await later[Symbol.asyncDispose]();
      bus[Symbol.dispose]();
    },
  };
}

/** The database that `MONGO_URI` names, or else the file. */
async function openStore(
  { mongoUri, dataFile }: { mongoUri?: string | undefined; dataFile: string },
  log?: Log,
): Promise<Store> {
  if (mongoUri === undefined) return await openSqlite({ file: dataFile });
  const notice = (away: Error | undefined) =>
    away ? log?.error("store_away", { reason: away.message }) : log?.info("store_back");
  try {
    return openMongo(mongoUri, { notice });
  } catch (error) {
    throw error instanceof WrongAddress ? new Error(`MONGO_URI ${error.message}.`) : error;
  }
}

async function readArticles(folder: string): Promise<Article[]> {
  const files: { name: string; text: string }[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (!isFile || !name.endsWith(".md")) continue;
      files.push({ name, text: await Deno.readTextFile(`${folder}/${name}`) });
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return parseArticles(files.sort((a, b) => a.name < b.name ? -1 : 1));
}

async function environment(): Promise<Record<string, string>> {
  const file = await Deno.readTextFile(".env").catch(() => "");
  return { ...parse(file), ...Deno.env.toObject() };
}

/** Serves until `signal` aborts; then everybody is told, and the work in hand finished. */
async function run(site: Site, { host, port }: Config, log: Log, signal: AbortSignal) {
  const serving = await serve(site.app, { host, port, log }).catch((error) => {
    throw new Error(`PORT ${port} on HOST ${host} can't be listened on: ${error.message}.`);
  });
  const name = host === "0.0.0.0" ? "localhost" : host;
  const address = `http://${name}:${serving.port}`;
  log.info("listening", { address });
  if (site.parts.site.demo) say(demoWelcome(address));
  await new Promise((stop) => signal.addEventListener("abort", stop, { once: true }));
  site.goodbye();
  await new Promise((done) => setTimeout(done, GOODBYE));
  await serving.close();
}

function onSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => {
      if (stop.signal.aborted) return;
      stop.abort();
      Deno.unrefTimer(setTimeout(() => Deno.exit(0), SHUTDOWN_WITHIN));
    });
  }
  return stop.signal;
}

/** A line for each account of that address: a customer and an agent may share one. */
async function resetLinks(email: string, config: Config): Promise<string[]> {
  await using store = await openStore(config);
  const address = email.trim().toLowerCase();
  const signIns = new SignIns({ store, clock: systemClock });
  const site = config.publicUrl ?? `http://localhost:${config.port}`;
  const accounts = [
    ["user", await store.customers.byEmail(address)],
    ["agent", await store.agents.byEmail(address)],
  ] as const;
  const links: string[] = [];
  for (const [side, account] of accounts) {
    if (account) links.push(`${site}/reset/${await signIns.reset(side, account.id)}`);
  }
  if (links.length === 0) throw new Error(`Nobody is registered as ${address}.`);
  return links;
}

async function main(args: readonly string[]): Promise<void> {
  const demo = args.includes("--demo");
  const config = parseConfig(await environment());
  if (isReset(args)) return say((await resetLinks(args[1] ?? "", config)).join("\n"));
  const log = openLog(config.logLevel);
  await using store = await openStore(demo ? { dataFile: ":memory:" } : config, log);
  const articles = await readArticles(demo ? "docs/demo/articles" : config.articlesDir);
  const company = demo ? DEMO.company : COMPANY;
  const signal = onSignal();
  if (!config.rateLimits) log.warn("rate_limits_off");
  const passwords = await Passwords.open(log);
  const library = new Library(articles);
  const staff = demo ? await seedDemo({ store, clock: systemClock, library, passwords }) : [];
  await using site = openSite({ config, store, log, library, passwords, company, demo });
  // The demo's agents stay at their desks, so that the company is alive before anybody signs in.
  for (const { id } of staff) {
    site.parts.presence.hold(id);
    await site.parts.presence.signIn(id);
  }
  await run(site, config, log, signal);
  log.info("stopped");
}

const isReset = (args: readonly string[]): boolean => args[0] === "--reset-password";

/** A fault's own words are for who uses the site; who runs it needs the reason. */
function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  return error instanceof Fault && cause instanceof Error
    ? `${message}: ${cause.message}.`
    : message;
}

const say = (text: string): void =>
  void Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));

function demoWelcome(address: string): string {
  const { agents, customers, password } = DEMO;
  return [
    `A living company, gone when you stop it:`,
    `  ${address}/demo     a customer and an agent side by side`,
    `  ${address}/         the customer's side    ${customers[0].email}`,
    `  ${address}/agent    the agents' desk       ${agents.map(({ email }) => email).join(", ")}`,
    `  Everybody's password is ${password}`,
  ].join("\n");
}

if (import.meta.main) {
  try {
    await main(Deno.args);
    Deno.exit(0);
  } catch (error) {
    const what = isReset(Deno.args) ? "No link was made" : "Handoff can't start";
    Deno.stderr.writeSync(new TextEncoder().encode(`${what}: ${sentence(error)}\n`));
    Deno.exit(1);
  }
}
