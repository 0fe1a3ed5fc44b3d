// Takes over a form: sends what was typed, says what happened, and puts errors beside their fields.

import { show } from "./shown_calls.js";
import { words, wrongFields } from "./words.js";

export const notice = document.querySelector(".notice");

/** Says what happened; `kind` is "good", "bad" or nothing. */
export function tell(text, kind = "") {
  notice.className = `notice ${kind}`;
  notice.textContent = text;
}

/**
 * @param {string} id of the form
 * @param {(fields: Object) => Promise} send makes the call
 * @param {(answer, fields: Object) => void} done after a success
 * @param {(answer) => boolean} refused may deal with a refusal; says whether it has
 */
export function wire(id, send, done, refused = () => false) {
  const form = document.getElementById(id);
  const all = form.querySelector("fieldset");
  form.querySelector(".reveal")?.addEventListener("change", ({ target }) => reveal(form, target.checked));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (all.disabled) return;
    const fields = Object.fromEntries(new FormData(form));
    clearErrors(form);
    tell("One moment…");
    all.disabled = true;
    form.ariaBusy = "true";
    const answer = await send(fields);
    all.disabled = false;
    form.ariaBusy = null;
    show(answer);
    if (answer.ok) {
      tell("");
      clear(form);
      done(answer, fields);
    } else if (!refused(answer)) {
      complain(form, answer);
    }
  });
}

/** Puts every error beside its field, and what belongs to none on top. */
function complain(form, answer) {
  const wrong = wrongFields(answer);
  for (const { field, text } of wrong) {
    const input = form.elements[field];
    const place = document.getElementById(`${input.id}-error`);
    if (!place) {
      tell(text, "bad");
      continue;
    }
    input.setAttribute("aria-invalid", "true");
    place.textContent = text;
  }
  const first = form.querySelector("[aria-invalid]");
  if (first) {
    tell(wrong.length > 1 ? "Some fields are not right yet." : "One field is not right yet.", "bad");
    first.focus();
  } else {
    tell(words(answer), "bad");
    notice.focus();
  }
}

function clearErrors(form) {
  for (const input of form.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    document.getElementById(`${input.id}-error`).textContent = "";
  }
}

/** Secrets do not stay in a form that has done its work. */
export function clear(form) {
  clearErrors(form);
  reveal(form, false);
  const box = form.querySelector(".reveal");
  if (box) box.checked = false;
  for (const input of form.querySelectorAll("input.password, input[type=password], [name$=_token]")) {
    input.value = "";
  }
}

function reveal(form, readable) {
  for (const input of form.querySelectorAll("input.password, input[type=password]")) {
    input.classList.add("password"); // what it was, once its type says text
    input.type = readable ? "text" : "password";
  }
}
