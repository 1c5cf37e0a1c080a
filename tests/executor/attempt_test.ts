import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { z } from "zod";
import { fromWire, MillraceError } from "../../src/base/errors.ts";
import type { AttemptOutcome } from "../../src/executor/port.ts";
import { defineTask } from "../../src/task/define_task.ts";
import type { RunReturn } from "../../src/task/inference.ts";
import { resultIdOf } from "../../src/task/result_id.ts";
import { createTrial, TRACEPARENT, type Trial } from "./attempt_harness.ts";

/** What an attempt failed with, as `code: message`. */
function failureOf(outcome: AttemptOutcome): string {
  assert(!outcome.ok, "the attempt must fail");
  return `${outcome.error.code}: ${outcome.error.message}`;
}

/** The results that are stored, by id. */
async function stored(trial: Trial, task: string): Promise<Record<string, unknown>> {
  const keys = await trial.io.list({ runId: "r1", task });
  return Object.fromEntries(
    await Promise.all(keys.map(async (key) => [key.resultId, await trial.io.load(key)])),
  );
}

Deno.test("runAttempt stores what a task gives, sync or async, under the number of the attempt", async () => {
  const trial = await createTrial();
  const sync = defineTask({ name: "sync", run: () => ({ when: new Date(5), big: 7n }) });
  const later = defineTask({ name: "later", run: () => Promise.resolve([1, 2]) });
  assertEquals(await trial.run(sync), { ok: true, durationMs: 0 });
  assertEquals(await trial.run(later, { attempt: 3 }), { ok: true, durationMs: 0 });
  assertEquals(await stored(trial, "sync"), { a1: { when: new Date(5), big: 7n } });
  assertEquals(await stored(trial, "later"), { a3: [1, 2] });
});

Deno.test("runAttempt does not read again what an attempt before it has given, and gives each task a copy", async () => {
  const trial = await createTrial();
  const kept = { rows: [1] };
  const first = defineTask({ name: "first", run: () => kept });
  const taking = (name: string) =>
    defineTask({
      name,
      inputs: { first },
      run({ first }) {
        first.rows.push(2);
        return first;
      },
    });
  const inputs = { first: { runId: "r1", task: "first", resultIds: ["a1"] } };
  await trial.run(first);
  kept.rows.push(9);
  // Nobody can read it from there.
  await trial.io.delete({ runId: "r1", task: "first", resultId: "a1" });
  assertEquals(await trial.run(taking("one"), { inputs }), { ok: true, durationMs: 0 });
  assertEquals(await trial.run(taking("two"), { inputs }), { ok: true, durationMs: 0 });
  assertEquals(await stored(trial, "one"), { a1: { rows: [1, 2] } });
  assertEquals(await stored(trial, "two"), { a1: { rows: [1, 2] } });
  const elsewhere = await trial.run(taking("three"), { runId: "r2", inputs });
  assertStringIncludes(failureOf(elsewhere), "store/not-found");
});

Deno.test("runAttempt holds no chunks", async () => {
  const trial = await createTrial();
  await trial.run(defineTask({ name: "t", stream: true, run: () => [1, 2] }));
  assertEquals(trial.recent.bytes, 0);
});

Deno.test("runAttempt gives the task its context, and passes on what it says", async () => {
  const trial = await createTrial();
  const task = defineTask({
    name: "talk",
    params: z.object({ n: z.coerce.number() }),
    async run(_inputs, { log, progress, publish, signal: _, ...said }) {
      log.info("Working", { step: 1 });
      progress(1);
      progress(1, 2, "half");
      await publish("a.b", { n: said.params.n });
      return said;
    },
  });
  await trial.run(task, { attempt: 2, params: { n: "4", other: 1 }, metadata: { why: "test" } });
  assertEquals(await stored(trial, "talk"), {
    a2: {
      runId: "r1",
      pipeline: "p",
      task: "talk",
      attempt: 2,
      params: { n: 4 },
      metadata: { why: "test" },
      traceparent: TRACEPARENT,
    },
  });
  assertEquals(trial.notices, [
    { kind: "progress", done: 1 },
    { kind: "progress", done: 1, total: 2, note: "half" },
  ]);
  assertEquals(trial.published, [{ topic: "a.b", data: { n: 4 } }]);
  assertEquals(trial.records.map(({ message, attrs }) => ({ message, attrs })), [
    { message: "Working", attrs: { runId: "r1", task: "talk", attempt: 2, step: 1 } },
  ]);
});

Deno.test("runAttempt says that the function of a task is called, where it is to say so and does call it", async () => {
  const trial = await createTrial();
  const task = defineTask({ name: "call", params: z.object({ n: z.number() }), run: () => 1 });
  await trial.run(task, { params: { n: 1 } });
  await trial.run(task, { params: { n: "none" }, tellsStart: true });
  assertEquals(trial.notices, []);
  await trial.run(task, { params: { n: 1 }, tellsStart: true });
  assertEquals(trial.notices, [{ kind: "begun", atMs: trial.clock.now() }]);
});

Deno.test("runAttempt keeps the chunks of anything iterable in order, and the mark of the stream last", async () => {
  const sources: Record<string, () => RunReturn<undefined, true>> = {
    array: () => [1, 2, 3],
    set: () => new Set([1, 2, 3]),
    *generator() {
      yield* [1, 2, 3];
    },
    async *asyncGenerator() {
      yield* [1, 2, 3];
    },
    promises: () => [1, 2, 3].map((n) => Promise.resolve(n)),
    stream: () => ReadableStream.from([1, 2, 3]),
  };
  for (const [name, run] of Object.entries(sources)) {
    const saved: string[] = [];
    const trial = await createTrial({
      saveNew: ({ resultId }, value) => {
        saved.push(`${resultId}=${JSON.stringify(value)}`);
        return Promise.resolve();
      },
    });
    assertEquals(await trial.run(defineTask({ name, stream: true, run })), {
      ok: true,
      durationMs: 0,
      chunks: 3,
    });
    assertEquals(saved, ["a1-000000=1", "a1-000001=2", "a1-000002=3", 'a1={"chunks":3}'], name);
    assertEquals(trial.notices, [0, 1, 2].map((chunk) => ({ kind: "chunk" as const, chunk })));
  }
});

Deno.test("runAttempt of an empty stream stores only the mark", async () => {
  const trial = await createTrial();
  assertEquals(await trial.run(defineTask({ name: "none", stream: true, run: () => [] })), {
    ok: true,
    durationMs: 0,
    chunks: 0,
  });
  assertEquals(await stored(trial, "none"), { a1: { chunks: 0 } });
});

Deno.test("runAttempt asks for the next chunk only once the last one is stored", async () => {
  const steps: string[] = [];
  const trial = await createTrial({
    saveNew: async ({ resultId }) => {
      await Promise.resolve();
      steps.push(`stored ${resultId}`);
    },
  });
  const task = defineTask({
    name: "steps",
    stream: true,
    *run() {
      for (let n = 0; n < 2; n++) {
        steps.push(`made ${n}`);
        yield n;
      }
    },
  });
  await trial.run(task);
  assertEquals(steps, ["made 0", "stored a1-000000", "made 1", "stored a1-000001", "stored a1"]);
});

Deno.test("runAttempt refuses a streaming task that gives nothing iterable", async () => {
  for (const given of [undefined, 5, "text", {}]) {
    const trial = await createTrial();
    const task = defineTask({ name: "odd", stream: true, run: () => given as never });
    const outcome = await trial.run(task);
    assertMatch(failureOf(outcome), /^task\/output-invalid: .*must give something iterable: it gave/);
    assertEquals(await stored(trial, "odd"), {});
  }
});

Deno.test("runAttempt stores what comes out of the output schema, and names the path that does not fit", async () => {
  const output = z.object({ rows: z.array(z.object({ n: z.coerce.number() })) });
  const good = await createTrial();
  await good.run(defineTask({ name: "rows", output, run: () => ({ rows: [{ n: "4", extra: 1 }] }) }));
  assertEquals(await stored(good, "rows"), { a1: { rows: [{ n: 4 }] } });

  const bad = await createTrial();
  const outcome = await bad.run(
    defineTask({ name: "rows", output, run: () => ({ rows: [{ n: 1 }, { n: "x" }] }) }),
  );
  assertStringIncludes(failureOf(outcome), `task/output-invalid: Cannot keep what task "rows" gave`);
  assertStringIncludes(failureOf(outcome), "at 'rows.1.n':");
  assertEquals(outcome.ok ? undefined : outcome.retryable, false);
  assertEquals(await stored(bad, "rows"), {});
});

Deno.test("runAttempt checks each chunk, and a bad one ends the generator with its finally", async () => {
  const trial = await createTrial();
  let cleaned = false;
  const task = defineTask({
    name: "chunks",
    stream: true,
    output: z.number(),
    *run() {
      try {
        yield 1;
        yield "two" as unknown as number;
        yield 3;
      } finally {
        cleaned = true;
      }
    },
  });
  assertMatch(failureOf(await trial.run(task)), /^task\/output-invalid/);
  assert(cleaned);
  assertEquals(await stored(trial, "chunks"), { "a1-000000": 1 }, "without its mark no stream is complete");
});

Deno.test("runAttempt refuses parameters that do not fit, before the task runs", async () => {
  const trial = await createTrial();
  let ran = false;
  const task = defineTask({
    name: "strict",
    params: z.object({ from: z.object({ day: z.number() }) }),
    run: () => void (ran = true),
  });
  const outcome = await trial.run(task, { params: { from: { day: "Monday" } } });
  assertStringIncludes(failureOf(outcome), "task/input-invalid");
  assertStringIncludes(failureOf(outcome), "at 'from.day':");
  assertEquals(outcome.ok ? undefined : outcome.error.details, {
    task: "strict",
    param: "params",
    attempt: 1,
    issues: ["at 'from.day': Invalid input: expected number, received string"],
  });
  assert(!ran);
});

Deno.test("runAttempt reports success only once the result is stored", async () => {
  const saved = Promise.withResolvers<void>();
  const trial = await createTrial({ saveNew: () => saved.promise });
  let reported = false;
  const outcome = trial.run(defineTask({ name: "slow", run: () => 1 })).then((end) => {
    reported = true;
    return end;
  });
  await trial.clock.advance(500);
  assert(!reported);
  saved.resolve();
  assertEquals(await outcome, { ok: true, durationMs: 500 });
});

Deno.test("runAttempt fails if its result cannot be stored: again if the store is away, for good if nothing can keep it", async () => {
  const away = await createTrial({
    saveNew: () =>
      Promise.reject(
        new MillraceError("store/unavailable", "Cannot write", { details: { path: "x", reason: "full" } }),
      ),
  });
  const first = await away.run(defineTask({ name: "one", run: () => 1 }));
  assertEquals([failureOf(first), first.ok ? undefined : first.retryable], [
    "store/unavailable: Cannot write",
    true,
  ]);

  const trial = await createTrial();
  const second = await trial.run(defineTask({ name: "fn", run: () => ({ deep: { fn: () => 1 } }) }));
  assertMatch(failureOf(second), /^store\/unencodable: .*fn/);
  assertEquals(second.ok ? undefined : second.retryable, false);
});

Deno.test("runAttempt fails with what was thrown, whatever it is, and with its causes", async () => {
  class OddError extends Error {
    override name = "OddError";
  }
  const thrown: [unknown, { code: string; name?: string; message: string }][] = [
    [new RangeError("too far"), { code: "task/threw", name: "RangeError", message: "too far" }],
    [new OddError("own"), { code: "task/threw", name: "OddError", message: "own" }],
    ["a text", { code: "task/threw", name: "string", message: "a text" }],
    [undefined, { code: "task/threw", name: "undefined", message: "undefined" }],
    [null, { code: "task/threw", name: "object", message: "null" }],
    [{ a: 1 }, { code: "task/threw", name: "object", message: '{"a":1}' }],
    [new DOMException("gone", "AbortError"), { code: "task/threw", name: "AbortError", message: "gone" }],
  ];
  for (const [value, expected] of thrown) {
    for (
      const run of [() => Promise.reject(value), () =>
        ((): never => {
          throw value;
        })()]
    ) {
      const outcome = await (await createTrial()).run(defineTask({ name: "throws", run }));
      assert(!outcome.ok && outcome.retryable);
      const { code, name, message } = outcome.error;
      assertEquals({ code, name, message }, { ...expected, name: expected.name });
      assertEquals(outcome.error.details, { task: "throws", attempt: 1 });
    }
  }
  const caused = await (await createTrial()).run(
    defineTask({
      name: "caused",
      run: () => {
        throw new Error("outer", { cause: new TypeError("inner", { cause: "root" }) });
      },
    }),
  );
  assert(!caused.ok);
  assertEquals([caused.error.cause?.name, caused.error.cause?.message], ["TypeError", "inner"]);
  assertEquals(caused.error.cause?.cause?.message, "root");
  assertStringIncludes(fromWire(caused.error).stack ?? "", "attempt_test.ts");
});

Deno.test("runAttempt asks retryIf with the error and the attempt; one that throws, or promises, means no", async () => {
  const asked: unknown[] = [];
  const answers: [string, (error: unknown, attempt: number) => boolean, boolean][] = [
    ["yes", (error, attempt) => asked.push((error as Error).message, attempt) > 0, true],
    ["no", () => false, false],
    ["promise", () => Promise.resolve(true) as unknown as boolean, false],
    ["broken", () => {
      throw new Error("policy");
    }, false],
  ];
  for (const [name, retryIf, expected] of answers) {
    const task = defineTask({
      name,
      retryIf,
      run: () => {
        throw new Error("flaky");
      },
    });
    const outcome = await (await createTrial()).run(task, { attempt: 4 });
    assertEquals(outcome.ok ? undefined : outcome.retryable, expected, name);
  }
  assertEquals(asked, ["flaky", 4]);
});

Deno.test("runAttempt fails a task that tells progress by what does not cross a thread", async () => {
  const wrong: unknown[][] = [["half"], [1, () => 2], [1, 2, Symbol("note")]];
  for (const args of wrong) {
    const trial = await createTrial();
    const task = defineTask({
      name: "tells",
      run: (_inputs, ctx) => (ctx.progress as (...args: unknown[]) => void)(...args),
    });
    assertStringIncludes(failureOf(await trial.run(task)), "task/threw: Cannot tell progress");
    assertEquals(trial.notices, []);
  }
});

Deno.test("runAttempt does not ask retryIf about what no retry mends", async () => {
  const task = defineTask({
    name: "mends",
    output: z.number(),
    retryIf: () => true,
    run: () => "text" as unknown as number,
  });
  const outcome = await (await createTrial()).run(task);
  assertEquals(outcome.ok ? undefined : outcome.retryable, false);
});

Deno.test("runAttempt never rejects, even if what was thrown cannot be read", async () => {
  const throwing = (): never => {
    throw new Error("hands off");
  };
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const hostile = [
    new Proxy(new Error("no"), { get: throwing }),
    new Proxy({}, { getPrototypeOf: throwing }),
    revoked.proxy,
  ];
  for (const thrown of hostile) {
    const outcome = await (await createTrial()).run(
      defineTask({
        name: "hostile",
        run: () => {
          throw thrown;
        },
      }),
    );
    assertMatch(failureOf(outcome), /^task\/threw/);
  }
});

Deno.test("runAttempt stores a stream of bytes as it comes; a task downstream gets it as a stream", async () => {
  const trial = await createTrial();
  const csv = defineTask({
    name: "csv",
    run: () => ReadableStream.from(["a,b\n", "1,2\n"]).pipeThrough(new TextEncoderStream()),
  });
  const lines = defineTask({
    name: "lines",
    inputs: { csv },
    run: async ({ csv }) => (await new Response(csv).text()).trim().split("\n"),
  });
  assert((await trial.run(csv)).ok);
  const source = { runId: "r1", task: "csv", resultIds: [resultIdOf(1)] };
  assert((await trial.run(lines, { inputs: { csv: source } })).ok);
  assertEquals(await trial.io.load({ runId: "r1", task: "lines", resultId: resultIdOf(1) }), ["a,b", "1,2"]);
});

Deno.test("runAttempt fails of an error in the task that goes to nobody, and listens no longer than it runs", async () => {
  const trial = await createTrial();
  const task = defineTask({
    name: "careless",
    run: (_inputs, { signal }) =>
      new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve())),
  });
  const running = trial.run(task);
  const [tell] = trial.faults;
  tell!(new RangeError("lost"));
  const outcome = await running;
  assertMatch(failureOf(outcome), /^task\/unhandled: .*: lost/);
  assert(!outcome.ok && outcome.error.cause?.name === "RangeError" && outcome.retryable && !outcome.dirty);
  assertEquals(trial.faults.size, 0);
});
