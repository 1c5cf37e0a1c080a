import { assertEquals } from "@std/assert";
import { takesContext } from "../../src/task/takes_context.ts";

Deno.test("takesContext() a function that has no way to a second argument does not", () => {
  const functions = [() => 1, (_: unknown) => 1, ({ a }: { a: number }) => a === 1, function (one: unknown) {
    return one;
  }];
  assertEquals(functions.map(takesContext), [false, false, false, false]);
});

Deno.test("takesContext() any way to a second argument counts", () => {
  const functions = [
    (_: unknown, ctx: unknown) => ctx,
    (...all: unknown[]) => all,
    (_: unknown, ctx: unknown = 1) => ctx,
    (_: unknown, { params }: { params?: unknown } = {}) => params,
    function () {
      return arguments[1];
    },
    { run: (_: unknown, { params }: { params: unknown }) => params }.run,
  ];
  assertEquals(functions.map((run) => takesContext(run as () => unknown)), functions.map(() => true));
});
