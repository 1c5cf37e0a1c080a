/**
 * The scheduler: turns causes into events, and only that. What an event starts is not its business.
 *
 * @module
 */
import type { Cancel } from "../base/clock.ts";
import { messageOf, MillraceError, toWire } from "../base/errors.ts";
import { deriveId } from "../base/ids.ts";
import { check } from "../base/schema.ts";
import { decodeEvent, encodeData, type EncodedEvent } from "../event/event.ts";
import { readTraceparent } from "../event/traceparent.ts";
import type { ApiRequest, CronTrigger, EventTrigger, Trigger } from "../task/trigger.ts";
import { missedFires, nextFire } from "./cron.ts";
import { apiData, cronData, manualData } from "./event_data.ts";
import type { Fire, Fired, SchedulerPorts, TriggerHistory, TriggerView } from "./port.ts";
import { duplicate, halted, notFireable, unknown } from "./trigger_errors.ts";

/** A registered trigger. */
interface Entry {
  readonly trigger: Trigger;
  count: number;
  lastFiredMs: number | undefined;
  /** The latest scheduled time that was fired before this process. */
  readonly lastScheduledMs: number | undefined;
  nextMs: number | undefined;
  cancel: Cancel;
  /** Whether the event that a debounced trigger holds back is the one to fire with. */
  debounced: PromiseWithResolvers<boolean> | undefined;
  /** When a throttled trigger last took an event, accepted yet or not. */
  takenMs: number | undefined;
}

/** What is later than this, in ms, was missed: the machine slept, or its clock was set forward. */
export const LATE_MS = 60_000;

/** Holds triggers and fires them. */
export class Scheduler {
  readonly #ports: SchedulerPorts;
  readonly #entries = new Map<string, Entry>();
  #armed = false;
  #stopped = false;

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
    if (this.#entries.has(name)) throw duplicate(name);
    const entry: Entry = {
      trigger,
      count: history?.count ?? 0,
      lastFiredMs: history?.lastFiredMs,
      lastScheduledMs: history?.lastScheduledMs,
      nextMs: undefined,
      cancel: () => {},
      debounced: undefined,
      takenMs: history?.lastFiredMs,
    };
    this.#entries.set(name, entry);
    if (this.#armed) this.#armCron(entry);
  }

  /** From now on cron triggers fire. */
  arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.#stopped = false;
    for (const entry of this.#entries.values()) this.#armCron(entry);
  }

  /** Takes a trigger off; says whether it was there. */
  remove(name: string): boolean {
    const entry = this.#entries.get(name);
    if (entry === undefined) return false;
    this.#disarm(entry);
    entry.debounced?.resolve(false);
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
        return await this.#publish(entry, this.#ports.nextId(), await apiData(trigger, data, request), {
          traceparent: readTraceparent(request?.headers.get("traceparent")),
        });
      case "manual":
        return await this.#publish(entry, this.#ports.nextId(), manualData(trigger, data), {});
      case "cron":
        return await this.#publish(entry, this.#ports.nextId(), cronData(trigger, nowMs), {});
      case "event":
        throw notFireable(name, trigger.source);
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

  /** Calls all alarms off. What is held back for a debounced trigger is rejected with `trigger/halted`. */
  stop(): void {
    this.#armed = false;
    this.#stopped = true;
    for (const entry of this.#entries.values()) {
      this.#disarm(entry);
      entry.debounced?.reject(halted(entry.trigger.name));
      entry.debounced = undefined;
    }
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw unknown(name, this.#entries.keys());
    return entry;
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

  #disarm(entry: Entry): void {
    entry.cancel();
    entry.nextMs = undefined;
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
      const nowMs = this.#ports.clock.now();
      // A clock that was set back, or an alarm that came early: not yet.
      if (nowMs < scheduledMs) return this.#arm(entry, trigger, scheduledMs - 1);
      const missedMs = nowMs - trigger.jitterMs - LATE_MS;
      if (scheduledMs <= missedMs) {
        void this.#catchUp(entry, trigger, scheduledMs - 1, missedMs);
        return this.#arm(entry, trigger, missedMs);
      }
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
    for (const scheduledMs of made) {
      if (!this.#armed || this.#entries.get(trigger.name) !== entry) return; // stopped or removed meanwhile
      await this.#fireCron(entry, trigger, scheduledMs);
    }
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
    const hops = (event.hops ?? 0) + 1;
    try {
      const decoded = decodeEvent(event);
      const checked = trigger.data === undefined ? undefined : await check(trigger.data, decoded.data);
      if (checked?.ok === false) return; // other data does not fire it
      const seen = (checked === undefined ? decoded : { ...decoded, data: checked.value }) as never;
      if (trigger.when?.(seen) === false) return;
      const fire = async (): Promise<void> => {
        const id = deriveId(event.timeMs, event.id, "trigger", trigger.name);
        await this.#publish(entry, id, trigger.map(seen), { hops, traceparent: event.traceparent });
      };
      if (trigger.debounceMs !== undefined) return await this.#debounce(entry, trigger.debounceMs, fire);
      if (trigger.throttleMs === undefined) return await fire();
      if (await this.#throttle(entry, trigger.throttleMs, fire)) return;
      this.#announce(trigger, "skipped", { eventId: event.id }, hops);
    } catch (error) {
      if (MillraceError.is(error) && error.retryable) throw error; // not the trigger's fault: shown again later
      this.#failed(trigger, error, { eventId: event.id }, hops);
    }
  }

  /** Fires unless it did so a short time ago; says whether it did. */
  async #throttle(entry: Entry, throttleMs: number, fire: () => Promise<void>): Promise<boolean> {
    const { takenMs } = entry;
    const nowMs = this.#ports.clock.now();
    // A time in the future is that of a clock that was set back.
    if (takenMs !== undefined && takenMs <= nowMs && nowMs - takenMs < throttleMs) return false;
    entry.takenMs = nowMs; // before the event is accepted: more events may come meanwhile
    try {
      await fire();
    } catch (error) {
      entry.takenMs = takenMs;
      throw error;
    }
    return true;
  }

  /** Fires if nothing more comes for a while. */
  async #debounce(entry: Entry, debounceMs: number, fire: () => Promise<void>): Promise<void> {
    if (this.#stopped) throw halted(entry.trigger.name);
    entry.cancel();
    entry.debounced?.resolve(false);
    const debounced = entry.debounced = Promise.withResolvers<boolean>();
    entry.cancel = this.#ports.clock.after(debounceMs, () => {
      entry.debounced = undefined;
      debounced.resolve(true);
    });
    if (await debounced.promise) await fire();
  }

  // --- publishing

  async #publish(
    entry: Entry,
    id: string,
    data: unknown,
    { scheduledMs, hops, traceparent }: {
      readonly scheduledMs?: number;
      readonly hops?: number;
      /** Of what made it fire. */
      readonly traceparent?: string | undefined;
    },
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
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    const fire: Fire = { trigger: trigger.name, ...(scheduledMs === undefined ? {} : { scheduledMs }) };
    const { runIds } = await this.#ports.publish(event, fire);
    entry.count++;
    entry.lastFiredMs = timeMs;
    const scheduled = scheduledMs === undefined ? {} : { scheduledMs };
    this.#announce(trigger, "fired", { eventId: id, ...scheduled }, hops);
    return { eventId: id, count: entry.count, runIds };
  }

  /** The hops go on here too: a trigger that listens to what triggers do must not fire itself for ever. */
  #announce(trigger: Trigger, what: string, data: Readonly<Record<string, unknown>>, hops = 0): void {
    const { name, kind } = trigger;
    this.#ports.announce(`trigger.${name}.${what}`, { trigger: name, kind, ...data }, hops);
  }

  #failed(trigger: Trigger, error: unknown, data: Readonly<Record<string, unknown>>, hops = 0): void {
    this.#ports.log.error("A trigger failed", { trigger: trigger.name, error: messageOf(error), ...data });
    this.#announce(trigger, "failed", { ...data, error: toWire(error) }, hops);
  }
}
