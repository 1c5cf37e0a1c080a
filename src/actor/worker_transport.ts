/**
 * The transport over Web Workers: one worker per host, a `MessageChannel` per pair of hosts that talk.
 *
 * @module
 */
import { fromWire, MillraceError } from "../base/errors.ts";
import type { FromHost, ToHost } from "./control.ts";
import { messagePortLink } from "./message_port_link.ts";
import type { HostHandle, HostOptions, SpawnOrder, StopMode, Transport } from "./port.ts";

interface WorkerHostHandle extends HostHandle {
  /** Hands a port to another host over. */
  join(host: number, port: MessagePort): void;
}

/**
 * Hosts in Web Workers.
 *
 * @param entry The URL of a module whose first turn calls `serveWorkerHost()`. Without query or fragment: the
 * registry's integrity check refuses those.
 */
export function workerTransport(entry: URL): Transport {
  return {
    start: (host, options) => startWorker(entry, host, options),
    connect(a, aId, b, bId) {
      const { port1, port2 } = new MessageChannel();
      (a as WorkerHostHandle).join(bId, port1);
      (b as WorkerHostHandle).join(aId, port2);
    },
  };
}

function startWorker(entry: URL, host: number, options: HostOptions): Promise<WorkerHostHandle> {
  const worker = new Worker(entry, { type: "module", name: options.label });
  const { port1, port2 } = new MessageChannel();
  const link = messagePortLink(port1, options.onFrame);
  const answers = new Map<number, { resolve(protocol: string): void; reject(error: Error): void }>();
  let lastId = 0;
  let ended = false;
  const post = (message: ToHost, transfer: Transferable[] = []): void =>
    worker.postMessage(message, transfer);
  const end = (): void => {
    ended = true;
    worker.terminate();
    link.close();
  };
  return new Promise((resolve, reject) => {
    const lost = (reason: string): void => {
      if (ended) return;
      end();
      const error = new MillraceError(
        "actor/host-lost",
        `Cannot go on in host "${options.label}" as it is gone: ${reason}`,
        { details: { host: options.label, reason } },
      );
      for (const answer of answers.values()) answer.reject(error);
      answers.clear();
      reject(error);
      options.events.lost(reason);
    };
    const order = (make: (id: number) => ToHost): Promise<string> =>
      new Promise((resolve, reject) => {
        const id = ++lastId;
        answers.set(id, { resolve, reject });
        post(make(id));
      });
    const handle: WorkerHostHandle = {
      link,
      spawn: (spawnOrder: SpawnOrder) => order((id) => ({ type: "spawn", id, order: spawnOrder })),
      stop: async (name: string, mode: StopMode) =>
        void await order((id) => ({ type: "stop", id, name, mode })),
      peerLost: (peer, reason) => post({ type: "peer-lost", host: peer, reason }),
      join: (peer, port) => post({ type: "connect", host: peer, port }, [port]),
      terminate: () => {
        if (!ended) lost("it was terminated");
      },
    };
    worker.onmessage = ({ data }: MessageEvent<FromHost>) => {
      switch (data.type) {
        case "ready":
          return resolve(handle);
        case "connect":
          return options.events.connect(data.host);
        case "fault":
          return options.events.fault(data.error);
        case "log":
          return options.events.log(data.record);
        case "exit":
          return lost(data.reason);
        case "answer": {
          const answer = answers.get(data.id);
          answers.delete(data.id);
          if (data.error !== undefined) return answer?.reject(fromWire(data.error));
          return answer?.resolve(data.protocol ?? "");
        }
      }
    };
    // Without preventDefault() the error of a worker ends this process too (ACTORS M1).
    worker.onerror = (event) => {
      event.preventDefault();
      lost(event.message);
    };

    post({ type: "hello", host, label: options.label, port: port2 }, [port2]);
  });
}
