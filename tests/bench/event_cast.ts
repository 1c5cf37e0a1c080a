/** Our broker between a publisher and some subscribers, each in a worker of its own. */
import { createActorSystem } from "../../actors/actor_system.ts";
import { inWorker } from "../../src/actor/placement.ts";
import type { ActorRef } from "../../src/actor/ref.ts";
import { brokerProtocol } from "../../src/broker/protocol.ts";
import { publisherProtocol, readerProtocol } from "./event_actors.ts";

/** Who takes part. */
export interface Cast {
  readonly publisher: ActorRef<typeof publisherProtocol>;
  readonly readers: readonly ActorRef<typeof readerProtocol>[];
}

/** Starts all, and waits until every reader has subscribed. */
export async function castOf(stack: AsyncDisposableStack, readers: number): Promise<Cast> {
  const system = stack.use(createActorSystem());
  const actors = import.meta.resolve("./event_actors.ts");
  const place = inWorker(
    import.meta.resolve("../../actors/broker.ts"),
    "broker",
    () => import("../../actors/broker.ts"),
  );
  const nobody = { host: 0, name: "nobody" }; // no event starts anything here
  const broker = await system.spawnIn(place, { orchestrator: nobody, eventLog: nobody }, {
    name: "broker",
    host: await system.startHost("broker"),
    protocol: brokerProtocol,
  });
  const options = { broker: broker.address };
  const publisher = await system.spawnIn(
    inWorker(actors, "publisher", () => import("./event_actors.ts")),
    options,
    { name: "publisher", host: await system.startHost("publisher"), protocol: publisherProtocol },
  );
  const all = await Promise.all(Array.from({ length: readers }, async (_, number) => {
    const name = `reader-${number}`;
    const reader = await system.spawnIn(
      inWorker(actors, "reader", () => import("./event_actors.ts")),
      options,
      { name, host: await system.startHost(name), protocol: readerProtocol },
    );
    await reader.ask("subscribe", undefined, { timeoutMs: "none" });
    return reader;
  }));
  return { publisher, readers: all };
}
