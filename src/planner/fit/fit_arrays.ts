/**
 * Whether arrays of one branch are in another; and what is inside of sets and maps.
 *
 * @module
 */
import { atItem, atProperty } from "../../base/value_path.ts";
import { type ArrayBranch, itemOf, type RichBranch } from "./branch.ts";
import { branchesOf } from "./branches_of.ts";
import { arrayOf, exampleOf, examplesOf, existing } from "./examples.ts";
import type { Node } from "./node.ts";
import { type Finding, FITS, type SchemaFit, wrong } from "./verdict.ts";

/** Compares what is inside. */
export type FitInside = (gives: Node, needs: Node) => SchemaFit;

/** Arrays within arrays. */
export function fitArrays(gives: ArrayBranch, needs: ArrayBranch, fit: FitInside): Finding {
  if (gives.min < needs.min) {
    return wrong(`may have fewer than ${needs.min} items`, () => examplesOf(gives, needs));
  }
  const firsts = Math.max(gives.first.length, needs.first.length);
  for (let index = 0; index <= firsts; index++) {
    if (index >= gives.max) break;
    const found = fitItem(gives, needs, index, index === firsts ? undefined : index, fit);
    if (!found.ok) return found;
  }
  // Items that can not be given have been passed over: only now is the length what it seems.
  if (longest(gives) > needs.max) {
    return wrong(`may have more than ${needs.max} items`, () => examplesOf(gives, needs));
  }
  if (needs.unique && !gives.unique && gives.max > 1) {
    return wrong("may have the same item twice", () => twins(gives));
  }
  return FITS;
}

function fitItem(
  gives: ArrayBranch,
  needs: ArrayBranch,
  index: number,
  shown: number | undefined,
  fit: FitInside,
): Finding {
  const [given, needed] = [itemOf(gives, index), itemOf(needs, index)];
  // An item that needs.max forbids is found by its number.
  if (needed === undefined || needed.schema === true || index >= needs.max) return FITS;
  if (given === undefined) return wrong("nothing is said about these items", undefined, atItem(shown));
  if (branchesOf(given).length === 0) return FITS;
  const inside = fit(given, needed);
  if (inside.fit === "compatible") return FITS;
  const length = Math.max(gives.min, index + 1);
  const examples = inside.fit === "incompatible"
    ? () => existing(arrayOf(gives, length, 0, { index, value: inside.example }))
    : undefined;
  return wrong(inside.reason, examples, atItem(shown, inside.path));
}

/** How long the arrays get: no longer than up to an item that can not be given. */
function longest(branch: ArrayBranch): number {
  const ends = branch.first.findIndex((node) => branchesOf(node).length === 0);
  if (ends !== -1) return Math.min(branch.max, ends);
  const isClosed = branch.rest !== undefined && branchesOf(branch.rest).length === 0;
  return isClosed ? Math.min(branch.max, branch.first.length) : branch.max;
}

function* twins(branch: ArrayBranch): Iterable<unknown> {
  const array = arrayOf(branch, Math.max(2, branch.min));
  if (array !== undefined) yield array;
  const item = itemOf(branch, 0);
  const example = item === undefined ? undefined : exampleOf(item);
  if (example !== undefined) yield [example.value, example.value];
}

/** Values beyond JSON. */
export function fitRich(gives: RichBranch, needs: RichBranch, fit: FitInside): Finding {
  if (needs.type === undefined) return FITS;
  if (gives.type !== needs.type) {
    return wrong(`gives ${gives.type ?? "anything"}, but ${needs.type} is needed`, () => examplesOf(gives));
  }
  for (const part of ["keys", "values", "items"] as const) {
    const [given, needed] = [gives[part], needs[part]];
    if (needed === undefined || needed.schema === true) continue;
    if (given === undefined) return wrong("nothing is said about them", undefined, part);
    const inside = fit(given, needed);
    if (inside.fit === "compatible") continue;
    const examples = inside.fit === "incompatible" ? () => holding(gives, part, inside.example) : undefined;
    return wrong(inside.reason, examples, atProperty(part, inside.path));
  }
  return FITS;
}

function* holding(branch: RichBranch, part: "keys" | "values" | "items", value: unknown): Iterable<unknown> {
  if (part === "items") return yield new Set([value]);
  const other = part === "keys" ? branch.values : branch.keys;
  const example = other === undefined ? { value: null } : exampleOf(other);
  if (example !== undefined) {
    yield new Map([part === "keys" ? [value, example.value] : [example.value, value]]);
  }
}
