/**
 * A schema within its document: what `$ref` is resolved against, and the work that may still be spent on it.
 *
 * @module
 */
import type { JsonSchema } from "../../base/schema.ts";
import type { Branch } from "./branch.ts";

/** A JSON Schema, which may also be `true` or `false`. */
export type AnyJsonSchema = JsonSchema | boolean;

/** Thrown where a comparison is given up: the schemas are too large, or one of them cannot be read. */
export class GivenUp extends Error {}

/** How many steps one comparison may take: hostile schemas end here, realistic ones take some thousands. */
const MAX_STEPS = 100_000;

/** The work that one comparison may still do, counted in steps, so that it is the same on every machine. */
export class Budget {
  #left = MAX_STEPS;

  /** Takes some; throws {@linkcode GivenUp} once there is none left. */
  spend(steps: number = 1): void {
    this.#left -= steps;
    if (this.#left < 0) throw new GivenUp("the schemas are too large to compare");
  }
}

/** One schema of a document. The same schema is always the same node. */
export interface Node {
  /** The schema. */
  readonly schema: AnyJsonSchema;
  /** Where it stands. */
  readonly document: Document;
  /** Its normal form, once it was needed; `"open"` while it is being made. */
  branches?: readonly Branch[] | "open";
  /** A value that it takes, once one was found. */
  example?: { readonly value: unknown };
}

/** A schema with everything that it refers to. */
export class Document {
  /** The whole. */
  readonly root: Node;
  /** Whether a property that has a default may be absent: what is filled in need not be given. */
  readonly fillsDefaults: boolean;
  /** What may still be spent. */
  readonly budget: Budget;
  readonly #nodes = new Map<AnyJsonSchema, Node>();
  readonly #targets = new Map<unknown, Node>();
  readonly #both = new Map<Node, Map<Node, Node>>();

  /** Opens a document. */
  constructor(root: AnyJsonSchema, fillsDefaults: boolean, budget: Budget) {
    this.fillsDefaults = fillsDefaults;
    this.budget = budget;
    this.root = this.node(root);
  }

  /** A schema of this document, or one made for it, as a node. */
  node(schema: unknown): Node {
    if (typeof schema !== "boolean" && !isSchema(schema)) throw new GivenUp("a schema is no object");
    const known = this.#nodes.get(schema);
    if (known !== undefined) return known;
    const node: Node = { schema, document: this };
    this.#nodes.set(schema, node);
    return node;
  }

  /** What fits both. */
  both(a: Node, b: Node): Node {
    if (a === b || b.schema === true) return a;
    if (a.schema === true) return b;
    const ofA = this.#both.get(a) ?? new Map<Node, Node>();
    this.#both.set(a, ofA);
    const node = ofA.get(b) ?? this.node({ allOf: [a.schema, b.schema] });
    ofA.set(b, node);
    return node;
  }

  /** What a `$ref` points to: a JSON pointer (RFC 6901) into this document. */
  resolve(ref: unknown): Node {
    this.budget.spend();
    const known = this.#targets.get(ref);
    if (known !== undefined) return known;
    const target = this.#find(ref);
    this.#targets.set(ref, target);
    return target;
  }

  #find(ref: unknown): Node {
    if (ref === "#") return this.root;
    if (typeof ref !== "string" || !ref.startsWith("#/")) {
      throw new GivenUp(`a "$ref" leaves its document: ${JSON.stringify(ref)}`);
    }
    let target: unknown = this.root.schema;
    for (const part of ref.slice(2).split("/")) {
      const key = unescaped(part);
      const found = typeof target === "object" && target !== null && Object.hasOwn(target, key);
      if (!found) throw new GivenUp(`a "$ref" points to nothing: ${JSON.stringify(ref)}`);
      target = (target as Record<string, unknown>)[key];
    }
    return this.node(target);
  }
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
  } catch {
    return part;
  }
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
