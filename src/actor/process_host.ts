/**
 * The inside of a process host: guards first, then the kernel, then actors by dynamic import.
 *
 * @module
 */
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { toWire } from "../base/errors.ts";
import { systemClock } from "../base/system_clock.ts";
import { loadTracer } from "./host_tracer.ts";
import { claimed } from "./faults.ts";
import { HostServer } from "./host_server.ts";
import { later } from "./loop.ts";
import { type Packet, PacketReader, PacketType } from "./packet.ts";
import type { FromHost, ToHost } from "./port.ts";
import { controlPacket, deserialize, frameOf, framePacket, type ToProcess } from "./process_codec.ts";
import type { Tracer } from "./tracer.ts";

/**
 * The channel: two sockets that only the system and we know of, one for each direction. The first is read as
 * soon as the event loop sees something there, in half the time that a blocking read in another thread takes
 * (60 µs instead of 120 there and back, Deno 2.9.6). The second is written at once, so that last words arrive.
 */
const FROM_SYSTEM = 3;
const TO_SYSTEM = 4;
/** How often the parent is looked for by a host that computes without end, in ms. */
const PARENT_CHECK_MS = 1_000;

/** The real one: see {@linkcode installGuards}. */
const exit = Deno.exit;

/** Turns this process into a host of the actor system that started it. */
export async function serveProcessHost(): Promise<void> {
  installGuards();
  const host = new ProcessHost(await loadTracer());
  const reader = new PacketReader((packet) => host.received(packet));
  const channel = new Socket({ fd: FROM_SYSTEM, readable: true, writable: false });
  channel.on("data", (bytes: Uint8Array<ArrayBuffer>) => reader.push(bytes));
  // Without its system it has nothing to do.
  channel.on("error", () => exit(0));
  channel.on("close", () => exit(0));
}

class ProcessHost {
  readonly #tracer: Tracer | undefined;
  #server: HostServer | undefined;
  /** The hosts at the ends of its links. */
  readonly #hosts = new Map<number, number>();

  constructor(tracer: Tracer | undefined) {
    this.#tracer = tracer;
  }

  received(packet: Packet): void {
    if (packet.type !== PacketType.Control) {
      const from = this.#hosts.get(packet.link);
      if (from !== undefined) this.#server?.node.frame(from, frameOf(packet));
      return;
    }
    const message = deserialize(packet.body) as ToProcess;
    if (message.type === "link") this.#linked(message.host, message.link);
    else if (message.order.type === "hello") this.#hello(message.order);
    else this.#server?.obey(message.order);
  }

  #hello({ host, label }: Extract<ToHost, { readonly type: "hello" }>): void {
    this.#server = new HostServer({
      ...{ host, label, clock: systemClock, random: Math.random, soon: queueMicrotask, later },
      ...{ tracer: this.#tracer, post },
    });
    post({ type: "ready" });
    watchParent();
  }

  #linked(host: number, link: number): void {
    this.#hosts.set(link, host);
    this.#server?.node.connected(host, {
      post: (frame) => write(framePacket(link, frame)),
      close: () => void this.#hosts.delete(link),
    });
  }
}

function post(message: FromHost): void {
  write(controlPacket(message));
}

/** Waits while the channel is full: a system that does not read slows its hosts down. */
function write(packet: Uint8Array): void {
  try {
    for (let written = 0; written < packet.length;) written += writeSync(TO_SYSTEM, packet, written);
  } catch {
    exit(0); // the system is gone
  }
}

/**
 * Keeps the process alive whatever user code does, and has it say so when it ends itself. What ends it are its
 * system, and the end of its system: no signal that a terminal sends to all at once.
 */
function installGuards(): void {
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    const error = event.error ?? new Error(event.message);
    if (!claimed(error)) post({ type: "fault", error: toWire(error) });
  });
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    if (!claimed(event.reason)) post({ type: "fault", error: toWire(event.reason) });
  });
  Deno.exit = (code) => {
    post({ type: "exit", reason: `code in it called Deno.exit(${code ?? ""})` });
    return exit(code);
  };
  globalThis.close = () => {
    post({ type: "exit", reason: "code in it called close()" });
    exit(0);
  };
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) Deno.addSignalListener(signal, () => {});
}

/**
 * Ends this process when its parent is gone, even if it computes without end and cannot see its channel close: a
 * thread of its own looks whose child it is.
 */
function watchParent(): void {
  if (Deno.build.os === "windows") return; // a process there keeps the number of a parent that is gone
  const check = `if (Deno.ppid !== ${Deno.ppid}) Deno.kill(Deno.pid, "SIGKILL")`;
  const code = `setInterval(() => { ${check} }, ${PARENT_CHECK_MS})`;
  const worker = new Worker(`data:text/javascript,${encodeURIComponent(code)}`, { type: "module" });
  worker.onerror = (event) => event.preventDefault();
}
