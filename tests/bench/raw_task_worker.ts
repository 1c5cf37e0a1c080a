/**
 * The raw limit of a task whose result is kept: in a bare worker, a file of the same size written under a
 * temporary name and renamed. No plan, no journal, no checksum, no folder of its own.
 */
import { toResultFile, toStored } from "../../src/store/result_file.ts";

/** Tasks `first` to `end - 1`, whose results go into `folder`. */
export interface RawWork {
  readonly folder: string;
  readonly first: number;
  readonly end: number;
}

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<RawWork>) => void) | null;
  postMessage(done: number): void;
};
const file = toResultFile(toStored(1_000));

scope.onmessage = ({ data: { folder, first, end } }) => {
  for (let n = first; n < end; n++) {
    Deno.writeFileSync(`${folder}/${n}.tmp`, file);
    Deno.renameSync(`${folder}/${n}.tmp`, `${folder}/${n}`);
  }
  scope.postMessage(end - first);
};
