/**
 * The data of a trigger's event: what caused it, checked, as the trigger's own functions turn it into data.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import { check } from "../base/schema.ts";
import type { ApiRequest, ApiTrigger, CronTrigger, ManualTrigger } from "../task/trigger.ts";

/** The data of a cron trigger's event. */
export function cronData(trigger: CronTrigger, scheduledMs: number): unknown {
  return trigger.event({ trigger: trigger.name, scheduledMs });
}

/** The data of a manual trigger's event. */
export function manualData(trigger: ManualTrigger, data: unknown): unknown {
  return trigger.event(data ?? {});
}

/**
 * The data of an API trigger's event, if the call is genuine and its body fits.
 *
 * @throws {MillraceError} `trigger/unverified` or `trigger/payload-invalid`.
 */
export async function apiData(
  trigger: ApiTrigger,
  data: unknown,
  request: ApiRequest | undefined,
): Promise<unknown> {
  const { name } = trigger;
  await verify(trigger, request);
  if (trigger.body === undefined) return trigger.event((data ?? {}) as never);
  const body = await check(trigger.body, data ?? {});
  if (body.ok) return trigger.event(body.value as never);
  throw new MillraceError(
    "trigger/payload-invalid",
    `Cannot fire trigger "${name}" as its data must fit its schema: ${body.issues.join("; ")}`,
    { details: { trigger: name, issues: body.issues } },
  );
}

/** What cannot be verified is refused, also where `verify` throws: many do at a malformed signature. */
async function verify({ name, verify }: ApiTrigger, request: ApiRequest | undefined): Promise<void> {
  if (verify === undefined) return;
  let cause: unknown;
  try {
    if (request !== undefined && await verify(request)) return;
  } catch (error) {
    cause = error;
  }
  throw new MillraceError(
    "trigger/unverified",
    `Cannot fire trigger "${name}" as the call must be genuine: it could not be verified`,
    { details: { trigger: name }, cause },
  );
}
