/**
 * One child process that is to be, or is, a host: its channel, its output, its end.
 *
 * The channel is a socket of its own for each direction, file descriptors 3 and 4: standard input and output stay
 * what they are, so that nothing a task prints, nor a program that it runs, can get between the packets.
 *
 * @module
 */
import type { ChildProcess, spawn as Spawn } from "node:child_process";
import type { Duplex, Readable } from "node:stream";
import { messageOf } from "../base/errors.ts";
import { type Packet, PacketReader } from "./packet.ts";

/** Hears of a child process. */
export interface ChildEvents {
  /** It has sent a packet. */
  packet(packet: Packet): void;
  /** It has written a line to its standard output or error. */
  line(stream: "stdout" | "stderr", text: string): void;
  /** It has ended by itself, or could not be started. */
  ended(reason: string): void;
}

/** Output without a line break is cut after so many characters. */
const MAX_LINE = 131_072;
/** How long the last words of a process that has ended are waited for, in ms. */
const LAST_WORDS_MS = 500;

/** A child process. What is sent before it runs waits. */
export class HostProcess {
  /** Resolves once nothing of it is left. */
  readonly gone: Promise<void>;
  readonly #gone = Promise.withResolvers<void>();
  readonly #reader = new PacketReader((packet) => this.#events?.packet(packet));
  #events: ChildEvents | undefined;
  #child: ChildProcess | undefined;
  #channel: Duplex | undefined;
  #answers: Duplex | undefined;
  readonly #early: Uint8Array[] = [];
  #killed = false;
  #ended: string | undefined;
  /** The last error that it wrote to its standard error. */
  #lastWords = "";
  #outOfMemory = false;

  /** Starts `deno` with these arguments in this environment. */
  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    this.gone = this.#gone.promise;
    void this.#start(args, env).catch((error) => this.#end(`it could not be started: ${messageOf(error)}`));
  }

  /** Whether it can still become a host. */
  get usable(): boolean {
    return this.#ended === undefined && !this.#killed;
  }

  /** From now on somebody listens. */
  attach(events: ChildEvents): void {
    this.#events = events;
    const ended = this.#ended;
    if (ended !== undefined) queueMicrotask(() => events.ended(ended));
  }

  /** Sends a packet. */
  send(packet: Uint8Array): void {
    if (this.#channel === undefined) this.#early.push(packet);
    // What is under way is bounded by the windows of those who send: the stream need not be waited for.
    else if (this.usable) this.#channel.write(packet);
  }

  /** Ends it at once, whatever it does. Nobody is told. */
  kill(): void {
    this.#killed = true;
    this.#child?.kill("SIGKILL");
  }

  async #start(args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
    // Loading it takes a while, and only who starts processes is to pay for it.
    const { spawn } = await import("node:child_process");
    if (this.#killed) return this.#gone.resolve();
    const child = this.#child = spawn(Deno.execPath(), [...args], {
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
      // What it prints goes into a log.
      env: { ...env, NO_COLOR: "1" },
    }) as ReturnType<typeof Spawn>;
    child.on("error", (error) => this.#end(`it could not be started: ${messageOf(error)}`));
    child.on("exit", (code, signal) => void this.#exited(child, code, signal));
    onLine(child.stdout!, (text) => this.#events?.line("stdout", text));
    onLine(child.stderr!, (text) => this.#wroteError(text));
    this.#channel = child.stdio[3] as Duplex;
    this.#answers = child.stdio[4] as Duplex;
    // Its end is told by "exit"; a broken pipe is but a part of that.
    for (const end of [this.#channel, this.#answers]) end.on("error", () => {});
    this.#answers.on("data", (bytes: Uint8Array<ArrayBuffer>) => this.#read(bytes));
    for (const packet of this.#early.splice(0)) this.#channel.write(packet);
  }

  #read(bytes: Uint8Array<ArrayBuffer>): void {
    if (!this.usable) return;
    try {
      this.#reader.push(bytes);
    } catch (error) {
      this.#child!.kill("SIGKILL");
      this.#end(`it sent what no host sends: ${messageOf(error)}`);
    }
  }

  #wroteError(text: string): void {
    // What Deno ends with starts with "error: "; the lines after that say where.
    if (/\berror\b/i.test(text)) this.#lastWords = text;
    // "Fatal JavaScript out of memory: Reached heap limit", in the words of V8.
    if (/\bout of memory\b/.test(text)) this.#outOfMemory = true;
    this.#events?.line("stderr", text);
  }

  async #exited(child: ChildProcess, code: number | null, signal: string | null): Promise<void> {
    if (!this.#killed) await lastWords(child);
    this.#channel?.destroy();
    this.#answers?.destroy();
    child.stdout!.destroy();
    child.stderr!.destroy();
    this.#end(this.#reasonOf(code, signal));
  }

  #reasonOf(code: number | null, signal: string | null): string {
    // V8 ends a process without memory by a trap: SIGTRAP on Linux, or 128 + 5 from a shell.
    if (this.#outOfMemory && signal !== "SIGKILL") return "it ran out of memory";
    if (signal !== null) return `it was ended by ${signal}`;
    const words = code === 0 || this.#lastWords === "" ? "" : `: ${this.#lastWords}`;
    return `it ended with exit code ${code}${words}`;
  }

  #end(reason: string): void {
    if (this.#ended === undefined) {
      this.#ended = reason;
      if (!this.#killed) this.#events?.ended(reason);
    }
    this.#gone.resolve();
  }
}

/** Resolves once its outputs are read to their end. A program that it has started may keep them open. */
async function lastWords(child: ChildProcess): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, LAST_WORDS_MS);
  child.once("close", () => resolve());
  await promise;
  clearTimeout(timer);
}

/** Cuts output into lines. */
function onLine(output: Readable, onText: (text: string) => void): void {
  const decoder = new TextDecoder();
  let rest = "";
  output.on("data", (bytes: Uint8Array) => {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop()!;
    for (const line of lines) onText(line.slice(0, MAX_LINE));
    if (rest.length > MAX_LINE) {
      onText(rest);
      rest = "";
    }
  });
  output.on("end", () => {
    if (rest !== "") onText(rest);
  });
  output.on("error", () => {});
}
