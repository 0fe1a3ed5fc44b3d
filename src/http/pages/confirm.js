// The page behind "confirm my address" in a mail.

import { call } from "./call.js";
import { run } from "./mailed_link.js";

const calls = {
  use: (fields) => call("Confirm the address", "POST", "user/confirm", { fields }),
  again: (fields) => call("Send another link", "POST", "user/confirm/resend", { fields }),
};

run("confirm_token", calls, {
  ready: "Press the button to confirm that this is your address.",
  dead: "This link does not work: it was used, it is too old, or a newer one has replaced it. If you have confirmed already, just log in. If not, get another one.",
  done: "Thank you, your address is confirmed.",
});
