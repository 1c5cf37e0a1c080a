/**
 * The other hosts that one thread knows: those it talks to, those it waits for a link to, and those that are gone.
 *
 * @module
 */
import { type PeerHooks, RemotePeer } from "./peer.ts";
import type { Link } from "./port.ts";
import type { Message } from "./message.ts";
import type { WireError } from "../base/errors.ts";

/** What peers need of their thread. */
export interface PeersPorts extends Pick<PeerHooks, "soon" | "later"> {
  /** A message could not be cloned, and was not sent. */
  uncloneable(peer: RemotePeer, message: Message, error: WireError): void;
  /** Asks for a link to another host. */
  connect(host: number): void;
}

/** The other hosts, by number. */
export class Peers {
  readonly #ports: PeersPorts;
  readonly #peers = new Map<number, RemotePeer>();
  /** Hosts to which a link was asked for. */
  readonly #connecting = new Set<number>();
  /** Hosts that are gone, and why. */
  readonly #lost = new Map<number, string>();

  constructor(ports: PeersPorts) {
    this.#ports = ports;
  }

  /** A peer that is known. */
  get(host: number): RemotePeer | undefined {
    return this.#peers.get(host);
  }

  /** A peer, known from now on. */
  of(host: number): RemotePeer {
    let peer = this.#peers.get(host);
    if (peer === undefined) {
      const { soon, later, uncloneable } = this.#ports;
      const unsent = (message: Message, error: WireError): void => uncloneable(peer!, message, error);
      this.#peers.set(host, peer = new RemotePeer(host, { uncloneable: unsent, soon, later }));
    }
    return peer;
  }

  /** A peer to talk to, unless it is gone; asks for the link if there is none. */
  to(host: number): RemotePeer | undefined {
    if (this.#lost.has(host)) return undefined;
    const peer = this.of(host);
    if (!peer.connected && !this.#connecting.has(host)) {
      this.#connecting.add(host);
      this.#ports.connect(host);
    }
    // Where there is no such host, asking for it has said so.
    return this.#peers.get(host);
  }

  /** Why a host is gone. */
  lostReason(host: number): string | undefined {
    return this.#lost.get(host);
  }

  /** The connection to a host is made, for the first time or again. */
  connected(host: number, link: Link): RemotePeer {
    this.#connecting.delete(host);
    const peer = this.of(host);
    peer.connect(link);
    return peer;
  }

  /**
   * A host is gone, for good unless it `returns`. Gives how many messages to each of its actors were under way.
   */
  lost(host: number, reason: string, returns: boolean): readonly (readonly [string, number])[] {
    if (this.#lost.has(host)) return [];
    if (!returns) this.#lost.set(host, reason);
    this.#connecting.delete(host);
    const peer = this.#peers.get(host);
    // Its next life is another peer: it counts its asks from 1 again, and must not get answers to those of this one.
    this.#peers.delete(host);
    return peer?.disconnect() ?? [];
  }

  /** An actor here is over: the streams that it serves end. */
  stopped(actor: string, error: WireError): void {
    for (const peer of this.#peers.values()) peer.stopped(actor, error);
  }

  /** Ends all links. */
  close(): void {
    for (const [host, peer] of this.#peers) {
      // First lost, then closed: who waits at a window finds no way.
      this.#lost.set(host, "the system has stopped");
      peer.disconnect();
    }
    this.#peers.clear();
  }
}
