// Makes one call to the API. Whatever happens is an answer, so that nobody has to catch anything.

// The service gives up after http.handler_timeout, which is a minute; this is for a lost network.
const PATIENCE = 70_000; // milliseconds

/**
 * @param {string} step what the person did, in the words of the button
 * @param {string} method
 * @param {string} path below the page's own folder: a proxy may serve us under a path
 * @param {{fields?: Object, token?: string}} [what]
 */
export async function call(step, method, path, { fields, token } = {}) {
  const request = { step, method, path, url: new URL(path, document.baseURI).href, fields, token };
  try {
    const response = await fetch(request.url, {
      method,
      headers: headersOf(request),
      body: fields && JSON.stringify(fields),
      signal: AbortSignal.timeout(PATIENCE),
    });
    const text = await response.text();
    return {
      request,
      ok: response.ok,
      status: response.status,
      body: parsed(text),
      retryAfter: Number(response.headers.get("retry-after")) || 0, // seconds
    };
  } catch {
    return { request, ok: false, status: 0, body: { code: "unreachable" }, retryAfter: 0 };
  }
}

/** The headers of a call, also for showing it. */
export function headersOf({ fields, token }) {
  return {
    ...(token && { Authorization: `Bearer ${token}` }),
    ...(fields && { "Content-Type": "application/json" }),
  };
}

function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {}; // a proxy's own page
  }
}
