/** Results that earlier versions have written: they must be read for ever. */
import { assertEquals, assertThrows } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { fromResultFile, fromStored, toResultFile, toStored } from "../../src/store/result_file.ts";

const values: Record<string, unknown> = {
  '{"millrace":"result/1","codec":"json","bytes":19,"sha256":"e31712bc2533e049331631231b09c7aff1bb1dcde09d73e2e94096816f4844c6"}\n{"a":[1,"é",null]}':
    { a: [1, "é", null] },
  '{"millrace":"result/1","codec":"devalue","bytes":240,"sha256":"fc2e1a86b7e9ada93cb45ecfaef65428baa0a76ed03f93b0217e64e673cf009d"}\n[{"at":1,"m":2,"u":-1,"n":-3,"z":-6,"f":6,"r":8,"b":9},["Date","1970-01-01T00:00:00.005Z"],["Map",3,4],"k",["Set",5],["BigInt","1"],["Float32Array",7],["ArrayBuffer","AADAPw=="],["RegExp","a+","gi"],["Uint8Array",10],["ArrayBuffer","AQI="]]':
    {
      at: new Date(5),
      m: new Map([["k", new Set([1n])]]),
      u: undefined,
      n: NaN,
      z: -0,
      f: new Float32Array([1.5]),
      r: /a+/gi,
      b: new Uint8Array([1, 2]),
    },
  '{"millrace":"result/1","codec":"bytes","bytes":3,"sha256":"aa8662025e1fc3c4268e4ed6006caa15f286e4eb122b9a786ae84c3fa8999919"}\n\u0000\nA':
    new Uint8Array([0, 10, 65]),
};

for (const [file, value] of Object.entries(values)) {
  Deno.test(`fromStored() reads what version 1 wrote: ${file.slice(0, 50)}`, () => {
    const bytes = new TextEncoder().encode(file);
    assertEquals(fromStored(fromResultFile(bytes, "x"), "x"), value);
    assertEquals(toResultFile(toStored(value)), bytes, "and what is written is still the same");
  });
}

Deno.test("fromResultFile() refuses what is no head of a version that it knows", () => {
  const head = { millrace: "result/1", codec: "json", bytes: 1, sha256: "00" };
  const wrong = [
    { ...head, millrace: "result/2" },
    { ...head, codec: "pickle" },
    { ...head, bytes: -0.5 },
    { ...head, sha256: 1 },
    [],
    null,
  ];
  for (const found of wrong) {
    const file = new TextEncoder().encode(`${JSON.stringify(found)}\n1`);
    const error = assertThrows(() => fromResultFile(file, "place"), MillraceError, "place");
    assertEquals(error.code, "store/corrupt");
  }
});
