/**
 * The scheduler: turns causes into events, and only that. What an event starts is not its business.
 *
 * @module
 */
import type { Cancel } from "../base/clock.ts";
import { messageOf, MillraceError, toWire } from "../base/errors.ts";
import { deriveId } from "../base/ids.ts";
import { nearest } from "../base/names.ts";
import { check } from "../base/schema.ts";
import { decodeEvent, encodeData, type EncodedEvent } from "../event/event.ts";
import type {
  ApiRequest,
  ApiTrigger,
  CronTrigger,
  EventTrigger,
  ManualTrigger,
  Trigger,
} from "../task/trigger.ts";
import { missedFires, nextFire } from "./cron.ts";
import type { Fire, Fired, SchedulerPorts, TriggerHistory, TriggerView } from "./port.ts";

/** A registered trigger. */
interface Entry {
  readonly trigger: Trigger;
  count: number;
  lastFiredMs: number | undefined;
  /** The latest scheduled time that was fired before this process. */
  readonly lastScheduledMs: number | undefined;
  nextMs: number | undefined;
  cancel: Cancel;
  /** The event that a debounced trigger will fire with, and what to call when it does or is superseded. */
  debounced: (() => void) | undefined;
}

/** Holds triggers and fires them. */
export class Scheduler {
  readonly #ports: SchedulerPorts;
  readonly #entries = new Map<string, Entry>();
  #armed = false;

  constructor(ports: SchedulerPorts) {
    this.#ports = ports;
  }

  /**
   * Registers a trigger. A cron trigger fires once the scheduler is armed, and first makes up for what it
   * missed since `history`, as its `catchUp` says.
   *
   * @throws {MillraceError} `trigger/duplicate`.
   */
  add(trigger: Trigger, history?: TriggerHistory): void {
    const { name } = trigger;
    if (this.#entries.has(name)) {
      throw new MillraceError(
        "trigger/duplicate",
        `Cannot add trigger "${name}" as a name must be unique: it is taken`,
        {
          details: { trigger: name },
        },
      );
    }
    const entry: Entry = {
      trigger,
      count: history?.count ?? 0,
      lastFiredMs: history?.lastFiredMs,
      lastScheduledMs: history?.lastScheduledMs,
      nextMs: undefined,
      cancel: () => {},
      debounced: undefined,
    };
    this.#entries.set(name, entry);
    if (this.#armed) this.#armCron(entry);
  }

  /** From now on cron triggers fire. */
  arm(): void {
    this.#armed = true;
    for (const entry of this.#entries.values()) this.#armCron(entry);
  }

  /** Takes a trigger off; says whether it was there. */
  remove(name: string): boolean {
    const entry = this.#entries.get(name);
    this.#disarm(entry);
    return this.#entries.delete(name);
  }

  /** All triggers, by name. */
  list(): readonly TriggerView[] {
    return [...this.#entries.values()].map((entry) => this.#view(entry))
      .sort((a, b) => a.name < b.name ? -1 : 1);
  }

  /** One trigger. Throws `trigger/unknown`. */
  view(name: string): TriggerView {
    return this.#view(this.#entry(name));
  }

  /**
   * Fires an API or manual trigger, or a cron trigger ahead of its time. Resolves once the event is accepted.
   *
   * @throws {MillraceError} `trigger/unknown`, `trigger/unverified`, `trigger/payload-invalid`, or
   * `trigger/not-fireable` for an event trigger: publish an event instead.
   */
  async fire(name: string, data: unknown, request?: ApiRequest): Promise<Fired> {
    const entry = this.#entry(name);
    const { trigger } = entry;
    const nowMs = this.#ports.clock.now();
    switch (trigger.kind) {
      case "api":
        return await this.#publish(entry, this.#ports.nextId(), await apiData(trigger, data, request), {});
      case "manual":
        return await this.#publish(entry, this.#ports.nextId(), manualData(trigger, data), {});
      case "cron":
        return await this.#publish(entry, this.#ports.nextId(), cronData(trigger, nowMs), {});
      case "event":
        throw new MillraceError(
          "trigger/not-fireable",
          `Cannot fire trigger "${name}" as it listens to events: publish one on "${trigger.source}"`,
          { details: { trigger: name, kind: trigger.kind } },
        );
    }
  }

  /** Lets event triggers see an event; resolves once what they make of it is accepted, or nothing is made. */
  async consider(event: EncodedEvent, names: readonly string[]): Promise<void> {
    await Promise.all(names.map(async (name) => {
      const entry = this.#entries.get(name);
      if (entry === undefined || entry.trigger.kind !== "event") return; // removed since
      await this.#considerOne(entry, entry.trigger, event);
    }));
  }

  /** Calls all alarms off. */
  stop(): void {
    this.#armed = false;
    for (const entry of this.#entries.values()) this.#disarm(entry);
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    const suggestion = nearest(name, this.#entries.keys());
    const hint = suggestion === undefined ? "" : `, did you mean "${suggestion}"?`;
    throw new MillraceError(
      "trigger/unknown",
      `Cannot find trigger "${name}" as no trigger has that name${hint}`,
      {
        details: { trigger: name, ...(suggestion === undefined ? {} : { suggestion }) },
      },
    );
  }

  #view({ trigger, count, lastFiredMs, nextMs }: Entry): TriggerView {
    const { name, kind, topic } = trigger;
    return {
      name,
      kind,
      topic,
      running: this.#armed,
      count,
      ...(lastFiredMs === undefined ? {} : { lastFiredMs }),
      ...(nextMs === undefined ? {} : { nextMs }),
      ...(trigger.kind === "cron" ? { cron: trigger.cron, timezone: trigger.timezone } : {}),
      ...(trigger.kind === "event" ? { source: trigger.source } : {}),
    };
  }

  #disarm(entry: Entry | undefined): void {
    entry?.cancel();
    // What was debounced stays unrouted in the journal: the next start shows it to the trigger again.
    if (entry !== undefined) entry.nextMs = undefined;
  }

  // --- cron

  #armCron(entry: Entry): void {
    const { trigger, lastScheduledMs } = entry;
    if (trigger.kind !== "cron") return;
    const nowMs = this.#ports.clock.now();
    if (lastScheduledMs !== undefined) void this.#catchUp(entry, trigger, lastScheduledMs, nowMs);
    this.#arm(entry, trigger, nowMs);
  }

  #arm(entry: Entry, trigger: CronTrigger, afterMs: number): void {
    if (!this.#armed) return;
    const scheduledMs = nextFire(trigger, afterMs);
    if (scheduledMs === undefined) return;
    entry.nextMs = scheduledMs;
    const delayMs = scheduledMs - this.#ports.clock.now() + trigger.jitterMs * this.#ports.random();
    entry.cancel = this.#ports.clock.after(Math.max(0, delayMs), () => {
      // A clock that was set back, or an alarm that came early: not yet.
      if (this.#ports.clock.now() < scheduledMs) return this.#arm(entry, trigger, scheduledMs - 1);
      this.#arm(entry, trigger, scheduledMs);
      void this.#fireCron(entry, trigger, scheduledMs);
    });
  }

  async #catchUp(entry: Entry, trigger: CronTrigger, lastMs: number, nowMs: number): Promise<void> {
    const missed = missedFires(trigger, lastMs, nowMs);
    if (missed.length === 0) return;
    const made = trigger.catchUp === "all" ? missed : trigger.catchUp === "one" ? missed.slice(-1) : [];
    for (const scheduledMs of missed) {
      if (!made.includes(scheduledMs)) this.#announce(trigger, "missed", { scheduledMs });
    }
    for (const scheduledMs of made) await this.#fireCron(entry, trigger, scheduledMs);
  }

  /** The id is derived from the scheduled time: a fire that is repeated after a crash is the same event. */
  async #fireCron(entry: Entry, trigger: CronTrigger, scheduledMs: number): Promise<void> {
    try {
      const id = deriveId(scheduledMs, "trigger", trigger.name);
      await this.#publish(entry, id, cronData(trigger, scheduledMs), { scheduledMs });
    } catch (error) {
      this.#failed(trigger, error, { scheduledMs });
    }
  }

  // --- events

  async #considerOne(entry: Entry, trigger: EventTrigger, event: EncodedEvent): Promise<void> {
    try {
      const decoded = decodeEvent(event);
      const checked = trigger.data === undefined ? undefined : await check(trigger.data, decoded.data);
      if (checked?.ok === false) return; // other data does not fire it
      const seen = (checked === undefined ? decoded : { ...decoded, data: checked.value }) as never;
      if (trigger.when?.(seen) === false) return;
      const fire = async (): Promise<void> => {
        const id = deriveId(event.timeMs, event.id, "trigger", trigger.name);
        await this.#publish(entry, id, trigger.map(seen), { hops: (event.hops ?? 0) + 1 });
      };
      if (trigger.debounceMs !== undefined) return await this.#debounce(entry, trigger.debounceMs, fire);
      if (this.#throttled(entry, trigger)) return this.#announce(trigger, "skipped", { eventId: event.id });
      await fire();
    } catch (error) {
      if (MillraceError.is(error) && error.retryable) throw error; // not the trigger's fault: shown again later
      this.#failed(trigger, error, { eventId: event.id });
    }
  }

  #throttled(entry: Entry, { throttleMs }: EventTrigger): boolean {
    if (throttleMs === undefined || entry.lastFiredMs === undefined) return false;
    return this.#ports.clock.now() - entry.lastFiredMs < throttleMs;
  }

  async #debounce(entry: Entry, debounceMs: number, fire: () => Promise<void>): Promise<void> {
    entry.cancel();
    entry.debounced?.();
    const fires = await new Promise<boolean>((resolve) => {
      entry.debounced = () => resolve(false);
      entry.cancel = this.#ports.clock.after(debounceMs, () => {
        entry.debounced = undefined;
        resolve(true);
      });
    });
    if (fires) await fire();
  }

  // --- publishing

  async #publish(
    entry: Entry,
    id: string,
    data: unknown,
    { scheduledMs, hops }: { readonly scheduledMs?: number; readonly hops?: number },
  ): Promise<Fired> {
    const { trigger } = entry;
    const timeMs = this.#ports.clock.now();
    const event: EncodedEvent = {
      id,
      topic: trigger.topic,
      timeMs,
      source: `trigger/${trigger.name}`,
      data: encodeData(trigger.topic, data),
      ...(hops === undefined ? {} : { hops }),
    };
    const fire: Fire = { trigger: trigger.name, ...(scheduledMs === undefined ? {} : { scheduledMs }) };
    const { runIds } = await this.#ports.publish(event, fire);
    entry.count++;
    entry.lastFiredMs = timeMs;
    this.#announce(trigger, "fired", { eventId: id, ...(scheduledMs === undefined ? {} : { scheduledMs }) });
    return { eventId: id, count: entry.count, runIds };
  }

  #announce(trigger: Trigger, what: string, data: Readonly<Record<string, unknown>>): void {
    this.#ports.announce(`trigger.${trigger.name}.${what}`, {
      trigger: trigger.name,
      kind: trigger.kind,
      ...data,
    });
  }

  #failed(trigger: Trigger, error: unknown, data: Readonly<Record<string, unknown>>): void {
    this.#ports.log.error("A trigger failed", { trigger: trigger.name, error: messageOf(error), ...data });
    this.#announce(trigger, "failed", { ...data, error: toWire(error) });
  }
}

function cronData(trigger: CronTrigger, scheduledMs: number): unknown {
  return trigger.event({ trigger: trigger.name, scheduledMs });
}

function manualData(trigger: ManualTrigger, data: unknown): unknown {
  return trigger.event(data ?? {});
}

async function apiData(
  trigger: ApiTrigger,
  data: unknown,
  request: ApiRequest | undefined,
): Promise<unknown> {
  const { name } = trigger;
  if (trigger.verify !== undefined && (request === undefined || !await trigger.verify(request))) {
    throw new MillraceError(
      "trigger/unverified",
      `Cannot fire trigger "${name}" as the call must be genuine: it could not be verified`,
      {
        details: { trigger: name },
      },
    );
  }
  if (trigger.body === undefined) return trigger.event((data ?? {}) as never);
  const body = await check(trigger.body, data ?? {});
  if (body.ok) return trigger.event(body.value as never);
  throw new MillraceError(
    "trigger/payload-invalid",
    `Cannot fire trigger "${name}" as its data must fit its schema: ${body.issues.join("; ")}`,
    { details: { trigger: name, issues: body.issues } },
  );
}
