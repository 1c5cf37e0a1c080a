/**
 * Tickets for events that wait for room: their publisher, in another thread, asks with them.
 *
 * @module
 */
import type { Room } from "./room.ts";

/** What has changed since a ticket was shown last. */
export interface RoomNews {
  /** The numbers of events that have had room. */
  readonly free: number[];
  /** Whether none is left that waits. */
  readonly ended: boolean;
}

interface Ticket {
  left: number;
  free: number[];
  wake: (() => void) | undefined;
}

/** Each ticket is good for some events of a batch, and gone when none of them waits any more. */
export class Tickets {
  readonly #open = new Map<number, Ticket>();
  #last = 0;

  /** How many there are. */
  get size(): number {
    return this.#open.size;
  }

  /** A ticket for these events. */
  issue(rooms: readonly (readonly [number: number, room: Room])[]): number {
    const id = ++this.#last;
    const ticket: Ticket = { left: rooms.length, free: [], wake: undefined };
    this.#open.set(id, ticket);
    for (const [number, room] of rooms) {
      room.onFree(() => {
        ticket.free.push(number);
        if (--ticket.left === 0) this.#open.delete(id);
        ticket.wake?.();
      });
    }
    return id;
  }

  /** Resolves once any of its events has had room; a ticket that is gone says that all have. */
  async news(id: number): Promise<RoomNews> {
    const ticket = this.#open.get(id);
    if (ticket === undefined) return { free: [], ended: true };
    if (ticket.free.length === 0) await new Promise<void>((resolve) => ticket.wake = resolve);
    const { free } = ticket;
    ticket.free = [];
    return { free, ended: ticket.left === 0 };
  }
}
