/** What the workers of piscina do; those of poolifier do it by name. */
export default function work({ ms } = {}) {
  if (ms === undefined) return 1;
  const endMs = performance.now() + ms;
  let turns = 0;
  while (performance.now() < endMs) turns++;
  return turns;
}
