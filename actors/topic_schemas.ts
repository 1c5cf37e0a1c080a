/**
 * The schemas of topics that this program has declared. They are functions, so they cannot leave their thread:
 * what tasks and triggers publish comes here to be held against them.
 *
 * @module
 */
import type { ActorRef } from "../src/actor/ref.ts";
import { toWire } from "../src/base/errors.ts";
import type { AnySchema } from "../src/base/schema.ts";
import type { brokerProtocol } from "../src/broker/protocol.ts";
import { conform } from "../src/broker/publication.ts";
import type { TopicCheck, TopicVerdict } from "../src/broker/topic_checks.ts";
import { encodeData } from "../src/event/event.ts";

/** The schemas of one platform. */
export class TopicSchemas {
  readonly #broker: ActorRef<typeof brokerProtocol>;
  readonly #schemas = new Map<string, AnySchema>();
  #checking = false;

  /** Of the topics of this broker. */
  constructor(broker: ActorRef<typeof brokerProtocol>) {
    this.#broker = broker;
  }

  /** The schema of a topic, if it has one. */
  get(topic: string): AnySchema | undefined {
    return this.#schemas.get(topic);
  }

  /** From now on a topic has this schema; the broker must be told. */
  set(topic: string, schema: AnySchema): void {
    this.#schemas.set(topic, schema);
    if (!this.#checking) void this.#check();
  }

  async #check(): Promise<void> {
    this.#checking = true;
    const turns = new Map<string, Promise<void>>();
    try {
      for await (const asked of this.#broker.stream("checks", undefined, { capacity: 2 })) {
        for (const one of asked) {
          // One after the other for each topic: its events keep their order, and no other topic waits.
          const turn = (turns.get(one.topic) ?? Promise.resolve()).then(() => this.#verdictOf(one)).then(
            (verdict) => void this.#broker.offer("checked", [verdict]).catch(() => {}),
          );
          turns.set(one.topic, turn);
        }
      }
    } catch {
      // The broker is gone, and with it whoever waits.
    }
  }

  async #verdictOf({ ticket, topic, data }: TopicCheck): Promise<TopicVerdict> {
    try {
      const value = await conform(topic, this.#schemas.get(topic)!, JSON.parse(data));
      return { ticket, data: encodeData(topic, value) };
    } catch (error) {
      return { ticket, error: toWire(error) };
    }
  }
}
