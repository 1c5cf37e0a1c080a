import { assert, assertEquals } from "@std/assert";
import { limitedOf, needsOf } from "../../src/orchestrator/needs.ts";

Deno.test("limitedOf() is the key, and the values of the parameters that it goes by", () => {
  const key = { key: "api", limit: 1, by: ["customer", "toString"] };
  assertEquals(limitedOf(key, { customer: 7, other: 1 }), limitedOf(key, { customer: 7, other: 2 }));
  assert(limitedOf(key, { customer: 7 }) !== limitedOf(key, { customer: "7" }));
  assert(limitedOf(key, {}) !== limitedOf({ ...key, by: [] }, {}));
});

Deno.test("needsOf() is room for the concurrency key, and for the rate limit, as far as there are any", () => {
  const concurrencyKey = { key: "db", limit: 2, by: [] };
  const rateLimit = { key: "api", limit: 3, perMs: 5, by: ["tenant"] };
  assertEquals(needsOf({}, {}), []);
  assertEquals(needsOf({ concurrencyKey, rateLimit }, { tenant: "a" }), [
    { kind: "running", key: '["db"]', limit: 2 },
    { kind: "starts", key: '["api","a"]', limit: 3, perMs: 5 },
  ]);
});
