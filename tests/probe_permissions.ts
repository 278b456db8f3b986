/** Tries what an attacker inside the process would try; prints what became of each. Run by `permissions_test.ts`. */
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";

const [outside = "", name = ""] = (Deno.args[0] ?? "").split("|");
const found: Record<string, string> = {};

async function attempt(what: string, work: () => unknown): Promise<void> {
  try {
    await work();
    found[what] = "done";
  } catch (error) {
    found[what] = error instanceof Error ? error.name : String(error);
  }
}

const run = (program: string) => new Deno.Command(program, { args: ["--version"] }).outputSync();
const library = (path: string) => Deno.dlopen(path, {}).close();

await attempt("run a program", () => run("ls"));
await attempt("run deno", () => run(Deno.execPath()));
await attempt("run by node:child_process", () => {
  if (spawnSync("ls").status !== 0) throw new Deno.errors.NotCapable("It didn't run");
});
await attempt("write in data/", async () => {
  await Deno.mkdir("data", { recursive: true });
  Deno.writeTextFileSync(name, "ours");
});
await attempt("write into the project", () => Deno.writeTextFileSync("tests/probe_written", "x"));
await attempt("write over its own code", () => {
  Deno.openSync("main.ts", { write: true, append: true }).close();
});
await attempt("write into node_modules/", () => {
  Deno.writeTextFileSync("node_modules/probe.js", "x");
});
await attempt("write outside the project", () => Deno.writeTextFileSync(`${outside}/a`, "x"));
await attempt("write through a path that climbs out of data/", () => {
  Deno.writeTextFileSync("data/../tests/probe_written", "x");
});
await attempt("write through a link out of data/", () => {
  Deno.symlinkSync(outside, `${name}-link`);
  Deno.writeTextFileSync(`${name}-link/b`, "x");
});
await attempt("remove its own code", () => Deno.removeSync("tests/probe_none.ts"));
await attempt("load a library from outside", () => library("/usr/lib/x86_64-linux-gnu/libc.so.6"));
await attempt("load a library from data/", () => library(name));
await attempt("load an addon from outside", () => {
  createRequire(import.meta.url)(`${outside}/addon.node`);
});
await attempt("load bcrypt", async () => {
  const { default: bcrypt } = await import("bcrypt");
  await bcrypt.hash("password", 4);
});
await attempt("read what is outside", () => Deno.readDirSync(outside).next());
await attempt("read the password file", () => Deno.readTextFileSync("/etc/passwd"));
await attempt("ask who runs it", () => Deno.uid() === null || Deno.hostname());
await attempt("listen", () => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close());
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(found)));
