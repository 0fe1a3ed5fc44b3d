// What went wrong, in plain words. The codes never change; the service's own sentence is for codes
// that this page does not know, and for what depends on the settings.

const WORDS = {
  invalid_email: "This is not an e-mail address. One looks like ann@example.com.",
  email_taken: "This address has an account already. Log in, or choose a new password by mail.",
  email_not_found: "This is not the address of your account.",
  password_mismatch: "The two passwords are not the same.",
  password_guessable: "This password is easy to guess. Take a longer one, of words that do not belong together.",
  current_password_required: "Type your current password, too.",
  wrong_password: "This is not your current password.",
  wrong_credentials: "The address or the password is wrong.",
  reset_token_required: "The token is missing. It stands in the mail.",
  confirm_token_required: "The token is missing. It stands in the mail.",
  account_locked: "There were too many wrong passwords, so none is taken for a while. A new password, by mail, unlocks at once.",
  account_disabled: "This account is disabled.",
  email_not_confirmed: "This address is not confirmed yet. Open the link in the mail that we sent you.",
  invalid_token: "You are no longer logged in: the password was changed, or it has been too long.",
  rate_limited: "That was too often.",
  overloaded: "Very many people are logging in right now.",
  unavailable: "The service cannot answer right now.",
  request_timeout: "Sending it took too long. Please try again.",
  body_too_large: "That is far too long.",
  internal: "Something went wrong on our side. Please try again.",
  unreachable: "The service cannot be reached. Are you online?",
};

// Where a code belongs when it is the only one; several come with their fields.
const FIELDS = {
  invalid_email: "email",
  email_taken: "email",
  email_not_found: "email",
  password_mismatch: "new",
  password_policy: "new",
  password_guessable: "new",
  current_password_required: "password",
  wrong_password: "password",
  reset_token_required: "reset_token",
  confirm_token_required: "confirm_token",
};

/** Whatever is wrong with single fields, as `{field, text}`. */
export function wrongFields({ body, request }) {
  const fields = request.fields ?? {};
  const errors = body.errors ?? [{ field: FIELDS[body.code], ...body }];
  return errors
    .map((error) => {
      const newPassword = "new_password" in fields ? "new_password" : "password";
      const field = error.field === "new" ? newPassword : error.field;
      const empty = error.code === "password_mismatch" && fields[field] === "";
      return { field, text: empty ? "Choose a password." : sentence(error) };
    })
    .filter(({ field }) => field in fields);
}

/** The whole problem in a sentence or two. */
export function words({ body, status, retryAfter }) {
  const said = sentence(body) || `The service answered with status ${status}.`;
  return retryAfter > 0 ? `${said} Try again in ${duration(retryAfter)}.` : said;
}

function sentence({ code, detail }) {
  return WORDS[code] ?? (detail ? `${detail}.` : "");
}

function duration(seconds) {
  const [number, unit] =
    seconds < 90 ? [seconds, "second"]
    : seconds < 90 * 60 ? [Math.ceil(seconds / 60), "minute"]
    : [Math.ceil(seconds / 3600), "hour"];
  return `${number} ${unit}${number === 1 ? "" : "s"}`;
}
