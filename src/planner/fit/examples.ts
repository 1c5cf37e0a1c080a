/**
 * Values that a schema takes: few, small, and near its limits.
 *
 * @module
 */
import { accepts } from "./accepts.ts";
import { type ArrayBranch, type Branch, itemOf, type NumberBranch, type ObjectBranch } from "./branch.ts";
import { propertyOf, type StringBranch } from "./branch.ts";
import { branchesOf } from "./branches_of.ts";
import { exampleOfFormat } from "./format.ts";
import type { Node } from "./node.ts";
import { richExample } from "./value.ts";

/** How deep examples are built: what is deeper has none. */
const MAX_DEPTH = 24;
/** The longest string or array that is built. */
const MAX_LENGTH = 200;

/** A value that the schema surely takes; `undefined` if none was found. Wrapped, as `undefined` is a value too. */
export function exampleOf(node: Node, depth: number = 0): { readonly value: unknown } | undefined {
  node.document.budget.spend();
  if (node.example !== undefined || depth > MAX_DEPTH) return node.example;
  for (const branch of branchesOf(node)) {
    for (const value of examplesOf(branch, undefined, depth)) {
      if (accepts(node, value) === true) return node.example = { value };
    }
  }
  return undefined;
}

/** Values that are likely in `branch`; near the limits of `other` too, if there is one. */
export function* examplesOf(branch: Branch, other?: Branch, depth: number = 0): Generator<unknown> {
  switch (branch.kind) {
    case "any":
      return yield* [null, "", 0, {}];
    case "const":
      return yield branch.value;
    case "number":
      return yield* numbersOf(branch, other?.kind === "number" ? other : undefined);
    case "string":
      return yield* stringsOf(branch, other?.kind === "string" ? other : undefined);
    case "array":
      for (const length of lengthsOf(branch, other?.kind === "array" ? other : undefined)) {
        const array = arrayOf(branch, length, depth);
        if (array !== undefined) yield array;
      }
      return;
    case "object": {
      const object = objectOf(branch, depth);
      if (object !== undefined) yield object;
      return;
    }
    case "rich":
      return yield richExample(branch.type ?? "Date");
  }
}

/** An object of the branch with its required properties, and with `more`; `undefined` if none was found. */
export function objectOf(
  branch: ObjectBranch,
  depth: number = 0,
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> | undefined {
  const entries: [string, unknown][] = [];
  for (const name of branch.required) {
    if (Object.hasOwn(more, name)) continue;
    const property = propertyOf(branch, name);
    const example = property === undefined ? { value: null } : exampleOf(property, depth + 1);
    if (example === undefined) return undefined;
    entries.push([name, example.value]);
  }
  return Object.fromEntries([...entries, ...Object.entries(more)]);
}

/** An array of the branch with so many items, one of which may be given; `undefined` if none was found. */
export function arrayOf(
  branch: ArrayBranch,
  length: number,
  depth: number = 0,
  given?: { readonly index: number; readonly value: unknown },
): unknown[] | undefined {
  if (length > MAX_LENGTH) return undefined;
  const array: unknown[] = [];
  for (let index = 0; index < length; index++) {
    const item = itemOf(branch, index);
    const example = given?.index === index
      ? given
      : item === undefined
      ? { value: null }
      : exampleOf(item, depth + 1);
    if (example === undefined) return undefined;
    array.push(example.value);
  }
  return array;
}

/** The value alone, if there is one. */
export function existing(value: unknown): unknown[] {
  return value === undefined ? [] : [value];
}

function numbersOf(branch: NumberBranch, other?: NumberBranch): number[] {
  const ends = [branch.min?.at, branch.max?.at, other?.min?.at, other?.max?.at].filter((end) =>
    end !== undefined
  );
  const near = [0, 1, -1, ...ends, ...ends.flatMap((end) => [end - 1, end + 1, end - 0.5, end + 0.5])];
  const steps = [...branch.multiples, ...other?.multiples ?? []].filter((step) => step > 0);
  const multiples = steps.flatMap((step) =>
    [...near, step].flatMap((at) => [Math.ceil(at / step) * step, Math.floor(at / step) * step])
  );
  return [...new Set([...near, 0.5, ...multiples])].map((number) => number + 0);
}

function stringsOf(branch: StringBranch, other?: StringBranch): string[] {
  const ends = [branch.min, branch.max, other?.min, other?.max].filter((end) => end !== undefined);
  const lengths = new Set(ends.flatMap((end) => [end, end + 1, Math.max(0, end - 1)]));
  const built = [...lengths].filter((length) =>
    length >= branch.min && length <= branch.max && length <= MAX_LENGTH
  )
    .flatMap((length) => ["a", " ", "0"].map((letter) => letter.repeat(length)));
  const formatted = branch.formats.map(exampleOfFormat).filter((text) => text !== undefined);
  const patterned = branch.patterns.length === 0 ? [] : [...LIKELY, ...branch.patterns.map(withoutAnchors)];
  return [...formatted, ...new Set([...built, ...patterned])];
}

/** Texts that many a pattern takes. */
const LIKELY = ["b", "A", "AA", "AAA", "00", "000", "0000", "a-0", "a_0", "a.a", "/a"];

/** A pattern of letters alone is a text of its own. */
function withoutAnchors(pattern: string): string {
  return pattern.replace(/^\^/, "").replace(/\$$/, "").slice(0, MAX_LENGTH);
}

function lengthsOf(branch: ArrayBranch, other?: ArrayBranch): Set<number> {
  const ends = [branch.min, other?.min ?? 0, other?.max ?? 0, branch.first.length, 2];
  const wanted = [branch.min, ...ends.flatMap((end) => [end, end - 1, end + 1])];
  return new Set(
    wanted.filter((length) => length >= branch.min && length <= branch.max && length <= MAX_LENGTH),
  );
}
