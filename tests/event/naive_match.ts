/** The obvious matcher that follows the grammar word by word: the oracle of the property tests. */
export function naiveMatch(pattern: string, topic: string): boolean {
  return pattern.split("|").some((alternative) => {
    if (alternative.startsWith("*") && topic.startsWith("$")) return false;
    return segmentsMatch(alternative.split("."), topic.split("."));
  });
}

function segmentsMatch(pattern: readonly string[], topic: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return topic.length === 0;
  if (first === "**") {
    return segmentsMatch(rest, topic) || (topic.length > 0 && segmentsMatch(pattern, topic.slice(1)));
  }
  return topic.length > 0 && (first === "*" || first === topic[0]) && segmentsMatch(rest, topic.slice(1));
}
