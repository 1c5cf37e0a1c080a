/**
 * What the scheduler shows, and what it needs of the world.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { EncodedEvent } from "../event/event.ts";

/** A trigger as shown. */
export interface TriggerView {
  /** Its name. */
  readonly name: string;
  /** Its kind. */
  readonly kind: "cron" | "api" | "event" | "manual";
  /** The topic it publishes to. */
  readonly topic: string;
  /** Whether it is registered and not stopped. */
  readonly running: boolean;
  /** How often it fired, over all restarts. */
  readonly count: number;
  /** When it last fired, in ms since 1970. */
  readonly lastFiredMs?: number;
  /** When it fires next (cron). */
  readonly nextMs?: number;
  /** The cron expression. */
  readonly cron?: string;
  /** Its IANA time zone. */
  readonly timezone?: string;
  /** The pattern it listens to (event). */
  readonly source?: string;
}

/** What is known of a trigger from before. */
export interface TriggerHistory {
  /** How often it fired. */
  readonly count: number;
  /** When it last fired, in ms since 1970. */
  readonly lastFiredMs?: number;
  /** The scheduled time of its latest cron fire. */
  readonly lastScheduledMs?: number;
}

/** Whose fire an event is. */
export interface Fire {
  /** The trigger's name. */
  readonly trigger: string;
  /** When it was meant to fire (cron). */
  readonly scheduledMs?: number;
}

/** What came of a fire. */
export interface Fired {
  /** The event. */
  readonly eventId: string;
  /** How often the trigger has fired. */
  readonly count: number;
  /** The runs that the event started. */
  readonly runIds: readonly string[];
}

/** What the scheduler needs of the world. */
export interface SchedulerPorts {
  /** The time. */
  readonly clock: Clock;
  /** For what goes wrong in users' functions. */
  readonly log: Logger;
  /** A number from 0 to 1, for jitter. */
  random(): number;
  /** A fresh id for an event. */
  nextId(): string;
  /** Publishes a trigger's event; resolves once it is accepted. */
  publish(event: EncodedEvent, fire: Fire): Promise<{ readonly runIds: readonly string[] }>;
  /** Tells the world what a trigger did; `hops` is how many events led to it. */
  announce(topic: string, data: Readonly<Record<string, unknown>>, hops: number): void;
}
