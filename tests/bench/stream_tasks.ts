/** A stream that does nothing else, read while it is written or collected at the end, for the benchmark. */
import { collect, definePipeline, defineTask } from "@millrace/millrace";

/** How many chunks the full and the quick one have. */
export const CHUNKS = { full: 2_000, quick: 64 } as const;

function pipelinesOf(size: keyof typeof CHUNKS) {
  const numbers = defineTask({
    name: `numbers_${size}`,
    stream: true,
    *run() {
      for (let n = 0; n < CHUNKS[size]; n++) yield n;
    },
  });
  const read = defineTask({
    name: `read_${size}`,
    inputs: { numbers },
    async run({ numbers }) {
      let count = 0;
      for await (const _ of numbers) count++;
      return count;
    },
  });
  const collected = defineTask({
    name: `collected_${size}`,
    inputs: { numbers: collect(numbers) },
    run: ({ numbers }) => numbers.length,
  });
  return [
    definePipeline({ name: `read_${size}`, tasks: [numbers, read] }),
    definePipeline({ name: `collected_${size}`, tasks: [numbers, collected] }),
  ];
}

export const pipelines = [...pipelinesOf("full"), ...pipelinesOf("quick")];
