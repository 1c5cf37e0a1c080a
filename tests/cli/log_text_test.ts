import { assertEquals } from "@std/assert";
import { logText } from "../../src/cli/log_text.ts";
import { PLAIN_STYLE, type Style } from "../../src/cli/style.ts";

const entry = {
  timeMs: 0,
  task: "read",
  attempt: 2,
  level: "info",
  source: "stdout",
  text: "12 rows",
} as const;

Deno.test("logText() is one line with the time of day, which attempt, and what it says", () => {
  assertEquals(logText(entry, PLAIN_STYLE, 60), "01:00:00 read#2 12 rows");
  assertEquals(
    logText({ ...entry, attrs: { rows: 3 } }, PLAIN_STYLE, 0),
    '00:00:00 read#2 12 rows {"rows":3}',
  );
});

Deno.test("logText() says how much to care in a word and in a colour", () => {
  const style: Style = { ...PLAIN_STYLE, red: (text) => `<${text}>`, yellow: (text) => `(${text})` };
  assertEquals(logText({ ...entry, level: "error" }, style, 0), "00:00:00 read#2 <error> <12 rows>");
  assertEquals(logText({ ...entry, level: "warn" }, style, 0), "00:00:00 read#2 (warn) (12 rows)");
  assertEquals(logText({ ...entry, level: "debug" }, style, 0), "00:00:00 read#2 debug 12 rows");
});

Deno.test("logText() sets further lines in, and lets nothing steer the terminal", () => {
  const text = "red \x1b[31malert\nsecond line\n";
  assertEquals(
    logText({ ...entry, text }, PLAIN_STYLE, 0),
    "00:00:00 read#2 red  [31malert\n    second line",
  );
});
