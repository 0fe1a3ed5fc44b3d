"""One hostile request, and how it is built."""

from dataclasses import dataclass
from enum import Enum

# Ids that doorward sends back: whose answer is this?
OUTER = b"the-outer-request"
HIDDEN = b"the-hidden-request"

HOST = b"Host: faults.example"
_MARKED = HOST + b"\r\nX-Request-Id: "
JSON = b"Content-Type: application/json"
# A request that is always answered 200 and costs little; nobody has this address.
BODY = b'{"email":"nobody@faults.example"}'
LENGTH = b"Content-Length: %d" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked"

# A whole request, to be kept in a body; and one that would swallow what comes after it.
HIDDEN_REQUEST = b"GET /user HTTP/1.1\r\n" + _MARKED + HIDDEN + b"\r\n\r\n"
HIDDEN_START = b"GET /user HTTP/1.1\r\n" + _MARKED + HIDDEN + b"\r\nX-Swallowed: "


class Must(Enum):
    """What doorward has to do when it is asked directly."""

    # One 4xx, or 501, and the end of the connection.
    BE_REFUSED = "refused, and the connection closed"
    # Its answers, and then that of the next request on the same connection.
    BE_SERVED = "served, and the next request as well"
    # Both are sound readings.
    BE_EITHER = "refused and closed, or served"
    # It may be served, but whatever comes after it could be part of it.
    BE_LAST = "the last on its connection"
    # The rest never comes, or it is no HTTP/1 at all.
    NOT_SUCCEED = "no success"


@dataclass(frozen=True)
class Case:
    """What one client sends on one connection."""

    name: str
    must: Must
    # Segments; the next is sent when the one before has arrived, or was answered.
    parts: tuple[bytes, ...]
    # How many requests this is, and the status of the first when it is served.
    answers: int = 1
    status: int = 200


def refused(name: str, *parts: bytes) -> Case:
    """One that must not be taken."""
    return Case(name, Must.BE_REFUSED, parts)


def served(name: str, *parts: bytes, answers: int = 1, status: int = 200) -> Case:
    """One that is legal."""
    return Case(name, Must.BE_SERVED, parts, answers, status)


def either(name: str, *parts: bytes, answers: int = 1, status: int = 200) -> Case:
    """One that is legal, or that a careful server may refuse."""
    return Case(name, Must.BE_EITHER, parts, answers, status)


def last(name: str, *parts: bytes) -> Case:
    """One after which nothing can be read for certain."""
    return Case(name, Must.BE_LAST, parts)


def unfinished(name: str, *parts: bytes) -> Case:
    """One that stops in the middle, or looks as if."""
    return Case(name, Must.NOT_SUCCEED, parts)


def request(line: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    """A request with a host and an id."""
    return b"\r\n".join([line, _MARKED + OUTER, *headers, b"", body])


def post(*headers: bytes, body: bytes = BODY) -> bytes:
    """One with a body that is read."""
    return request(b"POST /user/forgot HTTP/1.1", JSON, *headers, body=body)


def get(*headers: bytes, body: bytes = b"") -> bytes:
    """One that needs no body."""
    return request(b"GET /health/live HTTP/1.1", *headers, body=body)


def length(body: bytes) -> bytes:
    """The header of a body of known length."""
    return b"Content-Length: %d" % len(body)


def chunk(data: bytes) -> bytes:
    """One chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"


def chunked(data: bytes = BODY) -> bytes:
    """A whole body in one chunk."""
    return chunk(data) + LAST_CHUNK
