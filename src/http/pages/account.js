// The account page: each step is one call, and each call is shown.

import { call } from "./call.js";
import { clear, tell, wire } from "./form.js";
import { forgetAll, show } from "./shown_calls.js";
import * as session from "./session.js";
import { words } from "./words.js";

const byId = (id) => document.getElementById(id);
const change = byId("change");
const views = ["login", "register", "forgot", "account"];
const product = document.querySelector(".brand").textContent;

/** Which view the address and the session ask for. */
function asked() {
  const name = location.hash.slice(1);
  if (name === "forgot") return name;
  if (session.token()) return "account";
  return name === "register" ? name : "login";
}

function render() {
  const now = asked();
  for (const view of views) byId(`${view}-view`).hidden = view !== now;
  const nav = byId("ways");
  nav.hidden = now === "account";
  for (const link of nav.children) {
    if (link.hash === `#${now}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const heading = byId(`${now}-view`).querySelector("h1");
  document.title = `${heading.textContent} – ${product}`;
  return heading;
}

function enter(token) {
  session.keep(token);
  // The address would show the last view again after logging out.
  history.replaceState(null, "", location.pathname);
  return whoAmI("Who am I");
}

function leave() {
  session.forget();
  for (const form of document.forms) clear(form);
  render();
}

async function whoAmI(step) {
  const answer = await call(step, "GET", "user", { token: session.token() });
  if (answer.ok) fill(answer.body);
  return answer;
}

function fill({ id, email }) {
  byId("my-email").textContent = email;
  byId("my-id").textContent = id;
  change.elements.email.value = email;
  const resend = byId("resend");
  if (resend) resend.elements.email.value = email;
}

/** A token that died elsewhere: back to the login, which says why. */
function isDead(answer) {
  if (answer.body.code !== "invalid_token") return false;
  leave();
  tell(words(answer), "bad");
  return true;
}

async function arrived(answer, text) {
  const me = await enter(answer.body.token);
  show(me);
  if (isDead(me)) return;
  if (me.ok) tell(text, "good");
  else tell(words(me), "bad");
  render().focus();
}

wire("login",
  (fields) => call("Log in", "POST", "user/login", { fields }),
  (answer) => arrived(answer, "You are logged in."));

wire("register",
  (fields) => call("Register", "POST", "user/create", { fields }),
  (answer, { email }) => {
    const mail = `We sent a mail to ${email}; please open the link in it.`;
    // Without a token, nobody learns here whether the address had an account before.
    if (!answer.body.token) tell(mail, "good");
    else if (byId("resend")) return arrived(answer, `Your account is ready. ${mail}`);
    else return arrived(answer, "Your account is ready.");
  });

wire("forgot",
  (fields) => call("Forgot password", "POST", "user/forgot", { fields }),
  (_, { email }) => tell(`If ${email} has an account, a mail with a link is on its way.`, "good"));

wire("me",
  () => whoAmI("Who am I"),
  ({ body }) => tell(`You are ${body.email}.`, "good"),
  isDead);

wire("change",
  (fields) => call("Change the password", "POST", "user/change_password", { fields, token: session.token() }),
  (answer) => {
    session.keep(answer.body.token);
    tell("Your password is changed. This device has a new token, and every older one is dead.", "good");
  },
  isDead);

if (byId("resend")) {
  wire("resend",
    (fields) => call("Send the mail again", "POST", "user/confirm/resend", { fields }),
    () => tell("A mail is on its way, if the address is not confirmed yet.", "good"));
}

// No call: the token is forgotten here. Changing the password is what ends it everywhere.
byId("logout").addEventListener("click", () => {
  forgetAll();
  leave();
  tell("You are logged out. That took no call: this page has only forgotten the token.", "good");
});

addEventListener("hashchange", () => {
  tell("");
  render().focus();
});

render();
if (session.token()) {
  const me = await whoAmI("Who am I");
  show(me);
  if (!me.ok && !isDead(me)) tell(words(me), "bad");
}
