// Shows the calls that were made, newest first, ready to copy as curl and as fetch. Secrets are
// hidden until somebody asks: others may look at the screen.

import { headersOf } from "./call.js";

const MOST = 6; // each holds what was typed
const HIDDEN = "••••••••"; // always as long, whatever is hidden
const SECRET = /^token$|password|_token$/;

const panel = document.getElementById("calls");
const list = panel.querySelector("ol");
const template = document.getElementById("shown-call");
let count = 0;

/** Adds a call and its answer. */
export function show(answer) {
  const { request } = answer;
  const item = template.content.cloneNode(true).firstElementChild;
  const part = (selector) => item.querySelector(selector);
  part(".step").textContent = request.step;
  part(".route").textContent = `${request.method} /${request.path}`;
  part(".status").textContent = answer.status || "no answer";
  part(".status").classList.add(answer.ok ? "good" : "bad");
  count += 1;
  for (const radio of item.querySelectorAll("[type=radio]")) radio.name = `shown-${count}`;

  const text = (hidden) => {
    const language = part("[type=radio]:checked").value;
    return (language === "curl" ? curl : fetchCall)(hidden ? withoutSecrets(request) : request);
  };
  const write = () => {
    const hidden = !part(".secrets").checked;
    part(".request code").textContent = text(hidden);
    part(".answer code").textContent = JSON.stringify(hidden ? masked(answer.body) : answer.body, null, 2);
    part(".copied").textContent = "";
  };
  part("details").addEventListener("change", write);
  part(".copy").addEventListener("click", () => copy(text(false), text(true) !== text(false), part(".copied")));
  write();

  for (const older of list.querySelectorAll("details")) older.open = false;
  part("details").open = !("folded" in panel.dataset);
  list.prepend(item);
  while (list.children.length > MOST) list.lastElementChild.remove();
  panel.hidden = false;
  document.getElementById("no-calls").hidden = true;
}

/** The passwords and tokens in them go, too. */
export function forgetAll() {
  list.replaceChildren();
  document.getElementById("no-calls").hidden = false;
}

function curl(request) {
  const { url, fields } = request;
  const lines = [`curl ${quoted(url)}`];
  for (const [name, value] of Object.entries(headersOf(request))) {
    lines.push(`-H ${quoted(`${name}: ${value}`)}`);
  }
  // With a body it is a POST, as every call with one is here.
  if (fields) lines.push(`-d ${quoted(inset(fields))}`);
  return lines.join(" \\\n  ");
}

function fetchCall(request) {
  const { method, url, fields } = request;
  const options = { method, headers: headersOf(request), body: fields && null };
  // The body is written as code: it is what a front end fills in.
  const body = fields && `JSON.stringify(${inset(fields)})`;
  const written = JSON.stringify(options, null, 2).replace('"body": null', () => `"body": ${body}`);
  return `const response = await fetch(${JSON.stringify(url)}, ${written});\n` +
    "const answer = await response.json();";
}

/** JSON on several lines, two spaces further to the right. */
function inset(fields) {
  return JSON.stringify(fields, null, 2).replaceAll("\n", "\n  ");
}

/** One word for a shell (POSIX): in single quotes everything is itself, but for one of them. */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function withoutSecrets(request) {
  return { ...request, fields: request.fields && masked(request.fields), token: request.token && HIDDEN };
}

function masked(fields) {
  const one = ([name, value]) => [name, SECRET.test(name) ? HIDDEN : value];
  return Object.fromEntries(Object.entries(fields).map(one));
}

async function copy(text, hasSecrets, told) {
  try {
    await navigator.clipboard.writeText(text);
    told.textContent = hasSecrets ? "Copied, with the secrets in it." : "Copied.";
  } catch {
    told.textContent = "The browser does not let this page copy. Show the secrets, then select the text.";
  }
}
