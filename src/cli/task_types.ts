/**
 * The types of tasks in a program: what each call of `defineTask()` gives, and what its `run` takes.
 *
 * @module
 */
import { type CallExpression, type Node, type SourceFile, SyntaxKind, type Type } from "ts-morph";

/** The types of one task. */
export interface TaskTypes {
  /** Its name, a literal. */
  readonly name: string;
  /** Where it is defined. */
  readonly place: Node;
  /** What one result is. */
  readonly output: Type;
  /** What `run` takes as input `param`; `undefined` if it takes no inputs at all. */
  input(param: string): Type | undefined;
}

/** The tasks that are defined in a file, with a name that the compiler knows. */
export function taskTypesOf(file: SourceFile): TaskTypes[] {
  return file.getDescendantsOfKind(SyntaxKind.CallExpression).flatMap((call) => {
    const task = call.getReturnType();
    const at = (type: Type | undefined, key: string): Type | undefined =>
      type?.getProperty(key)?.getTypeAtLocation(call);
    if (at(task, "~millrace")?.getLiteralValue() !== "task") return [];
    const name = at(task, "name")?.getLiteralValue();
    const output = at(at(task, "~types")?.getNonNullableType(), "output");
    if (typeof name !== "string" || output === undefined) return [];
    return [{ name, output, place: call, input: (param) => at(inputsOf(call), param) }];
  });
}

/** What a chunk of a stream is; a failure beside the stream stays what it is. */
export function chunksOf(type: Type): readonly Type[] {
  const types = type.isUnion() ? type.getUnionTypes() : [type];
  return types.map((one) =>
    one.getSymbol()?.getName() === "AsyncIterable" ? one.getTypeArguments()[0] ?? one : one
  );
}

function inputsOf(call: CallExpression): Type | undefined {
  const options = call.getArguments()[0]?.getType();
  const run = options?.getProperty("run")?.getTypeAtLocation(call);
  return run?.getCallSignatures()[0]?.getParameters()[0]?.getTypeAtLocation(call);
}
