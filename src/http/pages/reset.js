// The page behind "choose a new password" in a mail.

import { call } from "./call.js";
import { run } from "./mailed_link.js";
import { forget } from "./session.js";

const calls = {
  use: async (fields) => {
    const answer = await call("Set the new password", "POST", "user/reset_password", { fields });
    if (answer.ok) forget(); // it is dead, like every other one
    return answer;
  },
  again: (fields) => call("Send another link", "POST", "user/forgot", { fields }),
};

run("reset_token", calls, {
  ready: "",
  dead: "This link does not work: it was used, it is too old, or a newer one has replaced it. Get another one.",
  done: "Your new password is set, and your account is unlocked if it was locked. Every device that was logged in is logged out.",
});
