/** How messages travel, in every place in which actors live. */
import { askContract } from "./actor/ask_contract.ts";
import { askTimeContract } from "./actor/ask_time_contract.ts";
import { mailboxContract } from "./actor/mailbox_contract.ts";
import { PLACES } from "./actor/place.ts";
import { refContract } from "./actor/ref_contract.ts";
import { sendContract } from "./actor/send_contract.ts";
import { streamContract } from "./actor/stream_contract.ts";
import { valueContract } from "./actor/value_contract.ts";

for (const name of PLACES) {
  sendContract(name);
  askContract(name);
  askTimeContract(name);
  streamContract(name);
  mailboxContract(name);
  refContract(name);
  valueContract(name);
}
