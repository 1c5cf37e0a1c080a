/** How the contracts of the kernel say what is expected in every place. */
import type { DeadLetter, DeadLetterReason } from "../../../src/actor/counters.ts";
import type { ActorRef } from "../../../src/actor/ref.ts";
import type { ActorSnapshot } from "../../../src/actor/snapshot.ts";
import { openPlace, type Place, type PlaceName } from "./place.ts";

/** A deadline that no test reaches. */
export const SOON = { timeoutMs: 20_000 } as const;

/** In a simulation a behaviour must hold whatever comes first: it is tried under so many seeds. */
const SEEDS = 5;

/** One named behaviour in one place: the place is audited at the end. */
export function behaviour(
  symbol: string,
  name: PlaceName,
  text: string,
  fn: (place: Place) => Promise<void>,
): void {
  Deno.test(`${symbol} ${name}: ${text}`, async () => {
    if (name !== "sim") return await inPlace(name, 1, fn);
    for (let seed = 1; seed <= SEEDS; seed++) {
      await inPlace(name, seed, fn).catch((cause) => {
        throw new Error(`Seed ${seed} fails: ${cause instanceof Error ? cause.message : cause}`, { cause });
      });
    }
  });
}

async function inPlace(name: PlaceName, seed: number, fn: (place: Place) => Promise<void>): Promise<void> {
  await using place = await openPlace(name, { seed });
  await fn(place);
}

/** How many messages nobody handled, in all hosts together, by reason. */
export async function lettersOf(place: Place): Promise<Partial<Record<DeadLetterReason, number>>> {
  const sum: Partial<Record<DeadLetterReason, number>> = {};
  for (const { node } of (await place.system.snapshot()).hosts) {
    for (const [reason, count] of Object.entries(node?.deadLetters ?? {})) {
      sum[reason as DeadLetterReason] = (sum[reason as DeadLetterReason] ?? 0) + count;
    }
  }
  return sum;
}

/** Waits until so many messages were not handled for this reason; what `lettersOf` then gives. */
export function untilLetters(
  place: Place,
  reason: DeadLetterReason,
  count: number,
): Promise<Partial<Record<DeadLetterReason, number>>> {
  return place.until(() => lettersOf(place), (letters) => (letters[reason] ?? 0) >= count);
}

/** The next dead letters of a feed, without what differs from run to run. */
export async function nextLetters(
  feed: AsyncIterator<DeadLetter>,
  count: number,
): Promise<Omit<DeadLetter, "timeMs" | "host">[]> {
  const letters: Omit<DeadLetter, "timeMs" | "host">[] = [];
  while (letters.length < count) {
    const { timeMs: _timeMs, host: _host, ...letter } = (await feed.next()).value!;
    letters.push(letter);
  }
  return letters;
}

/** What an actor does at the moment. */
export async function loadOf(place: Place, ref: ActorRef): Promise<ActorSnapshot> {
  const { actors } = await place.node(ref);
  return actors.find(({ name }) => name === ref.address.name)!;
}

/** Waits until an actor takes no more messages. */
export async function untilStopping(place: Place, ref: ActorRef): Promise<void> {
  await place.until(() => loadOf(place, ref), (load) => load.state === "stopping");
}

/** 0, 1, 2 … */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}
