import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { readLog, toDeletedRecord, toLogRecord } from "../../src/store/result_log.ts";
import { toStored } from "../../src/store/result_file.ts";

const key = (task: string, resultId = "a1") => ({ runId: "r", task, resultId });

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

Deno.test("readLog reads what toLogRecord wrote, and says where each payload is", () => {
  const first = toLogRecord(key("a"), toStored("é\n{}"), 5);
  const log = concat([
    first.record,
    toDeletedRecord(key("a"), 6),
    toLogRecord(key("b"), toStored(3), 7).record,
  ]);
  const { records, end, corrupt } = readLog(log);
  assertEquals([end, corrupt], [log.length, false]);
  assertEquals(records.map(({ task, resultId, atMs }) => [task, resultId, atMs]), [
    ["a", "a1", 5],
    ["a", "a1", 6],
    ["b", "a1", 7],
  ]);
  const [a, gone, b] = records.map(({ found }) => found);
  assertEquals(gone, undefined);
  assertEquals(a!.at, first.at);
  const text = new TextDecoder();
  assertEquals(text.decode(log.subarray(a!.at, a!.at + a!.head.bytes)), '"é\\n{}"');
  assertEquals(text.decode(log.subarray(b!.at, b!.at + b!.head.bytes)), "3");
});

Deno.test("readLog of a log that ends anywhere gives the records that are there in full", () => {
  const values = fc.array(fc.oneof(fc.jsonValue(), fc.uint8Array()), { minLength: 1, maxLength: 5 });
  fc.assert(fc.property(values, fc.nat(), (values, cut) => {
    const parts = values.map((value, n) => toLogRecord(key(`t${n}`), toStored(value), n).record);
    const log = concat(parts);
    const size = cut % (log.length + 1);
    let whole = 0;
    let end = 0;
    for (const { length } of parts) {
      if (end + length > size) break;
      end += length;
      whole++;
    }
    const read = readLog(log.slice(0, size));
    assertEquals([read.records.length, read.end, read.corrupt], [whole, end, false]);
  }));
});

Deno.test("readLog stops at what is no record, and says so", () => {
  const good = toLogRecord(key("a"), toStored(1), 1).record;
  for (const bad of ["x\n", '{"millrace":"log/2"}\n', '{"millrace":"log/1","task":"a"}\n']) {
    const { records, end, corrupt } = readLog(concat([good, new TextEncoder().encode(bad), good]));
    assertEquals([records.length, end, corrupt], [1, good.length, true], bad);
  }
  const overrun = good.slice();
  overrun[overrun.length - 1] = 32;
  assertEquals(readLog(overrun).corrupt, true);
});
