/** Tasks planned a second, beside what other libraries do with the same graph; and tasks ended a second. */
import { createPlanner } from "../../src/planner/planner.ts";
import { defineTask } from "../../src/task/define_task.ts";
import type { Plan } from "../../src/task/plan.ts";
import { createReadySet } from "../../src/task/ready_set.ts";
import { createTaskRegistry, type TaskRegistry } from "../../src/task/registry.ts";
import type { Task } from "../../src/task/task.ts";
import { assertCount, type Bench, type OpenBench, perSecond } from "./figure.ts";
import { openPeer, type Peer } from "./peers/peer.ts";
import { chain, type Dag, randomDag } from "./random_dag.ts";

const ours = "plan: checks, order, levels, content hash";
const first = "register and plan: descriptors and hashes are made";
const toposort = "toposort: order";
const graphology = "graphology: build, order, levels, cycle";

/** Each benchmark defines its tasks in the round that warms up: all of them at once would fill the heap of each. */
export async function plans(quick: boolean): Promise<OpenBench> {
  // A plan of few tasks is over before a clock can tell much about it: so many plans make one round.
  const rounds = quick ? [[500, 1]] as const : [[10_000, 10], [100_000, 1]] as const;
  const [[smallest]] = rounds;
  const stack = new AsyncDisposableStack();
  const peer = await openPeer("graphs.ts");
  if ("missing" in peer) {
    // deno-lint-ignore no-console -- whoever looks for the figures must know why they are not there
    console.error(`Without toposort and graphology, which cannot be had: ${peer.missing}`);
  } else stack.use(peer);
  return {
    benches: [
      ...rounds.map(([size, times]) => planBench(size, times, "missing" in peer ? undefined : peer)),
      registerBench(smallest, "missing" in peer ? undefined : peer),
      chainBench(quick ? 500 : 100_000),
      readyBench(smallest),
    ],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function planBench(size: number, times: number, peer: Peer | undefined): Bench {
  const dag = randomDag(size);
  const planner = once(() => createPlanner(registryOf(dag)));
  return {
    name: `plan of ${nameOf(dag)}`,
    unit: "tasks/s",
    subjects: {
      [ours]: () => {
        const { plan } = planner();
        return perSecond(size * times, async () => {
          for (let time = 0; time < times; time++) await planAll(plan, size);
        });
      },
      ...(peer && {
        [toposort]: () => rateOf(peer, "toposort", size, times),
        [graphology]: () => rateOf(peer, "graphology", size, times),
      }),
    },
    compare: peer === undefined ? [] : [[ours, toposort], [ours, graphology]],
  };
}

/** Apart from the other plans, which would pay for the garbage of so many definitions. */
function registerBench(size: number, peer: Peer | undefined): Bench {
  const dag = randomDag(size);
  return {
    name: `first plan of ${nameOf(dag)}`,
    unit: "tasks/s",
    subjects: {
      [first]: () => {
        const tasks = tasksOf(dag);
        return perSecond(size, () => planAll(() => createPlanner(registryOf(dag, tasks)).plan(), size));
      },
      ...(peer && { [graphology]: () => rateOf(peer, "graphology", size, 1) }),
    },
    compare: peer === undefined ? [] : [[first, graphology]],
  };
}

async function rateOf(peer: Peer, subject: string, size: number, times: number): Promise<number> {
  return size * times / await peer.ask(subject, size, times) * 1_000;
}

function nameOf({ names, edges }: Dag): string {
  return `${names.length.toLocaleString("en")} tasks, ${edges.toLocaleString("en")} edges`;
}

function chainBench(size: number): Bench {
  const planner = once(() => createPlanner(registryOf(chain(size))));
  return {
    name: `plan of a chain of ${size.toLocaleString("en")} tasks`,
    unit: "tasks/s",
    subjects: {
      [ours]: () => {
        const { plan } = planner();
        return perSecond(size, () => planAll(plan, size));
      },
    },
    compare: [],
  };
}

function readyBench(size: number): Bench {
  const plan = once(() => createPlanner(registryOf(randomDag(size))).plan());
  return {
    name: `ready set of ${size.toLocaleString("en")} tasks`,
    unit: "ends/s",
    subjects: {
      "end of a task, and what it releases": () => {
        const tasks = createReadySet(plan());
        return perSecond(size, () => endAll(tasks, size));
      },
    },
    compare: [],
  };
}

function planAll(plan: () => Plan, size: number): Promise<void> {
  const { executionOrder } = plan();
  assertCount("tasks in the plan", executionOrder.length, size);
  return Promise.resolve();
}

function endAll(tasks: ReturnType<typeof createReadySet>, size: number): Promise<void> {
  const queue = [...tasks.ready];
  for (const name of queue) queue.push(...tasks.end(name));
  assertCount("tasks that ended", queue.length, size);
  return Promise.resolve();
}

/** What `make` gives, made at the first call. */
function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** The graph as tasks. */
function tasksOf({ names, sources }: Dag): readonly Task[] {
  const tasks: Task[] = [];
  for (const [index, name] of names.entries()) {
    const inputs = Object.fromEntries(sources[index]!.map((source) => [names[source]!, tasks[source]!]));
    tasks.push(defineTask({ name, inputs, run: () => index }));
  }
  return tasks;
}

/** Tasks, registered in the order of the graph. */
function registryOf(dag: Dag, tasks: readonly Task[] = tasksOf(dag)): TaskRegistry {
  const registry = createTaskRegistry();
  for (const index of dag.order) registry.register(tasks[index]!);
  return registry;
}
