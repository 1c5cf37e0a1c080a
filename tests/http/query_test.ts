import { assertEquals, assertThrows } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { Query } from "../../src/http/query.ts";

function queryOf(text: string): Query<"names" | "limit" | "status" | "deep"> {
  return new Query(new URLSearchParams(text), ["names", "limit", "status", "deep"]);
}

Deno.test("Query.list() takes repeated and comma-separated values", () => {
  assertEquals(queryOf("names=a,b&names=%20c").list("names"), ["a", "b", "c"]);
  assertEquals(queryOf("names=,").list("names"), undefined);
  assertEquals(queryOf("").list("names"), undefined);
});

Deno.test("Query.flag() is true for the bare key", () => {
  assertEquals(
    ["deep", "deep=true", "deep=1", "deep=0", "deep=false", ""].map((text) => queryOf(text).flag("deep")),
    [
      true,
      true,
      true,
      false,
      false,
      undefined,
    ],
  );
});

Deno.test("Query.integer() gives whole numbers in range", () => {
  assertEquals(queryOf("limit=20").integer("limit", 1, 500), 20);
});

Deno.test("Query.assertValid() lists every issue in one error", () => {
  const query = queryOf("limt=1&limit=2.5&status=done&deep=perhaps");
  query.integer("limit", 1, 500);
  query.oneOf("status", ["failed", "running"]);
  query.flag("deep");
  const error = assertThrows(() => query.assertValid(), MillraceError);
  assertEquals(error.code, "http/bad-request");
  assertEquals((error as MillraceError<"http/bad-request">).details.issues, [
    'there is no query parameter "limt", did you mean "limit"?',
    "at 'limit': must be a whole number from 1 to 500: it is \"2.5\"",
    "at 'status': must be one of failed, running: it is \"done\"",
    "at 'deep': must be true or false: it is \"perhaps\"",
  ]);
});
