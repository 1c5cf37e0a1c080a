/**
 * Compares the schemas of two documents, alternative by alternative.
 *
 * "Compatible" follows from rules; "incompatible" is only said with an example that the one schema surely
 * takes and the other surely refuses; what is left is unknown.
 *
 * Schemas that refer to themselves are compared as their values are: two nodes that are being compared already
 * count as fitting further inside (coinduction), as every value ends somewhere.
 *
 * @module
 */
import { accepts } from "./accepts.ts";
import type { Branch, ConstBranch, ObjectBranch } from "./branch.ts";
import { branchesOf, nameOf, takesAnything } from "./branches_of.ts";
import { areDisjoint, areToldApart } from "./disjoint.ts";
import { examplesOf } from "./examples.ts";
import { fitArrays, fitRich } from "./fit_arrays.ts";
import { fitObjects } from "./fit_objects.ts";
import { fitNumbers, fitStrings } from "./fit_scalars.ts";
import { PARTIAL } from "./keywords.ts";
import { GivenUp, type Node } from "./node.ts";
import { type Finding, FITS, type SchemaFit, worst, wrong } from "./verdict.ts";

/** How deep schemas are compared. */
const MAX_DEPTH = 100;
/** How often an object is taken apart by the values of its properties, one property within the other. */
const MAX_SPLITS = 2;
/** How many parts it is taken apart into. */
const MAX_PARTS = 64;

const COMPATIBLE: SchemaFit = { fit: "compatible" };

/** One comparison; remembers what was compared. */
export class Comparison {
  /** Pairs that fit if those below them do, in the order in which they were begun. */
  readonly #fitting: (readonly [Node, Node])[] = [];
  readonly #known = new Map<Node, Map<Node, SchemaFit>>();
  #depth = 0;

  /** Whether everything that `gives` takes is taken by `needs`. */
  fit(gives: Node, needs: Node): SchemaFit {
    gives.document.budget.spend();
    if (takesAnything(needs)) return COMPATIBLE;
    const known = this.#known.get(gives)?.get(needs);
    if (known !== undefined) return known;
    if (++this.#depth > MAX_DEPTH) throw new GivenUp("the schemas are nested too deep to compare");
    const begun = this.#fitting.length;
    this.#fitting.push([gives, needs]);
    this.#remember(gives, needs, COMPATIBLE);
    const fit = this.#verdict(gives, needs);
    this.#depth--;
    if (fit.fit !== "compatible") {
      // What fitted because this pair was taken to fit is open again.
      for (const [a, b] of this.#fitting.splice(begun)) this.#known.get(a)?.delete(b);
      this.#remember(gives, needs, fit);
    }
    return fit;
  }

  #remember(gives: Node, needs: Node, fit: SchemaFit): void {
    const known = this.#known.get(gives) ?? new Map<Node, SchemaFit>();
    this.#known.set(gives, known.set(needs, fit));
  }

  /** Every alternative has to fit; only an example makes a mismatch certain. */
  #verdict(gives: Node, needs: Node): SchemaFit {
    let first: SchemaFit | undefined;
    for (const branch of branchesOf(gives)) {
      const finding = this.#fitBranch(branch, needs, 0);
      if (finding.ok) continue;
      const { path, reason } = finding;
      for (const example of finding.examples?.() ?? []) {
        const isProof = accepts(gives, example) === true && accepts(needs, example) === false;
        if (isProof) return { fit: "incompatible", path, reason, example };
      }
      first ??= { fit: "unknown", path, reason };
    }
    return first ?? COMPATIBLE;
  }

  #fitBranch(gives: Branch, needs: Node, splits: number): Finding {
    needs.document.budget.spend();
    if (gives.kind === "any") return wrong("nothing is said about it");
    if (gives.kind === "const") return fitConstant(gives, needs);
    const alternatives = branchesOf(needs);
    const near: Finding[] = [];
    const clear: Finding[] = [];
    for (const alternative of alternatives) {
      if (alternative.kind !== gives.kind && alternative.kind !== "any") continue;
      const finding = this.#fitPair(gives, alternative);
      if (finding.ok) return FITS;
      // What else is true of an output may well leave out the very values that do not fit.
      const isProof = !isPartial(gives) || areDisjoint(gives, alternative, branchesOf);
      const group = areToldApart(gives, alternative, branchesOf) ? clear : near;
      group.push(isProof ? finding : wrong(finding.reason, undefined, finding.path));
    }
    if (near.length > 1 && gives.kind === "object" && splits < MAX_SPLITS) {
      const parts = partsOf(gives);
      if (parts !== undefined) return worst(parts.map((part) => this.#fitBranch(part, needs, splits + 1)));
    }
    const [closest = otherKind(gives, alternatives)] = [...near, ...clear];
    if (closest.ok || near.length + clear.length < 2) return closest;
    // Which of several alternatives was meant is not known: only the examples of all of them may tell.
    const reason = near.length === 1 ? closest.reason : `fits none of ${alternatives.length} alternatives`;
    const examples = function* (): Iterable<unknown> {
      for (const finding of [...near, ...clear]) if (!finding.ok) yield* finding.examples?.() ?? [];
    };
    return wrong(reason, examples, near.length === 1 ? closest.path : "");
  }

  #fitPair(gives: Branch, needs: Branch): Finding {
    if (needs.kind === "any") return wrong("nothing is said about what is needed");
    const finding = this.#fitKind(gives, needs);
    if (!finding.ok || needs.opaque.length === 0) return finding;
    const reason = isPartial(needs)
      ? "more is needed than its schema says"
      : `"${needs.opaque[0]}" is not understood`;
    return wrong(reason, () => examplesOf(gives, needs));
  }

  #fitKind(gives: Branch, needs: Branch): Finding {
    const inside = (a: Node, b: Node): SchemaFit => this.fit(a, b);
    if (gives.kind === "number" && needs.kind === "number") return fitNumbers(gives, needs);
    if (gives.kind === "string" && needs.kind === "string") return fitStrings(gives, needs);
    if (gives.kind === "array" && needs.kind === "array") return fitArrays(gives, needs, inside);
    if (gives.kind === "object" && needs.kind === "object") return fitObjects(gives, needs, inside);
    if (gives.kind === "rich" && needs.kind === "rich") return fitRich(gives, needs, inside);
    return otherKind(gives, [needs]);
  }
}

function isPartial({ opaque }: Branch): boolean {
  return opaque.includes(PARTIAL);
}

function fitConstant(gives: ConstBranch, needs: Node): Finding {
  const truth = accepts(needs, gives.value);
  if (truth === true) return FITS;
  const alternatives = branchesOf(needs);
  const said = wanted(alternatives);
  return truth === false
    ? wrong(
      `gives ${nameOf(gives)}, but ${said} is needed`,
      isPartial(gives) ? undefined : () => [gives.value],
    )
    : wrong(`whether ${nameOf(gives)} is accepted is not known`);
}

function otherKind(gives: Branch, needs: readonly Branch[]): Finding {
  return wrong(`gives ${nameOf(gives)}, but ${wanted(needs)} is needed`, () => examplesOf(gives));
}

function wanted(needs: readonly Branch[]): string {
  const said = new Set(needs.map(nameOf));
  const names = said.has("true") && said.has("false")
    ? ["boolean", ...[...said].filter((name) => name !== "true" && name !== "false")]
    : [...said];
  if (names.length === 0) return "nothing";
  return names.length <= 4 ? names.join(" or ") : `one of ${names.length} others`;
}

/** The object with each value of a property that has only a few: what discriminates a union. */
function partsOf(object: ObjectBranch): readonly ObjectBranch[] | undefined {
  for (const name of object.required) {
    const property = object.properties.get(name);
    if (property === undefined) continue;
    const values = branchesOf(property);
    if (values.length < 2 || values.length > MAX_PARTS || values.some((value) => value.kind !== "const")) {
      continue;
    }
    const { document } = property;
    return values.map((value) => {
      const one = document.both(property, document.node({ const: (value as ConstBranch).value }));
      return { ...object, properties: new Map(object.properties).set(name, one) };
    });
  }
  return undefined;
}
