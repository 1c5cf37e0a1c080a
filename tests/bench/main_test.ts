import { assert, assertEquals } from "@std/assert";
import { WITHOUT_POSTGRES } from "../support/postgres.ts";
import { type Figure, measure, median, table } from "./figure.ts";

Deno.test("bench --quick --json prints a figure for every subject, and loses nothing on the way", async () => {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", new URL("./main.ts", import.meta.url).href, "--quick", "--json"],
  }).output();
  const text = new TextDecoder();
  assert(success, text.decode(stderr));
  // Other libraries come from a registry that may be out of reach; then the benchmark says so.
  const peers = !text.decode(stderr).includes("Without toposort and graphology");
  const qlobber = !text.decode(stderr).includes("Without qlobber");
  const bullmq = !text.decode(stderr).includes("Without BullMQ");
  const pools = !text.decode(stderr).includes("Without poolifier and piscina");
  const figures: Figure[] = text.decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(
    figures.map(({ bench, against }) => `${bench}${against === undefined ? "" : ` / ${against}`}`),
    [
      "messages one way between workers / raw: JSON text of 256",
      "messages one way between workers / raw: JSON text of 256",
      "messages one way between workers / raw: one object a message",
      "messages one way between workers",
      "messages one way between workers",
      "a lone question between workers, p50 / raw: ping-pong of an object",
      "a lone question between workers, p50",
      "1,000 questions in flight between workers / raw: ping-pong of objects, 1,000 deep",
      "1,000 questions in flight between workers",
      "within one thread / raw: array and microtask, unchecked",
      "within one thread",
      "within one thread",
      "resident memory, consumer 10 times slower than its producer for 1 s / after the first tenth",
      "resident memory, consumer 10 times slower than its producer for 1 s",
      "crash of a worker host to its actor's next answer / raw: start of a bare worker to its first message",
      "crash of a worker host to its actor's next answer / raw: start of a bare worker to its first message",
      "crash of a worker host to its actor's next answer",
      "events through a broker / raw: JSON text of 256",
      "events through a broker / raw: JSON text of 256",
      "events through a broker / raw: JSON text of 256",
      "events through a broker / raw: one object a message",
      "events through a broker / Python system that this replaces, as measured once",
      "events through a broker",
      "events through a broker",
      "events through a broker",
      "a lone event through a broker and its answer, p50 / raw: objects through the same threads",
      "a lone event through a broker and its answer, p50 / raw: the same, and each sender is told",
      "a lone event through a broker and its answer, p50",
      "a lone event through a broker and its answer, p50",
      "deliveries to 100 subscribers in one thread / raw: loop over callbacks that fill the same buffers",
      "deliveries to 100 subscribers in one thread",
      "deliveries to 8 workers / raw: arrays of 64 cloned for each subscriber",
      "deliveries to 8 workers",
      "durable events, written / raw: JSON text of 256, write and fdatasync",
      "durable events, written / raw: JSON text of 256, write and fdatasync",
      "durable events, written",
      "durable events, read / raw: JSON text of 256, read and parse",
      "durable events, read",
      "durable events, read",
      "events posted over HTTP / raw: Deno.serve, one JSON body",
      "events posted over HTTP / raw: Deno.serve, 256 in one JSON body",
      "events posted over HTTP",
      "events posted over HTTP",
      "events streamed over HTTP / raw: stream, one frame a piece",
      "events streamed over HTTP / raw: stream, 256 frames a piece",
      "events streamed over HTTP",
      "events streamed over HTTP",
      ...(qlobber
        ? [
          "topics matched, 1,000 patterns, uniform / npm qlobber: QlobberDedup",
          "topics matched, 1,000 patterns, uniform / npm qlobber: QlobberDedup",
          "topics matched, 1,000 patterns, uniform / raw: Map.get",
          "topics matched, 1,000 patterns, uniform",
          "topics matched, 1,000 patterns, uniform",
        ]
        : [
          "topics matched, 1,000 patterns, uniform / raw: Map.get",
          "topics matched, 1,000 patterns, uniform",
          "topics matched, 1,000 patterns, uniform",
        ]),
      ...(qlobber
        ? [
          "topics matched, 1,000 patterns, zipf / npm qlobber: QlobberDedup",
          "topics matched, 1,000 patterns, zipf / npm qlobber: QlobberDedup",
          "topics matched, 1,000 patterns, zipf / raw: Map.get",
          "topics matched, 1,000 patterns, zipf",
          "topics matched, 1,000 patterns, zipf",
        ]
        : [
          "topics matched, 1,000 patterns, zipf / raw: Map.get",
          "topics matched, 1,000 patterns, zipf",
          "topics matched, 1,000 patterns, zipf",
        ]),
      ...(qlobber
        ? [
          "topics matched, 1,000 patterns, zipf, one of them changing every 100 topics / npm qlobber: QlobberDedup",
        ]
        : []),
      "topics matched, 1,000 patterns, zipf, one of them changing every 100 topics",
      ...(qlobber
        ? [
          "memory of 1,000 patterns / npm qlobber: QlobberDedup",
          "memory of 1,000 patterns / npm qlobber: QlobberDedup",
          "memory of 1,000 patterns",
        ]
        : []),
      "a topic of 16 segments matched, one pattern / a literal",
      "a topic of 16 segments matched, one pattern",
      "one topic matched against one pattern / Python system that this replaces, as measured once",
      "one topic matched against one pattern",
      "no-op tasks with stored results / raw: 2 workers, file written and renamed, 256 a message",
      "no-op tasks with stored results / raw: 2 workers, file written and renamed, one a message",
      "no-op tasks with stored results",
      "no-op tasks with stored results",
      "runs of one no-op task, one by one / raw: a bare deno for each",
      "runs of one no-op task, one by one / in threads",
      "runs of one no-op task, one by one",
      "runs of one no-op task, one by one",
      "no-op tasks of a fan-out, 2 executors / in threads",
      "no-op tasks of a fan-out, 2 executors",
      "lines that a task writes / raw: the same lines, JSON and one write each",
      "lines that a task writes",
      ...["fan-out and fan-in of 64 tasks", "chain of 64 tasks"].flatMap((name) =>
        bullmq ? [`${name} / npm bullmq flow, Redis as it is set up here`, name] : [name]
      ),
      "chain of 64 tasks, each step durable / raw: 64 appends with fdatasync",
      "chain of 64 tasks, each step durable",
      ...["1", "64", "1,000"].map((size) => `calls of a task that does nothing, ${size} in flight`).flatMap(
        (name) =>
          pools
            ? [
              `${name} / npm poolifier, 2 threads, Node`,
              `${name} / npm piscina, 2 threads, Node`,
              name,
              name,
            ]
            : [name],
      ),
      "calls of a task that computes for 1 ms, 64 in flight / raw: 2 workers, one after the other",
      "calls of a task that computes for 1 ms, 64 in flight",
      "an endless loop ends after its time-out of 20 ms, 3 loops",
      "an endless loop ends after its time-out of 20 ms, 3 loops",
      "chunks of a stream / raw: 1 worker, file written and renamed, one a message",
      "chunks of a stream / raw: 1 worker, file written and renamed, one a message",
      "chunks of a stream",
      ...[
        "file written and renamed",
        "Deno KV",
        ...WITHOUT_POSTGRES ? [] : ["PostgreSQL"],
      ].flatMap((raw) =>
        [
          "saved, 300 B of JSON",
          "loaded, 300 B of JSON",
          "saved, 64 KiB of JSON",
          "loaded, 64 KiB of JSON",
          "saved, 8 MiB of bytes",
          "loaded, 8 MiB of bytes",
          "saved, 300 B of JSON, 64 at once",
        ].flatMap((what) => [`results ${what} / raw: ${raw}`, `results ${what}`])
      ),
      ...(peers
        ? [
          "plan of 500 tasks, 1,601 edges / toposort: order",
          "plan of 500 tasks, 1,601 edges / graphology: build, order, levels, cycle",
          "plan of 500 tasks, 1,601 edges",
          "plan of 500 tasks, 1,601 edges",
          "first plan of 500 tasks, 1,601 edges / graphology: build, order, levels, cycle",
          "first plan of 500 tasks, 1,601 edges",
        ]
        : ["plan of 500 tasks, 1,601 edges", "first plan of 500 tasks, 1,601 edges"]),
      "plan of a chain of 500 tasks",
      "ready set of 500 tasks",
      "look-up by name among 200 tasks / raw: Map.get",
      "look-up by name among 200 tasks",
      "look-up by tag, 100 tasks of 200 or 400 / registry.byTag of a small registry",
      "look-up by tag, 100 tasks of 200 or 400",
      "edges checked on JSON Schema / raw: both schemas cloned",
      "edges checked on JSON Schema / npm ajv: both compiled",
      "edges checked on JSON Schema",
      "edges checked on JSON Schema",
      "cold start / raw: one bare worker",
      "cold start",
      "cold start with its process / raw: empty process",
      "cold start with its process",
      "resident memory / raw: empty process",
      "resident memory",
      "resident memory",
    ],
  );
  for (const { value, min, max, unit, ratio = 1 } of figures) {
    assert(value > 0 && min <= value && value <= max && ratio > 0 && unit !== "");
  }
});

Deno.test("bench refuses an option or a group that it does not have", async () => {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", new URL("./main.ts", import.meta.url).href, "--fast", "moon"],
  }).output();
  assertEquals(code, 1);
  assert(new TextDecoder().decode(stderr).includes("there is no option --fast, group moon"));
});

Deno.test("measure drops the warm-up and takes ratios inside each round", async () => {
  const script = { a: [99, 10, 40, 30], b: [1, 1, 2, 10] };
  const bench = {
    name: "x",
    unit: "ms",
    subjects: { a: () => Promise.resolve(script.a.shift()!), b: () => Promise.resolve(script.b.shift()!) },
    compare: [["a", "b"]] as const,
  };
  assertEquals(await measure(bench, 3), [
    { bench: "x", subject: "a", value: 30, unit: "ms", min: 10, max: 40, ratio: 10, against: "b" },
    { bench: "x", subject: "b", value: 2, unit: "ms", min: 1, max: 10 },
  ]);
});

Deno.test("median of an even number of values is the mean of the middle two", () => {
  assertEquals(median([4, 1, 3, 2]), 2.5);
});

Deno.test("table shows a figure a line, with its ratio", () => {
  const figure = {
    bench: "x",
    subject: "a",
    value: 12_345.6,
    unit: "/s",
    min: 1,
    max: 20_000,
    ratio: 0.5,
    against: "b",
  };
  assertEquals(table([figure]).split("\n").map((line) => line.split(/  +/)), [
    ["bench", "subject", "median", "unit", "min–max", "ratio"],
    ["x", "a", "12,346", "/s", "1.00–20,000", "0.500x b"],
  ]);
});
