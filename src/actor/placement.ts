/**
 * Placement: which definition, in which thread.
 *
 * @module
 */
import type { AnyActor } from "./define_actor.ts";

/** The names under which a module exports actor definitions. */
export type ActorExport<M> = {
  [K in keyof M & string]: M[K] extends { readonly "~millrace": "actor" } ? K : never;
}[keyof M & string];

/** An actor definition that another thread imports for itself. */
export interface Placement<D = AnyActor> {
  /** The module's URL. */
  readonly url: string;
  /** The name under which it exports the definition. */
  readonly exportName: string;
  /** Never called: it puts the module into the static graph, so that it is type-checked and downloaded. */
  readonly module: () => Promise<object>;
  /** The definition's type, for the compiler only. */
  readonly "~definition"?: D;
}

/**
 * Names an actor definition for another thread, without evaluating its module in this one.
 *
 * @param url Where the module is: `import.meta.resolve("./counter.ts")`.
 * @param exportName The name of the definition in it.
 * @param module `() => import("./counter.ts")`: for the types and the module graph, never called.
 * @returns What `system.spawn` takes.
 */
export function inWorker<M extends object, const K extends ActorExport<M>>(
  url: string,
  exportName: K,
  module: () => Promise<M>,
): Placement<M[K]> {
  return { url, exportName, module };
}
