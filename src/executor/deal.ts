/**
 * Dealing: which executor gets which of the jobs that wait.
 *
 * Always one that has least gets the next job; among these, the one that the job prefers. So a preference never
 * makes a job wait while another executor has less to do.
 *
 * @module
 */

/** What must be known of one that takes jobs. */
interface Hand {
  readonly name: string;
  /** How many jobs it has. */
  readonly size: number;
  /** How many more it takes. */
  readonly room: number;
}

/**
 * Deals jobs out until there are none, or no room. Costs the same for each job, however many take them.
 *
 * @param next The next job in order; asked for only if there is room for it.
 * @param preferred The name of the hand that a job had best be in.
 */
export function deal<H extends Hand, J>(
  hands: readonly H[],
  next: () => J | undefined,
  preferred: (job: J) => string | undefined,
): ReadonlyMap<H, readonly J[]> {
  const dealt = new Map<H, J[]>();
  const fuller = hands.filter(({ room }) => room > 0).sort((a, b) => a.size - b.size);
  let above = 0; // those from here on have more than the least
  const least = new Map<string, H>();
  let raised: H[] = [];
  let level = 0;
  for (;;) {
    if (least.size === 0) {
      level = raised.length > 0 ? level + 1 : fuller[above]?.size ?? 0;
      for (const hand of raised) least.set(hand.name, hand);
      raised = [];
      for (; above < fuller.length && fuller[above]!.size === level; above++) {
        least.set(fuller[above]!.name, fuller[above]!);
      }
      if (least.size === 0) return dealt;
    }
    const job = next();
    if (job === undefined) return dealt;
    const hand = least.get(preferred(job) ?? "") ?? least.values().next().value!;
    least.delete(hand.name);
    const jobs = dealt.get(hand);
    if (jobs === undefined) dealt.set(hand, [job]);
    else jobs.push(job);
    if ((jobs?.length ?? 1) < hand.room) raised.push(hand);
  }
}
