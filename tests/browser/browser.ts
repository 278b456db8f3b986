/** A real browser for tests: one Chromium a file, a context for each person, and an ear for everything that goes wrong in it. */
import assert from "node:assert/strict";
import fs from "node:fs";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** Longer than anything may take; what has a time of its own is measured by the test. */
const PATIENCE = 8_000;

/** Each connect that fails is logged by the browser and by htmx, whatever the page does about it. */
const SOCKET = /^WebSocket connection to '\S+' failed|^htmx: htmx:ws:error/;

/** Scripts for the page stand in strings: the types of a page's globals would leak into all other files. */
const TELL_REFUSALS = `addEventListener("securitypolicyviolation", (refusal) =>
  console.error("refused by policy:", refusal.violatedDirective, refusal.blockedURI))`;

const WHY_NOT = `no Chromium: set CHROMIUM, or install one of ${NAMES.join(", ")}`;

function chromiumHere(): string | undefined {
  const named = Deno.env.get("CHROMIUM");
  if (named) return named;
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/bin"];
  const paths = NAMES.flatMap((name) => folders.map((folder) => `${folder}/${name}`));
  return paths.find((path) => fs.statSync(path, { throwIfNoEntry: false })?.isFile());
}

const executablePath = chromiumHere();
let browser: Browser | undefined;
let isSkipped = false;

export async function launch(): Promise<Browser> {
  assert.ok(executablePath, WHY_NOT);
  // playwright-core asks for a file under /proc when it is loaded, which Deno refuses even to --allow-read;
  // in Node `existsSync` never throws.
  const { existsSync } = fs;
  fs.existsSync = (path) => {
    try {
      return existsSync(path);
    } catch {
      return false;
    }
  };
  const { chromium } = await import("playwright-core");
  return await chromium.launch({ executablePath, args: ARGS });
}

/**
 * A test in the browser. It fails, too, on anything that a page logs as an error, throws, asks of another host, or that
 * its policy refuses.
 */
export function browserTest(name: string, work: (stage: Stage) => Promise<void>): void {
  if (!executablePath) return skipped();
  Deno.test({
    name,
    // playwright-core keeps its pipe, timers and the browser's process from one test to the next; what the app leaks
    // is told by the tests without a browser.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const stage = new Stage(browser ??= await launch());
      try {
        await work(stage);
        stage.assertQuiet();
      } catch (error) {
        await stage.keepPictures(name);
        throw error;
      } finally {
        await stage[Symbol.asyncDispose]();
      }
    },
  });
}

Deno.test.afterAll(() => browser?.close());

function skipped(): void {
  if (isSkipped) return;
  isSkipped = true;
  print(`SKIPPED: browser tests, ${WHY_NOT}`); // .ci/run looks for this line
  Deno.test({ name: `browser tests (${WHY_NOT})`, ignore: true, fn: () => {} });
}

const print = (line: string): void =>
  void Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));

export interface Look extends BrowserContextOptions {
  /** Signed in as them. */
  readonly as?: readonly { readonly cookie: string }[];
  readonly url: string;
}

export const UTC = { timezoneId: "UTC", locale: "en-GB" } as const;

/** The people of one test at their browsers. */
export class Stage implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #contexts: BrowserContext[] = [];
  readonly #problems: string[] = [];
  readonly #allowed: RegExp[] = [SOCKET];
  readonly #owned = new AsyncDisposableStack();

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** Ends with the test, after its pages: none of them sees it go. */
  own<T extends AsyncDisposable | Disposable>(resource: T): T {
    return this.#owned.use(resource);
  }

  /** A fresh profile with one blank page. */
  async page({ as = [], url, ...options }: Look): Promise<Page> {
    const context = await this.#browser.newContext({
      ...UTC,
      baseURL: url,
      reducedMotion: "reduce",
      ...options,
    });
    this.#contexts.push(context);
    context.setDefaultTimeout(PATIENCE);
    await context.addCookies(as.flatMap(({ cookie }) => cookiesOf(cookie, url)));
    await this.#watch(context, new URL(url).host);
    return await context.newPage();
  }

  /** Lines of the console that the test brings about itself, like a refused send. */
  allow(line: RegExp): void {
    this.#allowed.push(line);
  }

  assertQuiet(): void {
    assert.deepEqual(
      this.#problems.filter((line) => !this.#allowed.some((is) => is.test(line))),
      [],
    );
  }

  async keepPictures(name: string): Promise<void> {
    const folder = Deno.env.get("BROWSER_SHOTS");
    if (!folder) return;
    await Deno.mkdir(folder, { recursive: true });
    const pages = this.#contexts.flatMap((context) => context.pages());
    for (const [i, page] of pages.entries()) {
      const path = `${folder}/${name.replaceAll(/\W+/g, "_")}-${i}.png`;
      await page.screenshot({ path }).catch(() => undefined);
    }
    for (const line of this.#problems) print(line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const context of this.#contexts) await context.close();
    await this.#owned.disposeAsync();
  }

  async #watch(context: BrowserContext, host: string): Promise<void> {
    const note = (line: string) => this.#problems.push(line);
    context.on("console", (line) => line.type() === "error" && note(line.text()));
    context.on("weberror", (thrown) => note(`thrown: ${thrown.error()}`));
    context.on("request", (request) => {
      const url = new URL(request.url());
      if (/^(https?|wss?):$/.test(url.protocol) && url.host !== host) note(`foreign: ${url}`);
    });
    context.on("page", (page) => {
      page.on("websocket", (socket) => {
        if (new URL(socket.url()).host !== host) note(`foreign: ${socket.url()}`);
      });
    });
    await context.addInitScript({ content: TELL_REFUSALS });
  }
}

function cookiesOf(header: string, url: string) {
  return header.split("; ").map((cookie) => {
    const [name = "", value = ""] = cookie.split("=");
    return { name, value, url };
  });
}
