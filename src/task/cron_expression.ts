/**
 * Whether a cron expression and a time zone can be kept. Nothing is scheduled here.
 *
 * @module
 */
import { Cron } from "croner";
import { messageOf } from "../base/errors.ts";
import { assertText } from "./option_checks.ts";

/** A fixed start for the search of a first fire: the check must not depend on the day it is made. */
const SEARCH_FROM = new Date("2000-01-01T00:00:00Z");

/** Five fields, six with seconds, seven with years, or a nickname: not a date, which croner takes too. */
const SHAPE = /^\s*(@\w+|\S+(\s+\S+){4,6})\s*$/;

/** Throws a `TypeError` unless the expression is valid, fires at least once, and the zone is an IANA one. */
export function assertSchedule(what: string, cron: unknown, timezone: unknown): void {
  assertText(what, "cron", cron);
  assertText(what, "timezone", timezone);
  try {
    new Intl.DateTimeFormat("en", { timeZone: timezone });
  } catch {
    throw new TypeError(
      `Cannot define ${what} as "timezone" must be an IANA time zone such as "Europe/Oslo": ` +
        `current value is ${JSON.stringify(timezone)}`,
    );
  }
  if (!SHAPE.test(cron)) throw invalid(what, cron, "five to seven fields or a nickname such as @daily");
  let firstFire: Date | null;
  try {
    // Paused and without a function: no timer is set.
    firstFire = new Cron(cron, { timezone, paused: true }).nextRun(SEARCH_FROM);
  } catch (error) {
    throw invalid(what, cron, `a cron expression (${messageOf(error).replace(/^Cron\w+: /, "")})`);
  }
  if (firstFire === null) throw invalid(what, cron, "a cron expression that ever fires");
}

function invalid(what: string, cron: string, rule: string): TypeError {
  return new TypeError(
    `Cannot define ${what} as "cron" must be ${rule}: current value is ${JSON.stringify(cron)}`,
  );
}
