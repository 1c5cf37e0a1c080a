import { assertEquals } from "@std/assert";
import { anyOf, arrayOf, FAILURE_SCHEMA, orFailure } from "../../src/task/wrap_schema.ts";

Deno.test("arrayOf keeps what a schema refers to within reach", () => {
  const tree = {
    $ref: "#/$defs/tree",
    $defs: { tree: { type: "array", items: { $ref: "#/$defs/tree" } } },
    const: { $ref: "#" },
  };
  assertEquals(arrayOf(tree), {
    type: "array",
    items: {
      $ref: "#/items/$defs/tree",
      $defs: { tree: { type: "array", items: { $ref: "#/items/$defs/tree" } } },
      const: { $ref: "#" },
    },
  });
});

Deno.test("anyOf keeps what each of its schemas refers to within reach", () => {
  assertEquals(anyOf([{ type: "null" }, { items: { $ref: "#" } }]), {
    anyOf: [{ type: "null" }, { items: { $ref: "#/anyOf/1" } }],
  });
  assertEquals(orFailure({ type: "null" }), { anyOf: [{ type: "null" }, FAILURE_SCHEMA] });
});
