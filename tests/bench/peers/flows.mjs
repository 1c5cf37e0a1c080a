/** BullMQ: graphs of jobs that do nothing, from the first call to the end of the last job. */
import { answer } from "./answer.mjs";

// Not by literal: it is nobody's dependency but this program's, which its package.json says.
const name = "bullmq";
const { FlowProducer, Queue, Worker } = await import(name);

const connection = {
  url: process.env.MILLRACE_TEST_REDIS_URL ?? "redis://127.0.0.1:6379",
  maxRetriesPerRequest: null,
};
const queueName = `millrace-bench-${process.pid}`;
const flows = new FlowProducer({ connection });
const queue = new Queue(queueName, { connection });
const ended = new Map();
const worker = new Worker(queueName, () => Promise.resolve(1), { connection, concurrency: 100 });
worker.on("completed", (job) => ended.get(job.id)?.());
worker.on("error", (error) => process.stderr.write(`${error}\n`));
await worker.waitUntilReady();

const job = (id, children = []) => ({ name: "noop", queueName, opts: { jobId: id }, children });

const GRAPHS = {
  "fan-in": (run, size) => job(`${run}-root`, Array.from({ length: size }, (_, n) => job(`${run}-${n}`))),
  chain: (run, size) => {
    let last = job(`${run}-0`);
    for (let n = 1; n < size - 1; n++) last = job(`${run}-${n}`, [last]);
    return job(`${run}-root`, [last]);
  },
};

let runs = 0;
async function measure(subject, size) {
  const run = `r${++runs}`;
  const graph = GRAPHS[subject](run, size);
  const startedMs = performance.now();
  const end = new Promise((resolve) => ended.set(`${run}-root`, resolve));
  await flows.add(graph);
  await end;
  const tookMs = performance.now() - startedMs;
  ended.clear();
  await queue.obliterate({ force: true });
  return tookMs;
}

await answer(measure);
