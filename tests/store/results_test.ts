import { assertEquals, assertThrows } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import {
  assertResultsOptions,
  parseResults,
  resultsIn,
  type ResultsOptions,
  resultsPlace,
} from "../../src/store/results.ts";

const moduleUrl = (path: string): string => new URL(path, "file:///here/").href;

Deno.test("parseResults() reads each kind from one line", () => {
  const read: Record<string, ResultsOptions> = {
    "filesystem": { kind: "filesystem" },
    "kv": { kind: "kv" },
    "kv:/data/results.kv": { kind: "kv", path: "/data/results.kv" },
    "postgres://me@host/db": { kind: "postgres", url: "postgres://me@host/db" },
    "postgresql://host": { kind: "postgres", url: "postgresql://host" },
    "./store.ts": { kind: "module", module: "file:///here/store.ts" },
    "https://example.org/store.js": { kind: "module", module: "https://example.org/store.js" },
  };
  for (const [text, options] of Object.entries(read)) {
    assertEquals(parseResults(text, moduleUrl), options);
    assertResultsOptions(options);
  }
});

Deno.test("resultsIn() names the path that is in the data folder, and leaves all else as it is", () => {
  const place = (options: ResultsOptions): string => resultsPlace(resultsIn("/data", options));
  assertEquals(place({ kind: "filesystem" }), "files in /data");
  assertEquals(place({ kind: "filesystem", dir: "/far" }), "files in /far");
  assertEquals(place({ kind: "kv" }), "Deno KV in /data/results.kv");
  assertEquals(place({ kind: "kv", path: "/k" }), "Deno KV in /k");
  assertEquals(
    place({ kind: "postgres", url: "postgres://u:secret@h/d" }),
    "postgres://h/d, schema millrace",
  );
});

Deno.test("parseResults() refuses anything else", () => {
  for (const text of ["", "sqlite", "Postgres", "mysql://host", "./folder"]) {
    assertThrows(() => parseResults(text, moduleUrl), MillraceError, "MILLRACE_RESULTS");
  }
});

Deno.test("assertResultsOptions() refuses unknown kinds and options", () => {
  const wrong = (options: unknown) => () => assertResultsOptions(options as ResultsOptions);
  assertThrows(wrong({ kind: "s3" }), TypeError, '"s3"');
  assertThrows(wrong({}), TypeError, "kind");
  assertThrows(wrong({ kind: "toString" }), TypeError, '"toString"');
  assertThrows(wrong({ kind: "postgres", uri: "x" }), TypeError, 'did you mean "url"');
});

Deno.test("resultsPlace() tells one place from another, and no password", () => {
  const places = [
    { kind: "filesystem" },
    { kind: "filesystem", dir: "/data" },
    { kind: "kv" },
    { kind: "kv", path: "/data.kv" },
    { kind: "postgres", url: "postgres://me:secret@host:5433/db?sslmode=require" },
    { kind: "postgres", url: "postgres://me:secret@host:5433/db", schema: "other" },
    { kind: "module", module: "file:///store.ts", options: { password: "secret" } },
  ] as const;
  const said = places.map(resultsPlace);
  assertEquals(new Set(said).size, said.length);
  assertEquals(said.filter((place) => place.includes("secret")), []);
  assertEquals(resultsPlace({ kind: "postgres", url: "postgres://you@host:5433/db" }), said[4]);
});
