/** Whether two types are the same, told apart even where they are mutually assignable (`any`, `readonly`). */
export type IsExact<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;

/** Compiles for `true` only: `assertType<IsExact<typeof value, number>>()`. */
export function assertType<_Expectation extends true>(): void {}
