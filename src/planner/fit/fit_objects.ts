/**
 * Whether objects of one branch are in another.
 *
 * @module
 */
import { atProperty } from "../../base/value_path.ts";
import { accepts } from "./accepts.ts";
import { type ObjectBranch, propertyOf } from "./branch.ts";
import { branchesOf, takesAnything } from "./branches_of.ts";
import { existing, objectOf } from "./examples.ts";
import type { FitInside } from "./fit_arrays.ts";
import { matchesPattern } from "./format.ts";
import type { Node } from "./node.ts";
import { type Finding, FITS, worst, wrong } from "./verdict.ts";

/** Objects within objects. */
export function fitObjects(gives: ObjectBranch, needs: ObjectBranch, fit: FitInside): Finding {
  // A property that must be there and cannot be given: there is no such object at all.
  for (const name of gives.required) {
    const property = propertyOf(gives, name);
    if (property !== undefined && gives.patterns.size === 0 && branchesOf(property).length === 0) return FITS;
  }
  for (const name of needs.required) {
    if (gives.required.has(name)) continue;
    return wrong("may be absent, but is required", () => existing(objectOf(gives)), atProperty(name));
  }
  return worst(findingsOf(gives, needs, fit));
}

function* findingsOf(gives: ObjectBranch, needs: ObjectBranch, fit: FitInside): Iterable<Finding> {
  for (const name of new Set([...gives.properties.keys(), ...gives.required, ...needs.properties.keys()])) {
    yield fitProperty(gives, needs, name, fit);
  }
  yield fitOthers(gives, needs, fit);
  yield fitNames(gives, needs);
  yield fitCount(gives, needs);
}

function fitProperty(gives: ObjectBranch, needs: ObjectBranch, name: string, fit: FitInside): Finding {
  const given = propertyOf(gives, name);
  if (given !== undefined && gives.patterns.size === 0 && branchesOf(given).length === 0) return FITS;
  for (const needed of neededOf(needs, name)) {
    if (needed === undefined) {
      return wrong("whether a pattern names it is not known", undefined, atProperty(name));
    }
    if (needed.schema === true) continue;
    const isOpen = given === undefined || gives.patterns.size > 0 && !gives.properties.has(name);
    if (isOpen) {
      if (takesAnything(needed)) continue;
      return wrong("nothing is said about it", undefined, atProperty(name));
    }
    const inside = fit(given, needed);
    if (inside.fit === "compatible") continue;
    const examples = inside.fit === "incompatible"
      ? () => existing(objectOf(gives, 0, { [name]: inside.example }))
      : undefined;
    const reason = needed.schema === false ? "is not allowed" : inside.reason;
    return wrong(reason, examples, atProperty(name, inside.path));
  }
  return FITS;
}

/** All that a property has to fit; `undefined` among them where that cannot be told. */
function* neededOf(needs: ObjectBranch, name: string): Iterable<Node | undefined> {
  let isNamed = needs.properties.has(name);
  if (isNamed) yield needs.properties.get(name)!;
  for (const [pattern, node] of needs.patterns) {
    const truth = matchesPattern(pattern, name);
    if (truth === false) continue;
    isNamed = true;
    yield truth === true ? node : undefined;
  }
  if (!isNamed && needs.additional !== undefined) yield needs.additional;
}

/** Properties that neither names. */
function fitOthers(gives: ObjectBranch, needs: ObjectBranch, fit: FitInside): Finding {
  if (needs.additional === undefined && needs.patterns.size === 0) return FITS;
  for (const [pattern, given] of gives.patterns) {
    const own = needs.patterns.get(pattern);
    const others = [...needs.patterns].filter(([other]) => other !== pattern).map(([, node]) => node);
    for (const needed of [...others, own ?? needs.additional]) {
      if (needed === undefined || fit(given, needed).fit === "compatible") continue;
      return wrong("properties named by a pattern may not fit", undefined, atProperty(pattern));
    }
  }
  if (gives.additional !== undefined && branchesOf(gives.additional).length === 0) return FITS;
  for (const needed of [...needs.patterns.values(), needs.additional]) {
    if (needed === undefined || needed.schema === true) continue;
    if (gives.additional === undefined) {
      if (takesAnything(needed)) continue;
      return wrong("nothing is said about other properties", undefined, "*");
    }
    const inside = fit(gives.additional, needed);
    if (inside.fit === "compatible") continue;
    const name = freeName(gives, needs);
    const examples = inside.fit === "incompatible"
      ? () => existing(objectOf(gives, 0, { [name]: inside.example }))
      : undefined;
    const reason = needed.schema === false ? "other properties are not allowed" : inside.reason;
    return wrong(reason, examples, atProperty("*", inside.path));
  }
  return FITS;
}

function freeName(gives: ObjectBranch, needs: ObjectBranch): string {
  let name = "other";
  while (gives.properties.has(name) || needs.properties.has(name)) name += "_";
  return name;
}

/** What names have to be. */
function fitNames(gives: ObjectBranch, needs: ObjectBranch): Finding {
  const { names } = needs;
  if (names === undefined || takesAll(names)) return FITS;
  const isClosed = gives.patterns.size === 0 && gives.additional !== undefined &&
    branchesOf(gives.additional).length === 0;
  const unsure = [...gives.properties.keys(), ...gives.required].find((name) =>
    accepts(names, name) !== true
  );
  if (unsure !== undefined) {
    return wrong("the name may not be allowed", () => existing(objectOf(gives)), atProperty(unsure));
  }
  return isClosed ? FITS : wrong("other names may not be allowed", () => existing(objectOf(gives)), "*");
}

/** Whether every name is allowed. */
function takesAll(names: Node): boolean {
  return branchesOf(names).some((one) =>
    one.opaque.length === 0 &&
    (one.kind === "any" ||
      one.kind === "string" && one.min === 0 && one.max === Infinity &&
        one.patterns.length + one.formats.length === 0)
  );
}

function fitCount(gives: ObjectBranch, needs: ObjectBranch): Finding {
  const isClosed = gives.patterns.size === 0 && gives.additional?.schema === false;
  const most = Math.min(gives.max, isClosed ? gives.properties.size : Infinity);
  const least = Math.max(gives.min, gives.required.size);
  const examples = (): Iterable<unknown> => existing(objectOf(gives));
  if (least < needs.min) return wrong(`may have fewer than ${needs.min} properties`, examples);
  if (most > needs.max) return wrong(`may have more than ${needs.max} properties`, examples);
  return FITS;
}
