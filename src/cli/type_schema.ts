/**
 * From a TypeScript type to JSON Schema. What JSON Schema and `x-type` have no word for is
 * `{ "x-partial": true }`, and is reported: nothing is guessed.
 *
 * @module
 */
import type { Node, Symbol as TypeSymbol, Type } from "ts-morph";
import type { JsonSchema } from "../base/schema.ts";
import { atItem, atProperty } from "../base/value_path.ts";
import { FAILURE_SCHEMA } from "../task/wrap_schema.ts";

/** A part of a type that could not be said. */
export interface Unsaid {
  /** Where, as `a.b[].c`; empty for the whole. */
  readonly path: string;
  /** Why. */
  readonly reason: string;
}

/** How deep a type may be nested: one that is deeper grows without end. */
const MAX_DEPTH = 32;
/** How many parts of one type are written: a type of a library may be vast. */
const MAX_PARTS = 2_000;

/** Classes of the language whose values are kept, and what is inside of them. */
const RICH: Readonly<Record<string, readonly string[]>> = {
  Date: [],
  RegExp: [],
  URL: [],
  Error: [],
  Map: ["x-keys", "x-values"],
  ReadonlyMap: ["x-keys", "x-values"],
  Set: ["x-items"],
  ReadonlySet: ["x-items"],
  ...Object.fromEntries(
    ["ArrayBuffer", "DataView", "Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array"]
      .concat(["Int32Array", "Uint32Array", "Float16Array", "Float32Array", "Float64Array"])
      .concat(["BigInt64Array", "BigUint64Array"]).map((name) => [name, []]),
  ),
};

/**
 * The JSON Schema of a type.
 *
 * @param type The type.
 * @param place Where in the program it is looked at.
 * @param side Whether values of it are taken or given: `unknown` takes all, but says nothing of what is given.
 * @param unsaid Gets what could not be said.
 */
export function schemaOfType(
  type: Type,
  place: Node,
  side: "input" | "output",
  unsaid: Unsaid[],
): JsonSchema {
  const writer = new SchemaWriter(place, side, unsaid);
  const schema = writer.write(type, "", 0);
  const whole: JsonSchema = typeof schema === "boolean" ? { not: {} } : schema;
  return writer.defs.size === 0 ? whole : { ...whole, $defs: Object.fromEntries(writer.defs) };
}

/** Writes one schema; named types that contain themselves go to `$defs`. */
class SchemaWriter {
  /** Types that contain themselves, by the name they got. */
  readonly defs = new Map<string, JsonSchema | false>();
  readonly #place: Node;
  readonly #side: "input" | "output";
  readonly #unsaid: Unsaid[];
  /** Types that are being written, or stand in `$defs`, with their names there once they have one. */
  readonly #open = new Map<unknown, string | undefined>();
  readonly #names = new Set<string>();
  #parts = 0;

  constructor(place: Node, side: "input" | "output", unsaid: Unsaid[]) {
    this.#place = place;
    this.#side = side;
    this.#unsaid = unsaid;
  }

  write(type: Type, path: string, depth: number): JsonSchema | false {
    if (++this.#parts > MAX_PARTS) {
      return this.#parts === MAX_PARTS + 1 ? this.#skip(path, "it is too large") : { "x-partial": true };
    }
    if (depth > MAX_DEPTH) return this.#skip(path, "it is nested too deep");
    return primitive(type) ?? this.#compound(type, path, depth);
  }

  #skip(path: string, reason: string): JsonSchema {
    this.#unsaid.push({ path, reason });
    return { "x-partial": true };
  }

  #compound(type: Type, path: string, depth: number): JsonSchema | false {
    if (type.isNever()) return false;
    if (type.isAny()) return this.#skip(path, 'the compiler knows it as "any" only');
    if (type.isUnknown()) return this.#side === "input" ? {} : this.#skip(path, 'it is "unknown"');
    if (type.isTemplateLiteral()) return this.#skip(path, `${type.getText()} has no simple pattern`);
    if (type.isTypeParameter()) return this.#skip(path, `${type.getText()} depends on how it is called`);
    const id = type.compilerType;
    if (this.#open.has(id)) return this.#reference(id, type);
    this.#open.set(id, undefined);
    const schema = this.#structure(type, path, depth);
    const name = this.#open.get(id);
    if (name === undefined) {
      this.#open.delete(id);
      return schema;
    }
    this.defs.set(name, schema);
    return { $ref: `#/$defs/${name}` };
  }

  #reference(id: unknown, type: Type): JsonSchema {
    const known = this.#open.get(id);
    if (known !== undefined) return { $ref: `#/$defs/${known}` };
    const wanted = (type.getAliasSymbol() ?? type.getSymbol())?.getName().replaceAll(/\W/g, "") || "Type";
    let name = wanted;
    for (let number = 2; this.#names.has(name); number++) name = `${wanted}${number}`;
    this.#names.add(name);
    this.#open.set(id, name);
    return { $ref: `#/$defs/${name}` };
  }

  #structure(type: Type, path: string, depth: number): JsonSchema | false {
    const inner = (part: Type, at: string): JsonSchema | false => this.write(part, at, depth + 1);
    if (type.isUnion()) return this.#union(type.getUnionTypes(), path, depth);
    if (type.isIntersection()) {
      // A brand is a primitive type with a mark that no value has.
      const said = type.getIntersectionTypes().map(primitive).find((schema) => schema !== undefined);
      if (said !== undefined) return said;
    }
    if (type.isTuple()) return this.#tuple(type, path, depth);
    if (type.isArray() || type.isReadonlyArray()) {
      return { type: "array", items: inner(type.getArrayElementTypeOrThrow(), path + atItem()) };
    }
    const name = type.getSymbol()?.getName() ?? "";
    const insides = isOfLanguage(type) && Object.hasOwn(RICH, name) ? RICH[name] : undefined;
    if (insides !== undefined) {
      const parts = insides.map((key, index): [string, JsonSchema | false] => {
        const part = type.getTypeArguments()[index];
        return [key, part === undefined ? {} : inner(part, joined(path, key.slice(2)))];
      });
      return { "x-type": name.replace("Readonly", ""), ...Object.fromEntries(parts) };
    }
    if (isFailure(type, this.#place)) return FAILURE_SCHEMA;
    const refusal = whyNoData(type);
    return refusal === undefined ? this.#object(type, path, depth) : this.#skip(path, refusal);
  }

  #union(types: readonly Type[], path: string, depth: number): JsonSchema | false {
    const values = types.filter(isLiteral).map((type) => valueOf(type));
    const isBoolean = values.includes(true) && values.includes(false);
    const constants = isBoolean ? values.filter((value) => typeof value !== "boolean") : values;
    const parts = types.filter((type) => !isLiteral(type)).map((type) => this.write(type, path, depth + 1))
      .filter((schema) => schema !== false);
    if (isBoolean) parts.unshift({ type: "boolean" });
    if (constants.length === 1) parts.unshift({ const: constants[0] });
    if (constants.length > 1) parts.unshift({ enum: constants.toSorted(byText) });
    const different = new Map(parts.map((part) => [JSON.stringify(part), part]));
    if (different.size === 0) return false;
    // The compiler's order depends on what else it has seen: what is written must not.
    return different.size === 1 ? parts[0]! : { anyOf: [...different.values()].toSorted(byText) };
  }

  #tuple(type: Type, path: string, depth: number): JsonSchema {
    const target = type.getTargetType()?.compilerType as
      | { readonly elementFlags?: readonly number[] }
      | undefined;
    const flags = target?.elementFlags ?? [];
    const elements = type.getTupleElements();
    const [REQUIRED, OPTIONAL, REST] = [1, 2, 4]; // ts.ElementFlags
    const fixed = flags.findIndex((flag) => flag !== REQUIRED && flag !== OPTIONAL);
    const first = elements.slice(0, fixed === -1 ? elements.length : fixed);
    const rest = fixed === -1 ? undefined : elements[fixed];
    if (rest !== undefined && (flags[fixed] !== REST || fixed < elements.length - 1)) {
      return this.#skip(path, "a tuple with items after the variable part");
    }
    const write = (item: Type, index?: number): JsonSchema | false =>
      this.write(item, path + atItem(index), depth + 1);
    return {
      type: "array",
      ...(first.length === 0
        ? {}
        : { prefixItems: first.map((item, index) => write(withoutUndefined(item), index)) }),
      items: rest === undefined ? false : write(rest),
      minItems: first.filter((_, index) => flags[index] === REQUIRED).length,
    };
  }

  #object(type: Type, path: string, depth: number): JsonSchema {
    const properties: [string, JsonSchema | false][] = [];
    const required: string[] = [];
    for (const property of type.getProperties()) {
      const name = property.getName();
      if (name.startsWith("__@")) continue; // a symbol: brands have them, data has not
      const of = property.getTypeAtLocation(this.#place);
      const isOptional = property.isOptional() ||
        of.isUnion() && of.getUnionTypes().some((one) => one.isUndefined());
      properties.push([name, this.#property(of, isOptional, joined(path, name), depth)]);
      if (!isOptional && !of.isUndefined()) required.push(name);
    }
    const index = type.getStringIndexType();
    const byNumber = type.getNumberIndexType();
    return {
      type: "object",
      ...(properties.length === 0 ? {} : { properties: Object.fromEntries(properties) }),
      ...(required.length === 0 ? {} : { required }),
      ...(byNumber === undefined || index !== undefined
        ? {}
        : { patternProperties: { "^[0-9]+$": this.write(byNumber, joined(path, "*"), depth + 1) } }),
      ...(index === undefined
        ? {}
        : { additionalProperties: this.write(index, joined(path, "*"), depth + 1) }),
    };
  }

  #property(type: Type, isOptional: boolean, path: string, depth: number): JsonSchema | false {
    if (!isOptional || !type.isUnion()) return this.write(type, path, depth + 1);
    const types = type.getUnionTypes().filter((one) => !one.isUndefined());
    return types.length === 1 ? this.write(types[0]!, path, depth + 1) : this.#union(types, path, depth + 1);
  }
}

function byText(a: unknown, b: unknown): number {
  const [one, other] = [JSON.stringify(a), JSON.stringify(b)];
  return one < other ? -1 : one > other ? 1 : 0;
}

function joined(path: string, name: string): string {
  const key = atProperty(name);
  return path === "" ? key : `${path}.${key}`;
}

function primitive(type: Type): JsonSchema | undefined {
  if (type.isString()) return { type: "string" };
  if (type.isNumber()) return { type: "number" };
  if (type.isBoolean()) return { type: "boolean" };
  if (type.isNull()) return { type: "null" };
  if (type.isUndefined() || type.isVoid()) return { "x-type": "undefined" };
  if (type.isBigInt() || type.isBigIntLiteral()) return { "x-type": "bigint" };
  if (isLiteral(type)) return { const: valueOf(type) };
  return undefined;
}

function isLiteral(type: Type): boolean {
  return type.isStringLiteral() || type.isNumberLiteral() || type.isBooleanLiteral() ||
    type.isEnumLiteral() && !type.isUnion();
}

function valueOf(type: Type): unknown {
  return type.isBooleanLiteral() ? type.getText() === "true" : type.getLiteralValue();
}

function withoutUndefined(type: Type): Type {
  const types = type.isUnion() ? type.getUnionTypes().filter((one) => !one.isUndefined()) : [];
  return types.length === 1 ? types[0]! : type;
}

/** Whether a type is declared by the language or the runtime. */
function isOfLanguage(type: Type): boolean {
  const declarations = type.getSymbol()?.getDeclarations() ?? [];
  return declarations.length > 0 &&
    declarations.every((one) => /(^|\/)lib\.[\w.]+\.d\.ts$/.test(one.getSourceFile().getFilePath()));
}

function isFailure(type: Type, place: Node): boolean {
  const brand = type.getSymbol()?.getName() === "TaskFailure" ? type.getProperty("~millrace") : undefined;
  return brand?.getTypeAtLocation(place).getLiteralValue() === "failure";
}

/** Why values of the type cannot be kept; `undefined` if they can. */
function whyNoData(type: Type): string | undefined {
  const symbol: TypeSymbol | undefined = type.getSymbol();
  const name = symbol?.getName() ?? type.getText();
  if (type.getCallSignatures().length + type.getConstructSignatures().length > 0) {
    return "a function is no data";
  }
  if (type.isClass()) return `an instance of the class ${name} is no data`;
  if (type.isObject() && !isOfLanguage(type)) return undefined;
  // A mapped type such as Record or Partial is declared by the language, its result is not.
  if (type.isObject() && name === "__type") return undefined;
  if (type.isIntersection()) return undefined;
  return `${name} has no schema`;
}
