/**
 * Whether two branches have no value in common.
 *
 * @module
 */
import { type Branch, itemOf, type ObjectBranch, propertyOf } from "./branch.ts";
import { GivenUp, type Node } from "./node.ts";
import { isSame, kindOf } from "./value.ts";

/** How deep properties are compared: a discriminator stands at the top. */
const MAX_DEPTH = 3;

/** Surely no value is in both. `branchesOf` gives what is inside. */
export function areDisjoint(
  a: Branch,
  b: Branch,
  branchesOf: (node: Node) => readonly Branch[],
  depth: number = 0,
): boolean {
  if (a.kind === "any" || b.kind === "any") return false;
  if (a.kind === "const" && b.kind === "const") return !isSame(a.value, b.value);
  if (kindOfBranch(a) !== kindOfBranch(b)) return true;
  if (a.kind === "rich" && b.kind === "rich") {
    return a.type !== undefined && b.type !== undefined && a.type !== b.type;
  }
  if (a.kind === "number" && b.kind === "number") {
    return (a.min?.at ?? -Infinity) > (b.max?.at ?? Infinity) ||
      (b.min?.at ?? -Infinity) > (a.max?.at ?? Infinity);
  }
  if (a.kind === "string" && b.kind === "string") return a.min > b.max || b.min > a.max;
  const apart = (one: Node | undefined, other: Node | undefined): boolean => {
    if (one === undefined || other === undefined || depth >= MAX_DEPTH) return false;
    one.document.budget.spend();
    try {
      const others = branchesOf(other);
      return branchesOf(one).every((a) => others.every((b) => areDisjoint(a, b, branchesOf, depth + 1)));
    } catch (error) {
      // Inside may stand the very schema whose alternatives are being told apart.
      if (error instanceof GivenUp) return false;
      throw error;
    }
  };
  if (a.kind === "array" && b.kind === "array") {
    const both = Math.min(8, Math.max(a.min, b.min));
    return a.min > b.max || b.min > a.max ||
      Array.from({ length: both }, (_, index) => apart(itemOf(a, index), itemOf(b, index))).includes(true);
  }
  if (a.kind === "object" && b.kind === "object") {
    return [...new Set([...a.required, ...b.required])].some((name) =>
      isPlain(a, name) && isPlain(b, name) && apart(propertyOf(a, name), propertyOf(b, name))
    );
  }
  return false;
}

/** Whether a property that both must have, a tag, tells them apart by its constants. */
export function areToldApart(a: Branch, b: Branch, branchesOf: (node: Node) => readonly Branch[]): boolean {
  if (a.kind !== "object" || b.kind !== "object") return false;
  return [...a.required].some((name) => {
    const [one, other] = [a.properties.get(name), b.required.has(name) ? b.properties.get(name) : undefined];
    if (one === undefined || other === undefined) return false;
    const [ones, others] = [branchesOf(one), branchesOf(other)];
    return [...ones, ...others].every((branch) => branch.kind === "const") &&
      ones.every((a) => others.every((b) => areDisjoint(a, b, branchesOf)));
  });
}

/** Whether no pattern may say something else about the property. */
function isPlain(branch: ObjectBranch, name: string): boolean {
  return branch.patterns.size === 0 || branch.properties.has(name);
}

function kindOfBranch(branch: Branch): string {
  if (branch.kind !== "const") return branch.kind;
  const kind = kindOf(branch.value);
  return kind === "null" || kind === "boolean" ? `one ${kind}` : kind ?? "nothing";
}
