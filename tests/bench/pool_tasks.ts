/** Tasks for the benchmark of the pool alone. */
import { defineTask } from "@millrace/millrace";

/** Nothing. */
export const noop = defineTask({ name: "noop", run: () => 1 });

/** Computes for so long. */
export const busy = defineTask({
  name: "busy",
  run: (inputs) => {
    const { ms } = inputs as unknown as { readonly ms: number };
    const endMs = performance.now() + ms;
    let turns = 0;
    while (performance.now() < endMs) turns++;
    return turns;
  },
});

/** Never ends by itself. */
export const endless = defineTask({
  name: "endless",
  run: () => {
    for (;;);
  },
});
