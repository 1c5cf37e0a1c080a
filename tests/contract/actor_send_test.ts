/** How messages travel, in every place in which actors live. */
import { askContract } from "./actor/ask_contract.ts";
import { askTimeContract } from "./actor/ask_time_contract.ts";
import { PLACES } from "./actor/place.ts";
import { sendContract } from "./actor/send_contract.ts";

for (const name of PLACES) {
  sendContract(name);
  askContract(name);
  askTimeContract(name);
}
