/** How actors live, wherever they live: one suite for all places. */
import { deadLetterContract } from "./actor/dead_letter_contract.ts";
import { hostContract } from "./actor/host_contract.ts";
import { lifecycleContract } from "./actor/lifecycle_contract.ts";
import { PLACES } from "./actor/place.ts";
import { snapshotContract } from "./actor/snapshot_contract.ts";
import { stashContract } from "./actor/stash_contract.ts";
import { supervisionContract } from "./actor/supervision_contract.ts";
import { timerContract } from "./actor/timer_contract.ts";
import { watchContract } from "./actor/watch_contract.ts";

for (const name of PLACES) {
  lifecycleContract(name);
  supervisionContract(name);
  watchContract(name);
  timerContract(name);
  stashContract(name);
  deadLetterContract(name);
  snapshotContract(name);
  if (name !== "local") hostContract(name);
}
