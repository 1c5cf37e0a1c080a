/**
 * The rules of the house. When one of these fails, either the change is in the wrong place, or a rule has to be
 * changed here, on purpose and with a reason.
 */
import { assert, assertEquals } from "@std/assert";
import { VERSION } from "../mod.ts";
import { ERROR_CODES } from "../src/base/error_codes.ts";
import { findCycle, type Import, readModuleGraph, ROOT } from "./architecture/module_graph.ts";
import { machineUsesOf } from "./architecture/machine_use.ts";

/** Who may import whom, by folder of `src/`; its own folder always. */
const STAGES = ["broker", "trigger", "planner", "orchestrator", "executor", "store", "queue"];
const NOUNS = ["base", "event", "task", "actor"];
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  event: ["base"],
  task: ["base", "event"],
  actor: ["base"],
  ...Object.fromEntries(STAGES.map((stage) => [stage, NOUNS])),
  http: NOUNS,
  cli: NOUNS,
  testing: [...NOUNS, ...STAGES],
};

/** Folders that may know the ports of others, by `import type`. */
const MEET_BY_PORTS = [...STAGES, "http", "cli"];

/** Modules that no entry reaches, and why they are there. A `mod.ts` is the surface of its folder. */
const UNREACHED: Readonly<Record<string, string>> = {
  "src/orchestrator/memory_pruning.ts": "a part of the journal that keeps nothing",
  "src/orchestrator/memory_run_journal.ts": "the journal that keeps nothing: for tests of the orchestrator",
};

/** The technologies whose adapters, `<tech>_<port>.ts`, may touch the machine. */
const ADAPTER =
  /^src\/[a-z]+\/(console|deno|filesystem|kv|postgres|process|sqlite|system|worker)_[a-z_]+\.ts$/;

/** Everything else that touches the machine. Who runs things (`actors/`) may, too. */
const TOUCH_THE_MACHINE: Readonly<Record<string, string>> = {
  "src/actor/loop.ts": "a turn of the event loop for the hosts, which hand it to the kernel as `later`",
  "src/base/sync_limit.ts": "the only way to interrupt a loop inside a worker is node:vm",
  "src/http/serve.ts": "the adapter of the application to Deno.serve",
  "src/store/data_dir_lock.ts": "a lock of the operating system and the name of who holds it",
  "src/trigger/create_scheduler.ts": "a small composition root: the scheduler for use without a platform",
};

const MAX_LINES = 400;
const MAX_ACTOR_LINES = 200;

/** Longer than {@linkcode MAX_LINES}, and how long at most; to be split at its second noun. */
const TOO_LONG: Readonly<Record<string, number>> = {};

/** No actors, though they live among them: the face of the whole, and what stands behind it. */
const LONG_IN_ACTORS = ["actors/platform.ts", "actors/platform_speaker.ts"];

/** What a reader sees first. Nothing is added without a reason that is worth the look. */
const TOP_LEVEL = {
  needed: [
    ".ci",
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "actors",
    "deno.json",
    "deno.lock",
    "examples",
    "mod.ts",
    "src",
    "tests",
  ],
  ofTools: [".git"],
};

/** Codes that no test names yet, and what it takes to raise them. This list only shrinks. */
const UNTESTED_CODES: Readonly<Record<string, string>> = {};

const graph = await readModuleGraph(["mod.ts", "actors/main.ts", "actors/host.ts", "src/testing/mod.ts"]);
const sources = new Map<string, string>();
for (const path of [...filesOf("src/"), ...filesOf("actors/"), "mod.ts"]) {
  sources.set(path, await Deno.readTextFile(new URL(path, ROOT)));
}

Deno.test("layers: a module imports from below, and a stage knows of another its port's types", () => {
  assertNone(importsThat((from, { to, kind }) => {
    const [layer, other] = [layerOf(from), layerOf(to)];
    if (layer === "actors" || layer === "mod.ts" || layer === other || isForeign(to)) return false;
    if (MAY_IMPORT[layer]?.includes(other)) return false;
    return !(kind === "type" && MEET_BY_PORTS.includes(layer) && /^src\/[a-z]+\/port\.ts$/.test(to));
  }));
});

Deno.test("layers: src never imports actors, and nothing shipped imports tests or examples", () => {
  assertNone(importsThat((from, { to }) =>
    from.startsWith("src/") && to.startsWith("actors/") ||
    !isForeign(to) && !/^(src\/|actors\/|mod\.ts$)/.test(to)
  ));
});

Deno.test("layers: no cycle of imports that exist at run time", () => {
  assertEquals(findCycle(graph), []);
});

Deno.test("dependencies: what is shipped needs nothing but npm packages and the runtime", () => {
  assertNone(
    importsThat((_, { specifier, to }) =>
      specifier.startsWith("@std/") || isForeign(to) && !/^(npm|node):/.test(to)
    ),
  );
});

Deno.test("modules: each one is reached from an entry", () => {
  const unreached = [...sources.keys()].filter((path) => !graph.has(path) && !path.endsWith("/mod.ts"));
  assertEquals(unreached.sort(), Object.keys(UNREACHED).sort());
});

Deno.test("purity: time, timers, chance and the machine are touched by adapters and hosts only", () => {
  const touching = [...sources].filter(([path, source]) =>
    path.startsWith("src/") && !ADAPTER.test(path) && machineUsesOf(path, source).length > 0
  ).map(([path]) => path);
  const where = touching.map((path) => `${path}: ${machineUsesOf(path, sources.get(path)!).join(", ")}`);
  assertEquals(touching.sort(), Object.keys(TOUCH_THE_MACHINE).sort(), where.join("\n"));
});

Deno.test("size: a file has one noun", () => {
  const lines = new Map([...sources].map(([path, source]) => [path, source.split("\n").length - 1]));
  const limitOf = (path: string): number => {
    if (path.startsWith("actors/") && !LONG_IN_ACTORS.includes(path)) return MAX_ACTOR_LINES;
    return TOO_LONG[path] ?? MAX_LINES;
  };
  const tooLong = [...lines].filter(([path, count]) => count > limitOf(path));
  assertNone(tooLong.map(([path, count]) => `${path}: ${count} lines, at most ${limitOf(path)}`));
  const shortAgain = Object.keys(TOO_LONG).filter((path) => (lines.get(path) ?? 0) <= MAX_LINES);
  assertEquals(shortAgain, [], "no longer too long: take them off TOO_LONG");
});

Deno.test("top level: what was agreed on, and nothing else", async () => {
  const ignored = (await Deno.readTextFile(new URL(".gitignore", ROOT))).split("\n").map((line) =>
    line.replace(/\/$/, "")
  );
  const found = Array.from(Deno.readDirSync(ROOT), ({ name }) => name)
    .filter((name) => !ignored.includes(name) && !TOP_LEVEL.ofTools.includes(name));
  assertEquals(found.sort(), TOP_LEVEL.needed.toSorted());
});

Deno.test("VERSION is the version of deno.json", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  assertEquals(VERSION, version);
});

Deno.test("error codes: each one is raised somewhere", () => {
  const shipped = [...sources.values()].join("\n");
  const isRaised = (code: string): boolean =>
    new RegExp(`(new MillraceError\\(|problem\\(|\\bcode:)\\s*"${code}"`).test(shipped);
  assertEquals(Object.keys(ERROR_CODES).filter((code) => !isRaised(code)), []);
});

Deno.test("error codes: each one is named by a test", async () => {
  const tests = await Promise.all(
    [...filesOf("tests/"), ...filesOf("examples/")]
      .filter((path) => path !== "tests/architecture_test.ts")
      .map((path) => Deno.readTextFile(new URL(path, ROOT))),
  );
  const untested = Object.keys(ERROR_CODES).filter((code) => !tests.some((text) => text.includes(code)));
  assertEquals(untested.sort(), Object.keys(UNTESTED_CODES).sort(), "test it, or take it off UNTESTED_CODES");
});

/** The folder of `src/` that a module belongs to, else the first part of its path. */
function layerOf(path: string): string {
  const [first = "", second = ""] = path.split("/");
  return first === "src" ? second : first;
}

function isForeign(path: string): boolean {
  return /^[a-z]+:/.test(path);
}

function importsThat(isWrong: (from: string, imported: Import) => boolean): readonly string[] {
  return [...graph].flatMap(([from, imports]) =>
    imports.filter((imported) => isWrong(from, imported)).map(({ specifier, kind }) =>
      `${from} imports ${specifier} (${kind})`
    )
  );
}

function assertNone(findings: readonly string[]): void {
  assert(findings.length === 0, `found ${findings.length}:\n${findings.join("\n")}`);
}

/** The TypeScript files of a folder, as paths from the project's folder. */
function filesOf(folder: string): string[] {
  return Array.from(Deno.readDirSync(new URL(folder, ROOT))).flatMap(({ name, isDirectory }) => {
    if (isDirectory) return filesOf(`${folder}${name}/`);
    return name.endsWith(".ts") ? [folder + name] : [];
  });
}
