/** All words of at most `length` letters, with dots between them. */
export function words(letters: readonly string[], length: number): string[] {
  let last = [""];
  const all: string[] = [];
  for (let size = 1; size <= length; size++) {
    last = last.flatMap((word) => letters.map((letter) => word === "" ? letter : `${word}.${letter}`));
    all.push(...last);
  }
  return all;
}
