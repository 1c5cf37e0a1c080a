/** The raw limit of tasks that compute for 1 ms: a loop in a bare worker. */
const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<number>) => void) | null;
  postMessage(done: number): void;
};

scope.onmessage = ({ data: times }) => {
  let turns = 0;
  for (let n = 0; n < times; n++) {
    const endMs = performance.now() + 1;
    while (performance.now() < endMs) turns++;
  }
  scope.postMessage(turns);
};
