import { assertEquals } from "@std/assert";
import {
  formatAgo,
  formatCountdown,
  formatDuration,
  formatInstant,
  formatTimeOfDay,
} from "../../src/cli/durations.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

Deno.test("formatDuration() names the two largest units", () => {
  const spans = [
    -5,
    0,
    12,
    800,
    9_990,
    59_999,
    3 * MINUTE + 5 * SECOND,
    2 * HOUR + 7 * MINUTE,
    3 * DAY + 4 * HOUR,
  ];
  assertEquals(spans.map(formatDuration), [
    "0ms",
    "0ms",
    "12ms",
    "0.8s",
    "9.9s",
    "59.9s",
    "3m 05s",
    "2h 07m",
    "3d 04h",
  ]);
});

Deno.test("formatCountdown() rounds up, so that nothing is 0 before it is due", () => {
  const waits = [-1, 0, 1, 59_001, 125 * SECOND, HOUR + 12 * MINUTE + 8 * SECOND, 3 * DAY + 4 * HOUR];
  assertEquals(waits.map(formatCountdown), ["0s", "0s", "1s", "1:00", "2:05", "1:12:08", "3d 04:00:00"]);
});

Deno.test("formatAgo() names the largest unit", () => {
  const spans = [0, 12 * SECOND, 3 * MINUTE, 5 * HOUR, DAY, 2 * DAY];
  assertEquals(spans.map(formatAgo), [
    "just now",
    "12 s ago",
    "3 min ago",
    "5 h ago",
    "1 day ago",
    "2 days ago",
  ]);
});

Deno.test("formatTimeOfDay() and formatInstant() follow the offset, over midnight too", () => {
  const timeMs = Date.UTC(2026, 10, 21, 23, 4, 5);
  assertEquals(formatTimeOfDay(timeMs, 0), "23:04:05");
  assertEquals(formatTimeOfDay(timeMs, 60), "00:04:05");
  assertEquals(formatInstant(timeMs, 90), "2026-11-22 00:34:05");
});
