import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { MAX_CATCH_UP, missedFires, nextFire, type Schedule } from "../../src/trigger/cron.ts";

const HOUR_MS = 3_600_000;

/** The fires after `afterMs` up to `untilMs`, one after the other. */
function firesBetween(schedule: Schedule, afterMs: number, untilMs: number): number[] {
  const fires: number[] = [];
  for (let at = nextFire(schedule, afterMs); at !== undefined && at <= untilMs; at = nextFire(schedule, at)) {
    fires.push(at);
  }
  return fires;
}

/** The change of the clock in a zone: from when, and for how many hours a test looks. */
interface Change {
  readonly timezone: string;
  readonly from: string;
}

/** The fires around a change, as hours and minutes of UTC. */
function around({ timezone, from }: Change, cron: string): string {
  const fromMs = Date.parse(from);
  return firesBetween({ cron, timezone }, fromMs - 1, fromMs + 5 * HOUR_MS - 1)
    .map((fireMs) => new Date(fireMs).toISOString().slice(11, 16)).join(" ");
}

// 02:00 CET becomes 03:00 CEST at 01:00Z; 03:00 CEST becomes 02:00 CET at 01:00Z.
const berlinGap: Change = { timezone: "Europe/Berlin", from: "2026-03-28T23:00Z" };
const berlinFold: Change = { timezone: "Europe/Berlin", from: "2026-10-24T22:00Z" };
// 02:00 EST becomes 03:00 EDT at 07:00Z; 02:00 EDT becomes 01:00 EST at 06:00Z.
const newYorkGap: Change = { timezone: "America/New_York", from: "2026-03-08T05:00Z" };
const newYorkFold: Change = { timezone: "America/New_York", from: "2026-11-01T04:00Z" };
// Half an hour: 02:00 becomes 02:30 at 15:30Z; 02:00 becomes 01:30 at 15:00Z.
const lordHoweGap: Change = { timezone: "Australia/Lord_Howe", from: "2026-10-03T13:00Z" };
const lordHoweFold: Change = { timezone: "Australia/Lord_Howe", from: "2026-04-04T13:00Z" };

Deno.test("nextFire gives the first fire after a time, never the time itself", () => {
  const hourly = { cron: "0 * * * *", timezone: "UTC" };
  const noon = Date.UTC(2026, 0, 1, 12);
  assertEquals(nextFire(hourly, noon - 1), noon);
  assertEquals(nextFire(hourly, noon), noon + HOUR_MS);
  assertEquals(nextFire(hourly, noon + 1), noon + HOUR_MS);
});

Deno.test("nextFire reads the fields in the zone of the schedule", () => {
  const day = Date.UTC(2026, 0, 1);
  assertEquals(nextFire({ cron: "30 2 * * *", timezone: "Europe/Berlin" }, day), day + 1.5 * HOUR_MS);
  assertEquals(nextFire({ cron: "30 2 * * *", timezone: "America/New_York" }, day), day + 7.5 * HOUR_MS);
  assertEquals(nextFire({ cron: "15 30 2 * * *", timezone: "UTC" }, day), day + 2.5 * HOUR_MS + 15_000);
});

Deno.test("nextFire gives nothing once a schedule is over", () => {
  assertEquals(
    nextFire({ cron: "0 0 0 1 1 * 2025", timezone: "UTC" }, Date.UTC(2026, 0, 1)),
    undefined,
  );
});

Deno.test("nextFire of one time of day that falls into the gap is the gap's end", () => {
  for (const cron of ["0 2 * * *", "15 2 * * *", "30 2 * * *", "0 30 2 * * *"]) {
    assertEquals(around(berlinGap, cron), "01:00", cron);
    assertEquals(around(newYorkGap, cron), "07:00", cron);
    assertEquals(around(lordHoweGap, cron), "15:30", cron);
  }
  assertEquals(around(berlinGap, "30 1 * * *"), "00:30", "before the gap nothing changes");
  assertEquals(around(berlinGap, "30 3 * * *"), "01:30", "nor after it");
});

Deno.test("nextFire of one time of day that comes twice fires at the first", () => {
  assertEquals(around(berlinFold, "30 2 * * *"), "00:30");
  assertEquals(around(newYorkFold, "30 1 * * *"), "05:30");
  assertEquals(around(lordHoweFold, "45 1 * * *"), "14:45");
});

Deno.test("nextFire of several times a day leaves out those that fall into the gap", () => {
  assertEquals(around(berlinGap, "0,30 2 * * *"), "");
  assertEquals(around(berlinGap, "30 1-3 * * *"), "00:30 01:30");
  assertEquals(around(berlinGap, "0 * * * *"), "23:00 00:00 01:00 02:00 03:00");
  assertEquals(around(berlinGap, "0 */2 * * *"), "23:00 02:00");
  assertEquals(around(newYorkGap, "30 1-3 * * *"), "06:30 07:30");
  assertEquals(around(lordHoweGap, "0 * * * *"), "13:30 14:30 16:00 17:00");
  assertEquals(around(lordHoweGap, "*/20 1-2 * * *"), "14:30 14:50 15:10 15:40");
});

Deno.test("nextFire of several times a day fires twice at those that come twice", () => {
  assertEquals(around(berlinFold, "30 1-3 * * *"), "23:30 00:30 01:30 02:30");
  assertEquals(around(berlinFold, "0 * * * *"), "22:00 23:00 00:00 01:00 02:00");
  assertEquals(around(berlinFold, "0,30 2 * * *"), "00:00 00:30 01:00 01:30");
  assertEquals(around(newYorkFold, "30 1-3 * * *"), "05:30 06:30 07:30 08:30");
  assertEquals(around(lordHoweFold, "45 1,9 * * *"), "14:45 15:15");
});

Deno.test("missedFires gives what lies after the one time and not after the other", () => {
  const hourly = { cron: "0 * * * *", timezone: "UTC" };
  const noon = Date.UTC(2026, 0, 1, 12);
  assertEquals(missedFires(hourly, noon - 1, noon), [noon]);
  assertEquals(missedFires(hourly, noon, noon), []);
  assertEquals(missedFires(hourly, noon - 1, noon - 1), []);
  assertEquals(missedFires(hourly, noon, noon + 2 * HOUR_MS), [noon + HOUR_MS, noon + 2 * HOUR_MS]);
  assertEquals(missedFires(hourly, noon, noon - 5 * HOUR_MS), [], "a clock that was set back");
});

Deno.test("missedFires gives the latest, if there are more than can be made up for", () => {
  const minutely = { cron: "* * * * *", timezone: "UTC" };
  const noon = Date.UTC(2026, 0, 1, 12);
  const missed = missedFires(minutely, 0, noon);
  assertEquals(missed.length, MAX_CATCH_UP);
  assertEquals([missed[0], missed.at(-1)], [noon - (MAX_CATCH_UP - 1) * 60_000, noon]);
});

const timezone = fc.constantFrom(
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "Pacific/Apia",
);
const minute = fc.constantFrom("*", "*/7", "*/20", "0", "15", "30", "59", "0,45", "10-12");
const hour = fc.constantFrom("*", "*/2", "*/5", "0", "1", "2", "3", "1,2", "1-3", "23");
const day = fc.constantFrom("*", "*", "*/3", "1", "29", "31", "L");
const weekday = fc.constantFrom("*", "*", "1-5", "0", "6#1");
const cron = fc.tuple(minute, hour, day, weekday).map(([m, h, d, w]) => `${m} ${h} ${d} * ${w}`);
const changes = [berlinGap, berlinFold, newYorkGap, newYorkFold, lordHoweGap, lordHoweFold]
  .map(({ from }) => Date.parse(from));
const start = fc.tuple(
  fc.oneof(fc.constantFrom(...changes), fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2030, 0, 1) })),
  fc.integer({ min: -3 * HOUR_MS, max: 3 * HOUR_MS }),
).map(([atMs, byMs]) => atMs + byMs);

Deno.test("missedFires equals one nextFire after the other, in every zone, over every change of the clock", () => {
  fc.assert(
    fc.property(
      cron,
      timezone,
      start,
      fc.integer({ min: 0, max: 14 * HOUR_MS }),
      (cron, timezone, afterMs, forMs) => {
        const schedule = { cron, timezone };
        assertEquals(
          missedFires(schedule, afterMs, afterMs + forMs),
          firesBetween(schedule, afterMs, afterMs + forMs),
        );
      },
    ),
    { numRuns: 400 },
  );
});
