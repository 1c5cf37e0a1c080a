/**
 * The normal form of a schema: the kinds of values that it takes, each with its limits.
 *
 * @module
 */
import type { Node } from "./node.ts";

/** What every branch has. */
interface BranchBase {
  /** Keywords that restrict the branch further, in a way that the comparison does not understand. */
  readonly opaque: readonly string[];
}

/** Anything at all, as nothing is said about it. */
export interface AnyBranch extends BranchBase {
  /** Which branch. */
  readonly kind: "any";
}

/** One value: `null`, a boolean, or what `const` and `enum` list. */
export interface ConstBranch extends BranchBase {
  /** Which branch. */
  readonly kind: "const";
  /** The value. */
  readonly value: unknown;
}

/** One end of a range. */
export interface Bound {
  /** The number. */
  readonly at: number;
  /** Whether the number itself lies outside. */
  readonly open: boolean;
}

/** Numbers. */
export interface NumberBranch extends BranchBase {
  /** Which branch. */
  readonly kind: "number";
  /** Whether only whole ones. */
  readonly whole: boolean;
  /** The lower end. */
  readonly min?: Bound;
  /** The upper end. */
  readonly max?: Bound;
  /** Each divides the number. */
  readonly multiples: readonly number[];
}

/** Strings; lengths count code points. */
export interface StringBranch extends BranchBase {
  /** Which branch. */
  readonly kind: "string";
  /** The least length. */
  readonly min: number;
  /** The greatest length. */
  readonly max: number;
  /** All match. */
  readonly patterns: readonly string[];
  /** It has all. */
  readonly formats: readonly string[];
}

/** Arrays and tuples. */
export interface ArrayBranch extends BranchBase {
  /** Which branch. */
  readonly kind: "array";
  /** The first items. */
  readonly first: readonly Node[];
  /** Every other item; absent: nothing is said about them. */
  readonly rest?: Node;
  /** The least length. */
  readonly min: number;
  /** The greatest length. */
  readonly max: number;
  /** Whether no two items are the same. */
  readonly unique: boolean;
}

/** Objects. */
export interface ObjectBranch extends BranchBase {
  /** Which branch. */
  readonly kind: "object";
  /** Properties by name. */
  readonly properties: ReadonlyMap<string, Node>;
  /** Names that must be there. */
  readonly required: ReadonlySet<string>;
  /** Properties by a pattern of their name. */
  readonly patterns: ReadonlyMap<string, Node>;
  /** Every other property; absent: nothing is said about them. */
  readonly additional?: Node;
  /** What names have to be. */
  readonly names?: Node;
  /** The least number of properties. */
  readonly min: number;
  /** The greatest number of properties. */
  readonly max: number;
}

/** A value beyond JSON. */
export interface RichBranch extends BranchBase {
  /** Which branch. */
  readonly kind: "rich";
  /** The value of `x-type`; absent: any of them. */
  readonly type?: string;
  /** Keys of a map. */
  readonly keys?: Node;
  /** Values of a map. */
  readonly values?: Node;
  /** Items of a set. */
  readonly items?: Node;
}

/** One kind of values that a schema takes. */
export type Branch =
  | AnyBranch
  | ConstBranch
  | NumberBranch
  | StringBranch
  | ArrayBranch
  | ObjectBranch
  | RichBranch;

/** The schema of the property `name` in a branch; `undefined` where nothing is said about it. */
export function propertyOf(branch: ObjectBranch, name: string): Node | undefined {
  return branch.properties.get(name) ?? branch.additional;
}

/** The schema of the item at `index` in a branch; `undefined` where nothing is said about it. */
export function itemOf(branch: ArrayBranch, index: number): Node | undefined {
  return branch.first[index] ?? branch.rest;
}

/** Whether no value has the property, as far as is known without looking inside. */
export function isNever(node: Node | undefined): boolean {
  return node?.schema === false;
}
