import { assert, assertEquals, assertRejects } from "@std/assert";
import type { HostOptions } from "../../src/actor/host.ts";
import { later } from "../../src/actor/loop.ts";
import { processTransport, type ProcessTransportOptions } from "../../src/actor/process_transport.ts";
import type { ActorRef } from "../../src/actor/ref.ts";
import { type ActorSystem, createSystem } from "../../src/actor/system.ts";
import { workerTransport } from "../../src/actor/worker_transport.ts";
import { MillraceError } from "../../src/base/errors.ts";
import { createLogger, type LogRecord } from "../../src/base/log.ts";
import { systemClock } from "../../src/base/system_clock.ts";
import { type CaptiveOptions, captivity } from "./fixtures/captive.ts";
import { placedCaptive } from "./fixtures/placed_captive.ts";
import { ended, isAlive } from "./fixtures/processes.ts";
import { until } from "./fixtures/systems.ts";

const soon = { timeoutMs: 20_000 };
const entry = new URL("../../actors/host.ts", import.meta.url);
/** What a host needs to import its actor: the modules of this project. */
const ownModules = [new URL("../..", import.meta.url).pathname];

interface Test extends AsyncDisposable {
  readonly system: ActorSystem;
  readonly logged: readonly LogRecord[];
  /** An actor in a host of its own: in a process, unless said otherwise. */
  spawn(name: string, host?: HostOptions, options?: CaptiveOptions): Promise<ActorRef<typeof captivity>>;
}

function openTest(options: ProcessTransportOptions = {}, hostEntry = entry): Test {
  const logged: LogRecord[] = [];
  const system = createSystem({
    clock: systemClock,
    random: Math.random,
    log: createLogger((record) => logged.push(record), systemClock.now),
    transports: [processTransport(hostEntry, options), workerTransport(entry)],
    later,
  });
  return {
    system,
    logged,
    spawn: async (name, hostOptions, captiveOptions = {}) => {
      const host = await system.startHost(name, hostOptions);
      return await system.spawnIn(placedCaptive, captiveOptions, { name, host, protocol: captivity });
    },
    [Symbol.asyncDispose]: () => system[Symbol.asyncDispose](),
  };
}

/** The reason why somebody who waits is told that a host is lost. */
async function lossOf(waiting: Promise<unknown>): Promise<string> {
  const error = await assertRejects(() => waiting, MillraceError);
  assert(MillraceError.is(error, "actor/host-lost"), error.message);
  return error.details.reason;
}

const RIGHTS = ["read", "write", "net", "env", "sys", "run", "ffi"] as const;

for (
  const { granted, permissions } of [
    { granted: [], permissions: { read: ownModules } },
    { granted: ["read"], permissions: { read: true } },
    { granted: ["net", "env"], permissions: { read: ownModules, net: ["127.0.0.1:1"], env: ["HOME"] } },
    {
      granted: [],
      permissions: { read: ownModules, net: ["127.0.0.1:2"], env: ["PATH"], sys: [], run: false },
    },
    { granted: RIGHTS, permissions: undefined },
  ]
) {
  Deno.test(`process host with ${JSON.stringify(permissions)} may ${granted.join(", ") || "nothing"}`, async () => {
    await using test = openTest();
    const ref = await test.spawn("captive", permissions === undefined ? {} : { permissions });
    for (const right of RIGHTS) {
      const allowed = (granted as readonly string[]).includes(right);
      assertEquals([right, await ref.ask("attempt", right, soon)], [
        right,
        allowed ? "allowed" : "NotCapable",
      ]);
    }
  });
}

Deno.test("process host without the right to read its actor's module says so", async () => {
  await using test = openTest();
  const error = await assertRejects(() => test.spawn("captive", { permissions: {} }), MillraceError);
  assertEquals(error.code, "module/load-failed");
  assert(error.message.includes("Requires read access"), error.message);
});

Deno.test("ActorSystem startHost refuses limits that nobody can keep", async () => {
  await using test = openTest();
  const start = (options: object) => () => test.system.startHost("h", options);
  await assertRejects(
    start({ transport: "worker", memoryMb: 64 }),
    RangeError,
    'current transport is "worker"',
  );
  await assertRejects(start({ transport: "worker", permissions: {} }), RangeError, "must run in a process");
  await assertRejects(start({ memoryMb: 0.5 }), RangeError, "memoryMb must be an integer >= 1");
  await assertRejects(start({ permissions: { nett: true } }), TypeError, 'did you mean "net"?');
});

Deno.test("process host that runs out of memory is lost alone, and says of what", async () => {
  await using test = openTest();
  const [greedy, other] = [await test.spawn("greedy", { memoryMb: 48 }), await test.spawn("other")];
  const waiting = [greedy.ask("hoard", undefined, soon), greedy.ask("wait", undefined, soon)];
  for (const ask of waiting) assertEquals(await lossOf(ask), "it ran out of memory");
  assertEquals(await other.ask("echo", 1, soon), 1);
});

Deno.test("process host that is killed fails all who wait, and only them", async () => {
  await using test = openTest();
  const [doomed, other] = [await test.spawn("doomed"), await test.spawn("other")];
  const waiting = doomed.ask("wait", undefined, soon);
  const relayed = other.ask("relay", { to: doomed, value: 1 }, soon);
  assertEquals(await relayed, 1);
  Deno.kill(await doomed.ask("pid", undefined, soon), "SIGKILL");
  assertEquals(await lossOf(waiting), "it was ended by SIGKILL");
  const error = await assertRejects(() => other.ask("relay", { to: doomed, value: 1 }, soon), MillraceError);
  assertEquals(error.code, "actor/host-lost");
  assertEquals(await other.ask("echo", 1, soon), 1);
});

Deno.test("process host that computes without end is ended, and no thread is lost", async () => {
  await using test = openTest();
  const ref = await test.spawn("spinner");
  const pid = await ref.ask("pid", undefined, soon);
  ref.tell("spin", undefined);
  const stuck = ref.ask("echo", 1, soon);
  test.system.terminateHost(ref.address.host);
  assertEquals(await lossOf(stuck), "it was terminated");
  await ended(pid);
  const report = await test.system.stop({ mode: "now", deadlineMs: 1_000 });
  assertEquals(report, { unstopped: [], lostThreads: 0 });
});

Deno.test("process host that gives no sign of life is started again, and no thread is lost", async () => {
  await using test = openTest();
  const ref = await test.spawn("spinner", { restart: true, stuckMs: 1_000 });
  const pid = await ref.ask("pid", undefined, soon);
  ref.tell("spin", undefined);
  await lossOf(ref.ask("echo", 1, soon));
  assert(await ref.ask("pid", undefined, soon) !== pid);
  await ended(pid);
  const { hosts, lostThreads } = await test.system.snapshot();
  assertEquals([hosts[1]!.restarts, lostThreads], [1, 0]);
});

Deno.test("process host is told by its exit that code in it has ended it", async () => {
  await using test = openTest();
  const ref = await test.spawn("leaving");
  const waiting = ref.ask("wait", undefined, soon);
  ref.tell("exit", 3);
  assertEquals(await lossOf(waiting), "code in it called Deno.exit(3)");
});

Deno.test("process host that does not start says why", async () => {
  await using test = openTest({}, new URL("./fixtures/nowhere.ts", import.meta.url));
  const reason = await lossOf(test.system.startHost("h"));
  assert(reason.startsWith("it ended with exit code 1: "), reason);
  assert(reason.includes("Module not found"), reason);
});

Deno.test("process host started with restart comes back with its actors under the same address", async () => {
  await using test = openTest();
  const [ref, other] = [await test.spawn("phoenix", { restart: true }), await test.spawn("other")];
  assertEquals([await ref.ask("count", undefined, soon), await ref.ask("count", undefined, soon)], [1, 2]);
  const pid = await ref.ask("pid", undefined, soon);
  assertEquals(await other.ask("relay", { to: ref, value: "before" }, soon), "before");
  const waiting = ref.ask("wait", undefined, soon);
  Deno.kill(pid, "SIGKILL");
  await lossOf(waiting);
  assertEquals(await ref.ask("count", undefined, soon), 1);
  assert(await ref.ask("pid", undefined, soon) !== pid);
  // The way between the two processes is a new one, too.
  assertEquals(await other.ask("relay", { to: ref, value: "after" }, soon), "after");
});

Deno.test("process host logs what is printed in it, and none of it gets between messages", async () => {
  await using test = openTest();
  const ref = await test.spawn("printer");
  for (let n = 0; n < 20; n++) assertEquals(await ref.ask("echo", `${n}`, soon), `${n}`);
  await ref.ask("print", undefined, soon);
  assertEquals(await ref.ask("echo", "after", soon), "after");
  const lines = await until(() => linesOf(test.logged), (found) => found.length >= 6);
  assertEquals(
    lines.toSorted(),
    [
      "info stdout by a program that it runs",
      "info stdout by console.log",
      "info stdout in two lines",
      "info stdout \0\0\0\x05\x01\ufffd\ufffd",
      "info stdout by Deno.stdout",
      "warn stderr by console.error",
    ].toSorted(),
  );
});

function linesOf(logged: readonly LogRecord[]): readonly string[] {
  return logged.filter(({ message }) => message === "A host printed a line").map(({ level, attrs }) => {
    assertEquals(attrs.host, "printer");
    return `${level} ${attrs.stream} ${attrs.text}`;
  });
}

Deno.test("process host is not ended by the signals that a terminal sends to all", async () => {
  await using test = openTest();
  const ref = await test.spawn("steady");
  const pid = await ref.ask("pid", undefined, soon);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) Deno.kill(pid, signal);
  assertEquals(await ref.ask("pid", undefined, soon), pid);
});

const worker = { transport: "worker" } as const;
for (
  const [from, to, hosts] of [["process", "process", [{}, {}]], ["process", "worker", [{}, worker]], [
    "worker",
    "process",
    [worker, {}],
  ]] as const
) {
  Deno.test(`process host: messages from a ${from} to a ${to} arrive as they were sent`, async () => {
    await using test = openTest();
    const [a, b] = [await test.spawn("a", hosts[0]), await test.spawn("b", hosts[1])];
    const values = [{ text: "é\u{1f600}", n: [1, null] }, new Map([[1n, new Date(0)]]), "x".repeat(300_000)];
    for (const value of values) assertEquals(await a.ask("relay", { to: b, value }, soon), value);
  });
}

Deno.test("process host takes and gives 10 MiB at once, as text and as bytes", async () => {
  await using test = openTest();
  const ref = await test.spawn("carrier");
  const size = 10 * 2 ** 20;
  const text = "0123456789abcdef".repeat(size / 16);
  assert(await ref.ask("echo", text, soon) === text);
  const bytes = Uint8Array.from({ length: size }, (_, index) => index * 31);
  const back = await ref.ask("echo", bytes, soon) as Uint8Array;
  assert(back.every((byte, index) => byte === bytes[index]) && back.length === size);
});

Deno.test("process host carries whatever structured clone keeps", async () => {
  await using test = openTest();
  const ref = await test.spawn("carrier");
  class Point {
    x = 1;
    get double() {
      return 2 * this.x;
    }
  }
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  const buffer = new Uint8Array([1, 2, 3, 4]).buffer;
  const values = {
    map: new Map<unknown, unknown>([["a", new Set([1n])]]),
    date: new Date(12),
    bytes: new Uint8Array(buffer, 1, 2),
    view: new DataView(buffer, 2),
    floats: new Float64Array([0.1, -0]),
    pattern: /a+/gi,
    error: new RangeError("too far", { cause: new Error("deep") }),
    none: undefined,
    zero: -0,
    holes: [1, , 3], // deno-lint-ignore-line no-sparse-arrays -- holes are kept
  };
  const back = await ref.ask("echo", values, soon) as typeof values;
  assertEquals(back, values);
  assert(back.error instanceof RangeError && back.view.getUint8(1) === 4);
  assertEquals(await ref.ask("echo", { point: new Point(), big: 1n }, soon), { point: { x: 1 }, big: 1n });
  const ring = await ref.ask("echo", { cyclic, big: 1n }, soon) as { cyclic: { self: unknown } };
  assert(ring.cyclic.self === ring.cyclic);
});

Deno.test("process host: what cannot be cloned is named by its path, and its neighbours arrive", async () => {
  await using test = openTest();
  const ref = await test.spawn("carrier");
  const pathOf = async (asked: Promise<unknown>): Promise<string> => {
    const error = await assertRejects(() => asked, MillraceError);
    assert(MillraceError.is(error, "actor/uncloneable"), error.message);
    return error.details.path;
  };
  const answers = await Promise.all([
    ref.ask("echo", "before", soon),
    pathOf(ref.ask("echo", { deep: { fn: () => 1 } }, soon)),
    ref.ask("echo", "after", soon),
  ]);
  assertEquals(answers, ["before", "deep.fn", "after"]);
  assertEquals(await pathOf(ref.ask("closure", undefined, soon)), "deep.0");
  // Structured clone would keep these, but they are in the memory of this process.
  await pathOf(ref.ask("echo", { file: new Blob(["x"]) }, soon));
  await pathOf(ref.ask("echo", { shared: new SharedArrayBuffer(1) }, soon));
});

for (const what of ["idle", "spin"] as const) {
  Deno.test(`process host (${what}) ends when its system's process is killed`, async () => {
    const parent = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", new URL("./fixtures/orphaned.ts", import.meta.url).pathname, what],
      stdout: "piped",
    }).spawn();
    const output = parent.stdout.getReader();
    const pid = Number(new TextDecoder().decode((await output.read()).value));
    assert(isAlive(pid), `${pid}`);
    parent.kill("SIGKILL");
    await Promise.all([parent.status, output.cancel()]);
    await ended(pid);
  });
}

Deno.test("process host resolves the modules of its actors by the configuration of the application", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const ours = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url))).imports;
    const imports = { ...ours, greeting: "./greeting.ts", "greeting/word": "./word.ts" };
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify({ imports, lock: false }));
    await Deno.writeTextFile(`${folder}/greeting.ts`, 'export { word } from "greeting/word";');
    await Deno.writeTextFile(`${folder}/word.ts`, 'export const word = "by its own map";');
    await Deno.mkdir(`${folder}/src`);
    const program = import.meta.resolve("./fixtures/greeted.ts");
    await Deno.writeTextFile(
      `${folder}/src/main.ts`,
      `import { greeted } from "${program}"; console.log(await greeted(import.meta.resolve("greeting")));`,
    );
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", `${folder}/src/main.ts`],
      cwd: "/",
    }).output();
    assertEquals(new TextDecoder().decode(stdout), "by its own map\n", new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("processTransport keeps spares ready for hosts with the same limits, and ends them with the system", async () => {
  await using test = openTest({ spares: 1 });
  const limits = { memoryMb: 128 };
  await test.spawn("first", limits);
  /** Whether the process was there before its host was asked for. */
  const wasReady = async (n: number): Promise<boolean> => {
    const askedMs = Date.now();
    const ref = await test.spawn(`next-${n}`, limits);
    return await ref.ask("bornMs", undefined, soon) < askedMs;
  };
  let tries = 0;
  await until(() => wasReady(++tries), (ready) => ready || tries === 10);
  assert(tries < 10);
  const pids = await childrenOf(Deno.pid);
  assertEquals(pids.length, tries + 2);
  await test.system.stop({ mode: "now", deadlineMs: 1_000 });
  assertEquals(await childrenOf(Deno.pid), []);
});

Deno.test("processTransport keeps no spares unless it is told to", async () => {
  await using test = openTest();
  await test.spawn("only");
  assertEquals((await childrenOf(Deno.pid)).length, 1);
});

/** The processes that this one has started and that are there still. */
async function childrenOf(pid: number): Promise<readonly string[]> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "pid=,ppid=,stat=,args=", "-A"] }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => {
    const [, parent] = line.trim().split(/\s+/);
    return Number(parent) === pid && line.includes("--millrace-host");
  });
}

Deno.test("process host imports the modules that are named for it without a right to read them", async () => {
  await using test = openTest();
  const ref = await test.spawn("captive", { permissions: {}, modules: [placedCaptive.url] });
  assertEquals(await ref.ask("attempt", "read", soon), "NotCapable");
});

Deno.test("process host hands over what it prints to onOutput, and logs none of it", async () => {
  await using test = openTest();
  const lines: string[] = [];
  const ref = await test.spawn("captive", { onOutput: (stream, text) => lines.push(`${stream} ${text}`) });
  await ref.ask("print", undefined, soon);
  await until(() => lines.length, (count) => count >= 2);
  assertEquals(test.logged.filter(({ message }) => message.includes("printed")), []);
});

Deno.test("process host reaches no other host than its peers", async () => {
  await using test = openTest();
  const friendly = await test.system.startHost("friendly", { transport: "worker" });
  const spawnIn = (host: number, name: string) =>
    test.system.spawnIn(placedCaptive, {}, { name, host, protocol: captivity });
  const friend = await spawnIn(friendly, "friend");
  const stranger = await test.spawn("stranger");
  const confined = await test.spawn("confined", { peers: [0, friendly] });
  assertEquals(await confined.ask("relay", { to: friend, value: 1 }, soon), 1);
  await lossOf(confined.ask("relay", { to: stranger, value: 1 }, soon));
  assertEquals(await stranger.ask("relay", { to: friend, value: 2 }, soon), 2);
});
