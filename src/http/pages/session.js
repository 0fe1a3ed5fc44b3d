// Keeps the access token: in sessionStorage, so that loading the page again does not log out.
//
// Not in localStorage, which outlives the tab and is shared with every other one. A script of a
// stranger could read either, and memory as well; what keeps such scripts out is the page's content
// security policy.

const KEY = "doorward.token";

let memory = null; // where the browser stores nothing for this site

export function token() {
  try {
    return sessionStorage.getItem(KEY) ?? memory;
  } catch {
    return memory;
  }
}

export function keep(token) {
  memory = token;
  try {
    sessionStorage.setItem(KEY, token);
  } catch {
    // Then it lives until the page is left.
  }
}

export function forget() {
  memory = null;
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // It was never there.
  }
}
