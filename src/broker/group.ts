/**
 * Who of a group gets an event.
 *
 * @module
 */
import type { EncodedEvent } from "../event/event.ts";
import type { SubscriptionBuffer } from "./subscription.ts";

/** A member of a group: its number, and when it was last chosen. */
export interface Member {
  /** Its buffer. */
  readonly buffer: SubscriptionBuffer;
  /** Unique in the broker, never given twice. */
  readonly number: number;
  /** The turn in which it was last chosen; grows. */
  lastTurn: number;
}

/**
 * The member that gets an event: for an event with a key always the same one while the members stay the
 * same, else the one with room and the fewest events waiting; of equals, who was chosen longest ago.
 */
export function chooseMember(members: readonly Member[], event: EncodedEvent): Member {
  if (event.key !== undefined) return chooseByKey(members, event.key);
  let best = members[0]!;
  for (const member of members) if (isBetter(member, best)) best = member;
  return best;
}

function isBetter(member: Member, best: Member): boolean {
  const { buffer } = member;
  const full = buffer.load >= buffer.capacity;
  const bestFull = best.buffer.load >= best.buffer.capacity;
  if (full !== bestFull) return bestFull;
  if (buffer.load !== best.buffer.load) return buffer.load < best.buffer.load;
  return member.lastTurn < best.lastTurn;
}

/** Rendezvous hashing (Thaler and Ravishankar, 1996): a member that comes or goes moves only its own keys. */
function chooseByKey(members: readonly Member[], key: string): Member {
  let best = members[0]!;
  let bestHash = -1;
  for (const member of members) {
    const hash = hashOf(`${member.number} ${key}`);
    if (hash > bestHash) [best, bestHash] = [member, hash];
  }
  return best;
}

/** FNV-1a over code units, then the finalizer of MurmurHash3, as FNV's high bits mix badly for short texts. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return (hash ^ hash >>> 16) >>> 0;
}
