/** poolifier and piscina, two threads each: `size` calls in flight, `times` in all. */
import { answer } from "./answer.mjs";

// Not by literal: it is nobody's dependency but this program's, which its package.json says.
const names = ["piscina", "poolifier"];
const [{ Piscina }, { FixedThreadPool }] = await Promise.all(names.map((name) => import(name)));

const file = (name) => new URL(name, import.meta.url).pathname;
const poolifier = new FixedThreadPool(2, file("./poolifier_worker.mjs"));
const piscina = new Piscina({ filename: file("./pool_tasks.mjs"), minThreads: 2, maxThreads: 2 });

const RUN = {
  poolifier: (data) => poolifier.execute(data),
  piscina: (data) => piscina.run(data),
};

async function measure(subject, size, times) {
  const [name, work] = subject.split("/");
  const data = work === "busy" ? { ms: 1 } : {};
  let left = times;
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: size }, async () => {
    while (left-- > 0) await RUN[name](data);
  }));
  return performance.now() - startedMs;
}

await Promise.all(Object.values(RUN).map((run) => run({})));
await answer(measure);
