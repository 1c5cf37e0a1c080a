/**
 * Names of tasks, pipelines, triggers and queues, and suggestions for mistyped ones.
 *
 * @module
 */

/** Letters, digits, `_` and `-`, starting with a letter, at most 63: safe in a topic, a path and a URL. */
const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;

/** Whether `name` may name a task, pipeline, trigger or queue. */
export function isName(name: string): boolean {
  return NAME.test(name);
}

/** Throws a `TypeError` unless `name` may name a `what` ("task", "pipeline" …). */
export function assertName(what: string, name: unknown): asserts name is string {
  if (typeof name === "string" && isName(name)) return;
  throw new TypeError(
    `Cannot define ${what} as its name must be letters, digits, "_" or "-", starting with a letter, ` +
      `at most 63: current value is ${JSON.stringify(name)}`,
  );
}

/** Throws a `TypeError` that suggests the nearest known key if `options` has an unknown one. */
export function assertKeys(what: string, options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const near = nearest(key, known);
    const hint = near === undefined ? "" : `, did you mean "${near}"?`;
    throw new TypeError(`Cannot define ${what} as it has no option "${key}"${hint}`);
  }
}

/** The candidate most like `word`, if any is near enough to be a slip of the finger. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/**
 * How many slips of the finger lie between two words: a letter too many, too few or wrong, or two neighbours
 * in the wrong order (optimal string alignment, after Damerau, 1964). One row at a time.
 */
function editDistance(a: string, b: string): number {
  let before: readonly number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const wrong = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
        ? before[j - 2]! + 1
        : Infinity;
      next.push(Math.min(wrong, row[j]! + 1, next[j - 1]! + 1, swapped));
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}
