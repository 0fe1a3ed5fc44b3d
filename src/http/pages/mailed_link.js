// The page behind the link of a mail: takes the token out of the address, and sends it when the
// person says so.
//
// The token is in the fragment, which browsers send to no server: no log and no Referer has it. And
// opening the link does nothing yet: mail scanners open links, too.

import { clear, notice, tell, wire } from "./form.js";

const byId = (id) => document.getElementById(id);
const [use, again] = [byId("use"), byId("again")];

/**
 * @param {string} field the token's name in the API
 * @param {{use, again}} calls make the two calls: with the token, and for another mail
 * @param {{ready, dead, done}} texts what to say before, when the token is refused, and after
 */
export function run(field, calls, texts) {
  const open = () => {
    const { email, token } = takeFragment();
    const whole = /^[\w-]{43}$/.test(token);
    clear(use);
    for (const form of [use, again]) form.elements.email.value = email;
    use.elements[field].value = whole ? token : "";
    use.elements.email.readOnly = whole && email !== "";
    byId("by-hand").hidden = whole;
    stage({ use: true, another: !whole });
    if (whole) tell(texts.ready);
    else if (token) tell("The link is not complete; perhaps the mail program broke it in two. Copy all of it from the mail, or only the token. Or get another link.", "bad");
    else tell("The token is missing. Open the link in the mail once more, or copy the token from it. Or get another link.", "bad");
  };
  wire("use", calls.use, () => {
    stage({ next: true });
    tell(texts.done, "good");
    byId("next").firstChild.focus();
  }, (answer) => {
    if (answer.body.code !== "invalid_one_time_token") return false;
    // One that was typed may only be mistyped.
    stage({ use: !byId("by-hand").hidden, another: true, next: true });
    tell(texts.dead, "bad");
    notice.focus();
    return true;
  });
  wire("again", calls.again, (_, { email }) => {
    stage({});
    tell(`If ${email} has an account, a mail is on its way. Its link is the one that works.`, "good");
    notice.focus();
  });
  // A second link opened in the same tab changes nothing but the fragment.
  addEventListener("hashchange", () => location.hash && open());
  open();
}

/** Shows these parts of the page and no others. */
function stage(shown) {
  use.hidden = !shown.use;
  byId("another").hidden = !shown.another;
  byId("next").hidden = !shown.next;
}

/** Reads the fragment, and takes it out of the address bar and of the history at once. */
function takeFragment() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  history.replaceState(null, "", location.pathname + location.search);
  return { email: fragment.get("email") ?? "", token: fragment.get("token") ?? "" };
}
