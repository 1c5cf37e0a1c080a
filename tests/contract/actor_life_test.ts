/** How actors live, wherever they live: one suite for all places. */
import { PLACES } from "./actor/place.ts";
import { supervisionContract } from "./actor/supervision_contract.ts";

for (const name of PLACES) {
  supervisionContract(name);
}
