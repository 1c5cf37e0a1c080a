/**
 * Death watch: who wants to know when an actor is gone.
 *
 * @module
 */
import type { WireError } from "../base/errors.ts";
import type { Address } from "./ref.ts";

/**
 * Why an actor is gone: it was stopped or stopped itself; it failed and was not restarted; its host is gone;
 * there never was one of this name, or it was gone before.
 */
export type DeathReason = "stopped" | "failed" | "host-lost" | "no-actor";

/** The news that an actor is gone for good. A restart is no death. */
export interface Death {
  /** Who. */
  readonly address: Address;
  /** Why. */
  readonly reason: DeathReason;
  /** What it failed of. */
  readonly error?: Error;
}

/** Somebody who watches. */
export interface Watcher {
  /** Takes the news, once. */
  notify(reason: DeathReason, error: WireError | null): void;
}

/** The watchers of one thread, by whom they watch. */
export class Watchers {
  readonly #byActor = new Map<string, { readonly host: number; readonly watchers: Set<Watcher> }>();

  /** Adds one; whether it is the first for this actor. */
  add({ host, name }: Address, watcher: Watcher): boolean {
    const key = keyOf(host, name);
    const known = this.#byActor.get(key);
    if (known !== undefined) {
      known.watchers.add(watcher);
      return false;
    }
    this.#byActor.set(key, { host, watchers: new Set([watcher]) });
    return true;
  }

  /** Takes one off; whether it was the last for this actor. */
  remove({ host, name }: Address, watcher: Watcher): boolean {
    const key = keyOf(host, name);
    const known = this.#byActor.get(key);
    if (known === undefined || !known.watchers.delete(watcher) || known.watchers.size > 0) return false;
    return this.#byActor.delete(key);
  }

  /** An actor is gone: all who watch it hear of it, and are forgotten. */
  died(host: number, name: string, reason: DeathReason, error: WireError | null): void {
    const key = keyOf(host, name);
    const known = this.#byActor.get(key);
    if (known === undefined) return;
    this.#byActor.delete(key);
    for (const watcher of known.watchers) watcher.notify(reason, error);
  }

  /** A host is gone, and all that lived in it. */
  hostLost(host: number, error: WireError): void {
    for (const [key, known] of this.#byActor) {
      if (known.host !== host) continue;
      this.#byActor.delete(key);
      for (const watcher of known.watchers) watcher.notify("host-lost", error);
    }
  }

  /** The names of a host's actors that are watched from here. */
  namesOf(host: number): string[] {
    return [...this.#byActor].flatMap(([key, known]) =>
      known.host === host ? [key.slice(key.indexOf("/") + 1)] : []
    );
  }
}

function keyOf(host: number, name: string): string {
  return `${host}/${name}`;
}
