/** What the started process may do: exactly the `start` task's flags, tried by a program that is up to no good. */
import assert from "node:assert/strict";
import { test } from "./helpers.ts";
import { Started, startFlags } from "./started.ts";

const PROBE = "tests/probe_permissions.ts";

interface Tried {
  readonly [what: string]: string;
}

/** What became of each try, under `flags`. */
async function tried(flags: readonly string[], outside: string): Promise<Tried> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...flags, PROBE, outside],
    stdout: "piped",
    stderr: "piped",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

test("the start task can't run programs, write outside data/, or load code from elsewhere", async () => {
  const outside = await Deno.makeTempDir();
  const name = `data/test-probe-${crypto.randomUUID()}`;
  try {
    const found = await tried([...startFlags()], `${outside}|${name}`);
    const refused = Object.entries(found).filter(([, became]) => became === "NotCapable");
    const done = Object.entries(found).filter(([, became]) => became === "done");
    assert.deepEqual(done.map(([what]) => what), ["write in data/", "load bcrypt", "listen"]);
    assert.deepEqual(refused.map(([what]) => what), [
      "run a program",
      "run deno",
      "run by node:child_process",
      "write into the project",
      "write over its own code",
      "write into node_modules/",
      "write outside the project",
      "write through a path that climbs out of data/",
      "write through a link out of data/",
      "remove its own code",
      "load a library from outside",
      "load a library from data/",
      "load an addon from outside",
      "read what is outside",
      "read the password file",
      "ask who runs it",
    ]);
    assert.equal(Object.keys(found).length, done.length + refused.length, JSON.stringify(found));
    const free = await tried(["run", "--allow-all"], `${outside}|${name}`); // so a refusal means something
    for (const what of ["run a program", "write outside the project", "ask who runs it"]) {
      assert.equal(free[what], "done", what);
    }
  } finally {
    for (const path of [name, `${name}-link`, outside, "tests/probe_written"]) {
      await Deno.remove(path, { recursive: true }).catch(() => undefined);
    }
  }
});

test("the start task asks for nothing by name that opens everything", () => {
  const flags = startFlags();
  assert.ok(flags.includes("--no-prompt")); // it would wait for an answer for ever
  for (const flag of flags) {
    assert.doesNotMatch(
      flag,
      /^(-A|--allow-all|--allow-run|--allow-sys|--allow-import|--allow-hrtime)/,
    );
    assert.doesNotMatch(flag, /^--unstable|^--allow-(read|write|ffi)$|^--(allow-)?scripts/);
  }
});

test("the server, started so, works; and no task for people starts with more", async () => {
  await using server = await Started.open();
  const response = await server.fetch("/readyz");
  assert.deepEqual([response.status, (await response.json()).status], [200, "ready"]);
  const { tasks } = JSON.parse(Deno.readTextFileSync("deno.json"));
  for (const name of ["start", "dev", "demo", "reset-password"]) {
    const allowed = String(tasks[name]).match(/--allow-\S+/g)?.toSorted();
    assert.deepEqual(allowed, startFlags().filter((flag) => flag.startsWith("--allow")).toSorted());
  }
});
