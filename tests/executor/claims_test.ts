import { assert, assertEquals } from "@std/assert";
import { after, claim, claimRest, createClaims, nextClaim } from "../../src/executor/claims.ts";

Deno.test("claim takes each number once, in order", () => {
  const claims = createClaims();
  assert(claim(claims, 0));
  assert(!claim(claims, 0));
  assert(!claim(claims, 2), "it is not its turn");
  assertEquals(nextClaim(claims), 1);
});

Deno.test("claimRest takes everything that is left, and nobody else gets it", () => {
  const claims = createClaims();
  claim(claims, 0);
  assertEquals(claimRest(claims, 4), 1);
  assert(!claim(claims, 1));
  assert(!claim(claims, 3));
  assert(claim(claims, 4));
});

Deno.test("after starts over where 32 bits end", () => {
  assertEquals(after(2 ** 31 - 1), -(2 ** 31));
  assertEquals(after(-1), 0);
});
