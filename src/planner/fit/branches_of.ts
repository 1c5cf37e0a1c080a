/**
 * The normal form of a whole schema: `$ref`, `allOf`, `anyOf`, `oneOf` and the rest worked in.
 *
 * @module
 */
import { accepts } from "./accepts.ts";
import type { ArrayBranch, Branch, NumberBranch, ObjectBranch, StringBranch } from "./branch.ts";
import { isNever, itemOf, propertyOf } from "./branch.ts";
import { areDisjoint } from "./disjoint.ts";
import { isAnything, listAt, PARTIAL, restrictsItself } from "./keywords.ts";
import { GivenUp, type Node } from "./node.ts";
import { readBranches, tighter, withoutEmpty } from "./read_branches.ts";
import { isSame, kindOf } from "./value.ts";

/** How many alternatives one schema may come to. */
const MAX_BRANCHES = 256;

const ANY: readonly Branch[] = [{ kind: "any", opaque: [] }];
/** Keywords that are kept as what they are: not understood. */
const OPAQUE = ["if", "$dynamicRef", "$recursiveRef", PARTIAL];

/** What a schema takes, by kind. None at all: it takes nothing. */
export function branchesOf(node: Node): readonly Branch[] {
  if (node.branches === "open") throw new GivenUp("a schema consists of itself");
  if (node.branches !== undefined) return node.branches;
  node.branches = "open";
  let branches: readonly Branch[] | undefined;
  try {
    branches = normalize(node);
  } finally {
    if (branches === undefined) delete node.branches;
    else node.branches = branches;
  }
  return branches;
}

/** Whether the schema surely takes every value. */
export function takesAnything(node: Node): boolean {
  return branchesOf(node).some((branch) => branch.kind === "any" && branch.opaque.length === 0);
}

function normalize(node: Node): readonly Branch[] {
  const { schema, document } = node;
  document.budget.spend();
  if (typeof schema === "boolean") return schema ? ANY : [];
  if (isAnything(schema)) return ANY;
  const partsOf = (key: string): Node[] => (listAt(schema, key) ?? []).map((part) => document.node(part));
  let branches: readonly Branch[] = restrictsItself(schema) ? readBranches(node) : ANY;
  const meet = (others: readonly Branch[]): void => {
    branches = branches.flatMap((a) => others.flatMap((b) => meetOf(a, b)));
    document.budget.spend(branches.length);
    if (branches.length > MAX_BRANCHES) throw new GivenUp("a schema has too many alternatives");
  };
  if (schema.$ref !== undefined) meet(branchesOf(document.resolve(schema.$ref)));
  for (const part of partsOf("allOf")) meet(branchesOf(part));
  if (schema.anyOf !== undefined) meet(partsOf("anyOf").flatMap(branchesOf));
  if (schema.oneOf !== undefined) meet(exclusive(partsOf("oneOf").map(branchesOf)));
  if (schema.not !== undefined) {
    if (takesAnything(document.node(schema.not))) return [];
    meet([{ kind: "any", opaque: ["not"] }]);
  }
  for (const key of OPAQUE) {
    if (schema[key] !== undefined) meet([{ kind: "any", opaque: [key] }]);
  }
  return branches.flatMap((branch): readonly Branch[] => {
    if (branch.kind !== "const") return [branch];
    const truth = accepts(node, branch.value);
    if (truth === false) return [];
    // What was understood of this one value is settled; what is not said at all stays open.
    const opaque = truth ? branch.opaque.filter((key) => key === PARTIAL) : branch.opaque.concat("enum");
    return [{ ...branch, opaque }];
  });
}

/** Alternatives of which exactly one may hold: where two could, that is not understood. */
function exclusive(alternatives: readonly (readonly Branch[])[]): readonly Branch[] {
  const overlap = alternatives.some((ones, index) =>
    alternatives.slice(0, index).some((others) =>
      ones.some((a) => others.some((b) => !areDisjoint(a, b, branchesOf)))
    )
  );
  const flat = alternatives.flat();
  return overlap ? flat.map((branch) => ({ ...branch, opaque: [...branch.opaque, "oneOf"] })) : flat;
}

/** What is in both branches. */
function meetOf(a: Branch, b: Branch): readonly Branch[] {
  const opaque = a.opaque.length + b.opaque.length === 0
    ? a.opaque
    : [...new Set([...a.opaque, ...b.opaque])];
  if (a.kind === "any") return [{ ...b, opaque }];
  if (b.kind === "any") return [{ ...a, opaque }];
  if (a.kind === "const") return b.kind !== "const" || isSame(a.value, b.value) ? [{ ...a, opaque }] : [];
  if (b.kind === "const") return [{ ...b, opaque }];
  if (a.kind === "number" && b.kind === "number") return meetOfNumbers(a, b, opaque);
  if (a.kind === "string" && b.kind === "string") return meetOfStrings(a, b, opaque);
  if (a.kind === "array" && b.kind === "array") return meetOfArrays(a, b, opaque);
  if (a.kind === "object" && b.kind === "object") return [meetOfObjects(a, b, opaque)];
  if (a.kind === "rich" && b.kind === "rich") {
    if (a.type === undefined || b.type === undefined) return [{ ...a, ...b, opaque }];
    // What is inside of both is rare enough to leave it at one of them.
    return a.type === b.type ? [{ ...a, opaque: [...opaque, "x-type"] }] : [];
  }
  return [];
}

function meetOfNumbers(a: NumberBranch, b: NumberBranch, opaque: readonly string[]): readonly Branch[] {
  const min = tighter(a.min, b.min, (a, b) => a > b);
  const max = tighter(a.max, b.max, (a, b) => a < b);
  return withoutEmpty({
    kind: "number",
    whole: a.whole || b.whole,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    multiples: [...new Set([...a.multiples, ...b.multiples])],
    opaque,
  });
}

function meetOfStrings(a: StringBranch, b: StringBranch, opaque: readonly string[]): readonly Branch[] {
  const [min, max] = [Math.max(a.min, b.min), Math.min(a.max, b.max)];
  if (min > max) return [];
  const patterns = [...new Set([...a.patterns, ...b.patterns])];
  return [{
    kind: "string",
    min,
    max,
    patterns,
    formats: [...new Set([...a.formats, ...b.formats])],
    opaque,
  }];
}

function meetOfArrays(a: ArrayBranch, b: ArrayBranch, opaque: readonly string[]): readonly Branch[] {
  const [min, max] = [Math.max(a.min, b.min), Math.min(a.max, b.max)];
  if (min > max) return [];
  const length = Math.max(a.first.length, b.first.length);
  const first = Array.from({ length }, (_, index) => meetOfNodes(itemOf(a, index), itemOf(b, index)));
  const known = first.findIndex((node) => node === undefined);
  const rest = meetOfNodes(a.rest, b.rest);
  return [{
    kind: "array",
    // A place about which neither says anything ends what is known of the first items.
    first: (known === -1 ? first : first.slice(0, known)) as Node[],
    ...(rest === undefined ? {} : { rest }),
    min,
    max,
    unique: a.unique || b.unique,
    opaque: known === -1 ? opaque : [...opaque, "prefixItems"],
  }];
}

function meetOfObjects(a: ObjectBranch, b: ObjectBranch, opaque: readonly string[]): Branch {
  const names = new Set([...a.properties.keys(), ...b.properties.keys()]);
  const properties = new Map<string, Node>();
  for (const name of names) {
    const node = meetOfNodes(knownOf(a, name), knownOf(b, name));
    if (node !== undefined) properties.set(name, node);
  }
  const additional = meetOfNodes(a.additional, b.additional);
  const propertyNames = meetOfNodes(a.names, b.names);
  const hasPatterns = a.patterns.size + b.patterns.size > 0;
  return {
    kind: "object",
    properties,
    required: new Set([...a.required, ...b.required]),
    patterns: new Map([...a.patterns, ...b.patterns]),
    ...(additional === undefined ? {} : { additional }),
    ...(propertyNames === undefined ? {} : { names: propertyNames }),
    min: Math.max(a.min, b.min),
    max: Math.min(a.max, b.max),
    opaque: hasPatterns ? [...opaque, "patternProperties"] : opaque,
  };
}

/** What is surely said about a property: a pattern may name it, and then it is none of the others. */
function knownOf(branch: ObjectBranch, name: string): Node | undefined {
  return branch.patterns.size === 0 ? propertyOf(branch, name) : branch.properties.get(name);
}

function meetOfNodes(a: Node | undefined, b: Node | undefined): Node | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return isNever(a) ? a : a.document.both(a, b);
}

/** What a branch is called in a sentence. */
export function nameOf(branch: Branch): string {
  switch (branch.kind) {
    case "const":
      return kindOf(branch.value) === "object" || Array.isArray(branch.value)
        ? `one ${kindOf(branch.value)}`
        : JSON.stringify(branch.value) ?? "undefined";
    case "number":
      return branch.whole ? "integer" : "number";
    case "rich":
      return branch.type ?? "a value beyond JSON";
    default:
      return branch.kind;
  }
}
