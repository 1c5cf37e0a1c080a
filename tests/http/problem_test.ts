import { assert, assertEquals, assertFalse } from "@std/assert";
import { ERROR_CODES } from "../../src/base/error_codes.ts";
import { MillraceError } from "../../src/base/errors.ts";
import { problemOf, problemResponse, STATUS_OF } from "../../src/http/problem.ts";

Deno.test("STATUS_OF has an error status for every code of the catalogue", () => {
  assertEquals(Object.keys(STATUS_OF).sort(), Object.keys(ERROR_CODES).sort());
  for (const status of Object.values(STATUS_OF)) assert(status >= 400 && status < 600);
});

Deno.test("problemOf() tells code, title, status, sentence and details of an error of the catalogue", () => {
  const error = new MillraceError(
    "trigger/payload-invalid",
    "Cannot fire trigger \"hook\" as at 'id': required",
    {
      details: { trigger: "hook", issues: ["at 'id': required"] },
    },
  );
  assertEquals(problemOf(error), {
    type: "urn:millrace:error:trigger/payload-invalid",
    title: "Trigger payload invalid",
    status: 422,
    detail: "Cannot fire trigger \"hook\" as at 'id': required",
    code: "trigger/payload-invalid",
    details: { trigger: "hook", issues: ["at 'id': required"] },
  });
});

Deno.test("problemOf() shows neither message, cause nor stack of an unexpected error", () => {
  for (const thrown of [new Error("password is 1234"), "password is 1234", undefined]) {
    const problem = problemOf(thrown);
    assertEquals([problem.status, problem.code, problem.details], [500, "http/internal", {}]);
    assertFalse(JSON.stringify(problem).includes("1234"));
  }
  const caused = new MillraceError("store/unavailable", "Cannot save", {
    details: { path: "a", reason: "full" },
    cause: new Error("password is 1234"),
  });
  assertFalse(JSON.stringify(problemOf(caused)).includes("1234"));
});

Deno.test("problemResponse() has the media type of RFC 9457 and asks to come back after a 503", async () => {
  const closed = new MillraceError("platform/closed", "Cannot run as the platform is closed", {
    details: {},
  });
  const response = problemResponse(problemOf(closed));
  assertEquals(response.status, 503);
  assertEquals(response.headers.get("content-type"), "application/problem+json");
  assertEquals(response.headers.get("retry-after"), "1");
  assertEquals((await response.json()).status, 503);
});
