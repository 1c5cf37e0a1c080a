/**
 * How the types of a task follow from its options, and the sentences that a wrong use shows in the editor.
 *
 * A check is a conditional type that is `unknown` where all is well and a sentence where it is not; the
 * argument is intersected with it, so the compiler prints the sentence. (Overloads would print them all.)
 *
 * @module
 */
import type { AnySchema, InputOf, OutputOf } from "../base/schema.ts";
import type { Edge, Task, TaskFailure } from "./task.ts";

/** What a task or edge gives to the task that names it in `inputs`. */
export type ReceivedOf<E extends Task | Edge> = NonNullable<E["~types"]>["received"];

/** What one result of a task is: its value, or of a streaming task one chunk. */
export type ResultOf<T extends Task> = NonNullable<T["~types"]>["output"];

/** What a task needs of the run's parameters. */
export type ParamsOf<T extends Task> = NonNullable<T["~types"]>["params"];

/** The inputs as `run` gets them. */
export type InputValues<I> = {
  readonly [Param in keyof I]: I[Param] extends Task | Edge ? ReceivedOf<I[Param]> : never;
};

/** The parameters as `run` gets them: what comes out of the schema. */
export type RunParams<P> = P extends AnySchema ? OutputOf<P> : Readonly<Record<string, unknown>>;

/** The parameters as a run must give them: what goes into the schema. */
export type NeededParams<P> = P extends AnySchema ? InputOf<P> : unknown;

/** Where chunks come from: a generator, sync or async, or any other iterable. */
export type ChunkSource<T> = Iterable<T> | AsyncIterable<T>;

/** What the schema wants from `run`; without a schema, anything. */
export type ItemFromRun<O> = O extends AnySchema ? InputOf<O> : unknown;

/** What `run` may return. */
export type RunReturn<O, S> = [S] extends [true] ? ChunkSource<ItemFromRun<O>>
  : ItemFromRun<O> | Promise<ItemFromRun<O>>;

/** What one result is: what comes out of the schema, else a chunk or the awaited value of what `run` returns. */
export type ItemStored<O, S, R> = O extends AnySchema ? OutputOf<O>
  : [S] extends [true] ? ChunkOf<R>
  : Awaited<R>;

/** What an iterable gives. */
export type ChunkOf<R> = R extends AsyncIterable<infer T> ? T : R extends Iterable<infer T> ? T : never;

/**
 * What arrives downstream. (`true extends F`, not `F extends true`: a widened `boolean` must not lose the
 * failure. Two conditional types instead of a union of them: errors then show the union, not this name.)
 */
export type Downstream<T, S, F> = true extends F ? Streamed<T, S> | TaskFailure : Streamed<T, S>;

/** A value, or the stream of chunks. */
export type Streamed<T, S> = [S] extends [true] ? AsyncIterable<T> : T;

/** What `collect()` gives: the array of chunks, or the failure. */
export type Collected<T extends Task> = readonly ResultOf<T>[] | Extract<ReceivedOf<T>, TaskFailure>;

/** What `from()` gives: what comes out of the schema, or the failure of a fail-safe task. */
export type Declared<T, S extends AnySchema> =
  | OutputOf<S>
  | (T extends Task ? IfAny<ReceivedOf<T>, never, Extract<ReceivedOf<T>, TaskFailure>> : never);

/** A generator has to say that it streams. */
export type GeneratorCheck<R, S> = [S] extends [true] ? unknown
  : IsAny<R> extends true ? unknown
  // deno-lint-ignore no-explicit-any -- a generator of anything
  : R extends Generator<any, any, any> | AsyncGenerator<any, any, any>
    ? "run is a generator: add 'stream: true'"
  : unknown;

/** Only chunks can be collected. */
export type StreamCheck<T extends Task> = IsAny<ReceivedOf<T>> extends true ? unknown
  : IsStream<ReceivedOf<T>> extends true ? unknown
  : `Task '${T["name"]}' does not stream: name it in 'inputs' without collect()`;

/** What the task gives has to fit the schema that the edge declares. */
export type EdgeCheck<T, S extends AnySchema> = T extends Task ? IsAny<ReceivedOf<T>> extends true ? unknown
  : IsStream<ReceivedOf<T>> extends true
    ? `Task '${T["name"]}' streams: name it in 'inputs' itself or with collect()`
  : [Exclude<ReceivedOf<T>, TaskFailure>] extends [InputOf<S>] ? unknown
  : `Wrong edge: what task '${T["name"]}' gives does not fit this schema${AtPath<
    MismatchPath<Exclude<ReceivedOf<T>, TaskFailure>, InputOf<S>>
  >}`
  : unknown;

/** The parameters of a pipeline have to cover what each of its tasks needs; a sentence for each that is not. */
export type ParamsCheck<T extends readonly Task[], P> = {
  readonly [Index in keyof T]: TaskParamsCheck<T[Index], P>;
};

/** One task of {@linkcode ParamsCheck}. */
export type TaskParamsCheck<T extends Task, P> = unknown extends ParamsOf<T> ? unknown
  : P extends AnySchema ? [OutputOf<P>] extends [ParamsOf<T>] ? unknown
    : `Task '${T["name"]}' needs other parameters than the pipeline's 'params' give${AtPath<
      MismatchPath<OutputOf<P>, ParamsOf<T>>
    >}`
  : `Task '${T["name"]}' needs parameters: give the pipeline a 'params' schema`;

/** Where two types first differ, as `a.b[].c`; nothing if they differ as a whole. */
export type MismatchPath<Gives, Needs, Path extends string = "", Depth extends readonly 0[] = []> =
  Depth["length"] extends 6 ? Path
    : [Gives] extends [Needs] ? never
    : Needs extends readonly (infer Need)[]
      ? Gives extends readonly (infer Give)[] ? MismatchPath<Give, Need, `${Path}[]`, [...Depth, 0]>
      : Path
    : Needs extends object ? Gives extends object ? {
          [Key in keyof Needs & string]-?: Key extends keyof Gives
            ? MismatchPath<Gives[Key], Needs[Key], Joined<Path, Key>, [...Depth, 0]>
            : Record<never, never> extends Pick<Needs, Key> ? never
            : Joined<Path, Key>;
        }[keyof Needs & string]
      : Path
    : Path;

/** A path as the end of a sentence. */
export type AtPath<Path extends string> = [Path] extends [never] ? ""
  : Path extends "" ? ""
  : `, at '${Path}'`;

/** A path with one more key. */
export type Joined<Path extends string, Key extends string> = Path extends "" ? Key : `${Path}.${Key}`;

/** Whether what arrives is a stream of chunks; a `ReadableStream` of bytes is one value. */
export type IsStream<R> = [Extract<Exclude<R, ReadableStream>, AsyncIterable<unknown>>] extends [never]
  ? false
  : true;

/** Whether a type is `any`, which fits everything and therefore tells nothing. */
export type IsAny<T> = 0 extends (1 & T) ? true : false;

/** One of two types, by whether the first is `any`. */
export type IfAny<T, Yes, No> = IsAny<T> extends true ? Yes : No;
