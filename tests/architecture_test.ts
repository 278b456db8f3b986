/** The layers of the house, and that each thing from outside has one owner. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "./helpers.ts";

/** The first row that names a file decides what it may import: our own files by path, others by name. */
const LAYERS: readonly (readonly [files: RegExp, may: RegExp])[] = [
  [/^services\/(domain|errors)\.ts$/, /^(zod|services\/(domain|errors)\.ts)$/],
  [/^services\/store\.ts$/, /^services\/(domain|errors)\.ts$/],
  [
    /^services\/sqlite\//,
    /^(node:.*|services\/(sqlite\/.*|(store|domain|errors|clock|kept)\.ts))$/,
  ],
  [
    /^services\/mongo\//,
    /^(mongodb|node:.*|services\/(mongo\/.*|(store|domain|errors|clock|kept)\.ts))$/,
  ],
  [/^services\/builtin\.ts$/, /^services\/(llm|domain|errors|intent|words|sentences)\.ts$/],
  [/^services\/gemini\.ts$/, /^(zod|@google\/generative-ai|services\/(?!builtin|sqlite)[^/]+)$/],
  // contracts, never adapters; no hono, no routes, no views
  [
    /^services\/[^/]+$/,
    /^(?!hono|ws$|node:(sqlite|http))(node:crypto|[@a-z-]+|services\/(?!builtin)[^/]+)$/,
  ],
  [/^views\//, /^(views\/.*|services\/domain\.ts|hono\/(jsx|html)|linkify-it)$/],
  [
    /^routes\//,
    /^(routes\/.*|views\/.*|static\/.*|services\/(?!builtin)[^/]+|hono(\/.*)?|@hono\/.*|zod|node:(crypto|zlib|http|net|stream|timers)|htmx\.org\/.*|prom-client|ws)$/,
  ],
  [/^main\.ts$/, /./],
];

/** What only its owner may so much as name. */
const OWNERS: readonly (readonly [what: RegExp, owner: RegExp])[] = [
  [/["']node:sqlite["']/, /^services\/sqlite\//],
  [/["']bcrypt(js)?["']/, /^services\/passwords\.ts$/],
  [/["']@google\/generative-ai["']/, /^services\/gemini\.ts$/],
  [/["']mongodb["']/, /^services\/mongo\//],
  [/["']rate-limiter-flexible["']/, /^services\/limits\.ts$/],
  [/["']minisearch["']/, /^services\/library\.ts$/],
  [/["'](stemmer|damerau-levenshtein)["']/, /^services\/(words|speller)\.ts$/],
  [/["'](markdown-it|sanitize-html)["']/, /^services\/markdown\.ts$/],
  [/["']front-matter["']/, /^services\/articles\.ts$/],
  [/["']dotenv["']/, /^main\.ts$/],
  [/["']prom-client["']/, /^routes\/health\.ts$/],
  [/["'](ws|node:http|@hono\/node-server)["']/, /^routes\/transport\.ts$/],
  [/\bDeno\.upgradeWebSocket\b|\bDeno\.serve\(/, /^routes\/transport\.ts$/],
  [/\bDeno\.(?!serve`)\w+/, /^main\.ts$/],
  [/\bconsole\./, /^services\/log\.ts$/],
  [/\b(getCookie|setCookie|deleteCookie)\b/, /^routes\/actor\.ts$/],
  [/\bDate\.now\(|\bMath\.random\(\)\s*</, /^services\/clock\.ts$/],
  [/\bdangerouslySetInnerHTML\b|\braw\(/, /^views\/(layout|article|drawn)\.tsx$/],
];

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* sources(path);
    else if (/\.tsx?$/.test(name)) yield path;
  }
}

const withoutComments = (code: string): string =>
  code.replace(/\/\*.*?\*\//gs, "").replace(/(^|\s)\/\/.*/g, "");

function importsOf(path: string, code: string): string[] {
  const named = code.matchAll(
    /^(?:import|export)\b[^;]*?\bfrom "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm,
  );
  return [...named].map(([, one, two, three]) => one ?? two ?? three ?? "")
    .map((name) => name.startsWith(".") ? join(path, "..", name) : name);
}

test("every file imports only what its layer may, and names only what it owns", async () => {
  const files = ["main.ts"];
  for (const folder of ["services", "routes", "views"]) {
    files.push(...await Array.fromAsync(sources(folder)));
  }
  assert.ok(files.length > 60);
  const wrong: string[] = [];
  const owned = new Set<RegExp>();
  for (const file of files) {
    const code = withoutComments(await Deno.readTextFile(file));
    const [, may] = LAYERS.find(([names]) => names.test(file)) ?? [];
    for (const name of importsOf(file, code)) {
      if (!may?.test(name)) wrong.push(`${file} imports ${name}`);
    }
    for (const [what, owner] of OWNERS) {
      const found = what.exec(code)?.[0];
      if (found && owner.test(file)) owned.add(what);
      else if (found) wrong.push(`${file} names ${found}`);
    }
  }
  assert.deepEqual(wrong, []);
  const later = /Deno\\\.serve|Date\\\.now/;
  const nobodys = OWNERS.map(([what]) => what).filter((what) => !owned.has(what));
  assert.deepEqual(nobodys.filter(({ source }) => !later.test(source)), []); // or the pattern is wrong
});

test("every file is named after something", async () => {
  for (const folder of ["services", "routes", "views", "tests"]) {
    for await (const file of sources(folder)) {
      assert.ok(!/(^|\/)(utils?|lib|common|misc|types|index|mod)(\.|\/)/.test(file), file);
    }
  }
});
