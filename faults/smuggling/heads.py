"""Request lines, hosts, names, values and line ends."""

from .case import (
    BODY,
    HOST,
    JSON,
    LENGTH,
    OUTER,
    Case,
    either,
    get,
    post,
    refused,
    request,
    served,
    unfinished,
)

_LINE = b"GET /health/live HTTP/1.1"
_ID = b"X-Request-Id: " + OUTER


def _raw(*lines: bytes, end: bytes = b"\r\n") -> bytes:
    return end.join([*lines, b"", b""])


LINE_ENDS: list[Case] = [
    either("bare LFs only", _raw(_LINE, HOST, _ID, end=b"\n")),
    either(
        "bare LFs only, and a body",
        _raw(b"POST /user/forgot HTTP/1.1", HOST, _ID, JSON, LENGTH, end=b"\n") + BODY,
    ),
    either("one bare LF among CRLFs", get(b"X-One: 1\nX-Two: 2")),
    either("an empty line that is a bare LF", get(b"X: y").replace(b"X: y\r\n\r\n", b"X: y\r\n\n")),
    refused("bare CRs only", _raw(_LINE, HOST, _ID, end=b"\r")),
    refused("a bare CR in a value", get(b"X-One: 1\r2")),
    refused("a bare CR before a line end", get(b"X-One: 1\r")),
    refused("a bare CR in the request line", _raw(b"GET /health/live\r HTTP/1.1", HOST, _ID)),
    refused(
        "an empty line that is CR CR LF", get(b"X: y").replace(b"X: y\r\n\r\n", b"X: y\r\n\r\r\n")
    ),
    either("an empty line before the request", b"\r\n" + get()),
    either("three empty lines before the request", b"\r\n\r\n\r\n" + get()),
    either("a bare LF before the request", b"\n" + get()),
    refused("a bare CR before the request", b"\r" + get()),
    refused("a folded value", get(b"X-One: 1\r\n 2")),
    refused("a value folded with a tab", get(b"X-One: 1\r\n\t2")),
    refused("a first header that begins with a space", _raw(_LINE, b" " + HOST, HOST, _ID)),
    unfinished("no empty line", get()[:-2]),
    unfinished("half a request line", b"GET /heal"),
]

REQUEST_LINES: list[Case] = [
    refused("tabs in the request line", _raw(b"GET\t/health/live\tHTTP/1.1", HOST, _ID)),
    refused(
        "vertical tabs in the request line", _raw(b"GET\x0b/health/live\x0bHTTP/1.1", HOST, _ID)
    ),
    refused("NUL in the path", _raw(b"GET /health/\x00live HTTP/1.1", HOST, _ID)),
    refused("a space in the path", _raw(b"GET /health/live /x HTTP/1.1", HOST, _ID)),
    refused("two spaces after the method", _raw(b"GET  /health/live HTTP/1.1", HOST, _ID)),
    refused("two spaces before the version", _raw(b"GET /health/live  HTTP/1.1", HOST, _ID)),
    refused("a space after the version", _raw(b"GET /health/live HTTP/1.1 ", HOST, _ID)),
    refused("a space before the method", _raw(b" " + _LINE, HOST, _ID)),
    refused("no version", _raw(b"GET /health/live", HOST, _ID)),
    refused("HTTP/0.9", _raw(b"GET /health/live HTTP/0.9", HOST, _ID)),
    refused("HTTP/1.2", _raw(b"GET /health/live HTTP/1.2", HOST, _ID)),
    refused("HTTP/1.10", _raw(b"GET /health/live HTTP/1.10", HOST, _ID)),
    refused("HTTP/2.0", _raw(b"GET /health/live HTTP/2.0", HOST, _ID)),
    refused("HTTP/1,1", _raw(b"GET /health/live HTTP/1,1", HOST, _ID)),
    refused("http in small letters", _raw(b"GET /health/live http/1.1", HOST, _ID)),
    unfinished(
        "the start of HTTP/2",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    ),
    refused(
        "a TLS client",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) + b"\r\n\r\n",
    ),
    refused("an SSH client", b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    refused("a PROXY protocol line", b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n" + get()),
    refused("an empty method", _raw(b" /health/live HTTP/1.1", HOST, _ID)),
    refused("a colon in the method", _raw(b"GET: /health/live HTTP/1.1", HOST, _ID)),
    refused("a path without a slash", _raw(b"GET health/live HTTP/1.1", HOST, _ID)),
    refused("a path of 70,000 bytes", _raw(b"GET /" + b"a" * 70_000 + b" HTTP/1.1", HOST, _ID)),
    served(
        "a method in small letters, which is another one",
        request(b"get /health/live HTTP/1.1"),
        status=405,
    ),
    served("an unknown method", request(b"SMUGGLE /health/live HTTP/1.1"), status=405),
    either("absolute form", request(b"GET http://faults.example/health/live HTTP/1.1")),
    either(
        "absolute form with another host", request(b"GET http://other.example/health/live HTTP/1.1")
    ),
    either(
        "absolute form with a user", request(b"GET http://a@other.example/health/live HTTP/1.1")
    ),
    either("a fragment", request(b"GET /health/live#x HTTP/1.1")),
]

HOSTS: list[Case] = [
    refused("no Host", _raw(_LINE, _ID)),
    refused("Host twice", get(b"Host: other.example")),
    refused("the same Host twice", get(HOST)),
    refused("Host with a space", _raw(_LINE, b"Host: faults.example other.example", _ID)),
    refused("Host with a comma", _raw(_LINE, b"Host: faults.example, other.example", _ID)),
    refused("Host with a path", _raw(_LINE, b"Host: faults.example/x", _ID)),
    refused("Host with a user", _raw(_LINE, b"Host: a@faults.example", _ID)),
    either("an empty Host", _raw(_LINE, b"Host:", _ID)),
    either(
        "no Host in HTTP/1.0", _raw(b"GET /health/live HTTP/1.0", _ID, b"Connection: keep-alive")
    ),
]

FIELDS: list[Case] = [
    refused("a space before a colon", get(b"X-One : 1")),
    refused("a tab before a colon", get(b"X-One\t: 1")),
    refused("a space in a name", get(b"X One: 1")),
    refused("NUL in a name", get(b"X\x00One: 1")),
    refused("a vertical tab in a name", get(b"X\x0bOne: 1")),
    refused("an empty name", get(b": 1")),
    refused("no colon", get(b"X-One")),
    refused("parentheses in a name", get(b"X-(One): 1")),
    refused("Latin-1 in a name", get(b"X-\xe9: 1")),
    refused("NUL in a value", get(b"X-One: 1\x002")),
    refused("a vertical tab in a value", get(b"X-One: 1\x0b2")),
    refused("an escape in a value", get(b"X-One: \x1b[2J")),
    refused("DEL in a value", get(b"X-One: 1\x7f2")),
    served("a tab in a value", get(b"X-One: 1\t2")),
    either("Latin-1 in a value", get(b"X-One: \xe9")),
    served("an empty value", get(b"X-One:")),
    refused("a header of 70,000 bytes", get(b"X-One: " + b"a" * 70_000)),
    refused("200 headers", get(*[b"X-%d: y" % n for n in range(200)])),
    served("a length of 0 on a GET", get(b"Content-Length: 0")),
    served("a body on a GET", get(LENGTH, body=BODY)),
    served("a body on a GET, in a segment of its own", get(LENGTH), BODY),
    served("a body after its head", post(LENGTH, body=b""), BODY),
]

CASES: list[Case] = [*LINE_ENDS, *REQUEST_LINES, *HOSTS, *FIELDS]
