/**
 * What is on its way to the log: what one turn publishes is appended as one batch.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import type { EncodedEvent } from "../event/event.ts";
import type { Appended, EventLog } from "./port.ts";

/** An event that is to be kept before it is delivered. */
interface Keeping<T> {
  readonly event: EncodedEvent;
  readonly resolve: (shown: T) => void;
  readonly reject: (error: unknown) => void;
}

/** Appends events, and shows them in the order of the log. */
export class Appends<T> {
  readonly #log: Pick<EventLog, "append">;
  readonly #show: (event: EncodedEvent, appended: Appended) => T;
  #gathering: Keeping<T>[] = [];
  readonly #underWay = new Set<Promise<void>>();

  /** To this log; `show` is told where an event stands once it is kept. */
  constructor(log: Pick<EventLog, "append">, show: (event: EncodedEvent, appended: Appended) => T) {
    this.#log = log;
    this.#show = show;
  }

  /** Resolves with what `show` has given once the event is kept. */
  append(event: EncodedEvent): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#gathering.length === 0) queueMicrotask(() => this.#send());
      this.#gathering.push({ event, resolve, reject });
    });
  }

  /** Resolves once all that was appended so far is shown or refused. */
  async settled(): Promise<void> {
    this.#send();
    await Promise.all(this.#underWay);
  }

  #send(): void {
    const batch = this.#gathering;
    if (batch.length === 0) return;
    this.#gathering = [];
    const sent = this.#appendAll(batch).finally(() => this.#underWay.delete(sent));
    this.#underWay.add(sent);
  }

  async #appendAll(batch: readonly Keeping<T>[]): Promise<void> {
    try {
      const appended = await this.#log.append(batch.map(({ event }) => event));
      for (let index = 0; index < batch.length; index++) this.#tell(batch[index]!, appended[index]!);
    } catch (error) {
      const isOfOne = MillraceError.is(error, "topic/completed") ||
        MillraceError.is(error, "topic/not-durable");
      // A topic was completed by someone else: that refuses its own events, and no others.
      if (batch.length > 1 && isOfOne) await Promise.all(batch.map((one) => this.#appendAll([one])));
      else for (const { reject } of batch) reject(error);
    }
  }

  #tell({ event, resolve, reject }: Keeping<T>, appended: Appended): void {
    try {
      resolve(this.#show(event, appended));
    } catch (error) {
      reject(error);
    }
  }
}
