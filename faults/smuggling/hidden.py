"""The known attacks, each with a request hidden in what may be a body."""

from .case import (
    BODY,
    CHUNKED,
    HIDDEN_REQUEST,
    HIDDEN_START,
    JSON,
    LAST_CHUNK,
    Case,
    chunk,
    chunked,
    either,
    get,
    last,
    length,
    post,
    refused,
    request,
    served,
)

_EARLY = LAST_CHUNK + HIDDEN_START
# Chunked for who believes that; five bytes and a request for who believes the length.
_LATE = chunked(HIDDEN_REQUEST)

_SPOILT = {
    "xchunked": b"Transfer-Encoding: xchunked",
    "a second, unknown one": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
    "an unknown one before it": b"Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
    "a space before the colon": b"Transfer-Encoding : chunked",
    "a vertical tab before the value": b"Transfer-Encoding: \x0bchunked",
    "a tab before the value": b"Transfer-Encoding:\tchunked",
    "a space before the name": b" Transfer-Encoding: chunked",
    "a bare LF before the name": b"X: x\nTransfer-Encoding: chunked",
    "a bare CR before the name": b"X: x\rTransfer-Encoding: chunked",
    "a fold": b"Transfer-Encoding\r\n : chunked",
    "a fold after the colon": b"Transfer-Encoding:\r\n chunked",
    "quotes": b"Transfer-Encoding: 'chunked'",
    "identity before it": b"Transfer-Encoding: identity, chunked",
    "identity after it": b"Transfer-Encoding: chunked, identity",
    "odd letter cases": b"tRANSFER-eNCODING: cHUNKED",
}

CLASSIC: list[Case] = [
    refused("CL.TE", post(length(_EARLY), CHUNKED, body=_EARLY)),
    refused(
        "CL.TE, a whole request",
        post(length(LAST_CHUNK + HIDDEN_REQUEST), CHUNKED, body=LAST_CHUNK + HIDDEN_REQUEST),
    ),
    refused("CL.TE, on a GET", get(length(_EARLY), CHUNKED, body=_EARLY)),
    refused(
        "CL.TE, after a first chunk",
        post(length(chunk(BODY) + _EARLY), CHUNKED, body=chunk(BODY) + _EARLY),
    ),
    refused("TE.CL", post(b"Content-Length: 4", CHUNKED, body=_LATE)),
    refused("TE.CL, the other order", post(CHUNKED, b"Content-Length: 4", body=_LATE)),
    refused(
        "TE.0", request(b"OPTIONS /user/forgot HTTP/1.1", b"Content-Length: 0", CHUNKED, body=_LATE)
    ),
    *(
        refused(f"TE.TE by {how}, CL.TE", post(length(_EARLY), te, body=_EARLY))
        for how, te in _SPOILT.items()
    ),
    *(
        refused(f"TE.TE by {how}, TE.CL", post(b"Content-Length: 4", te, body=_LATE))
        for how, te in _SPOILT.items()
    ),
    refused("CL.CL", post(length(BODY + HIDDEN_START), length(BODY), body=BODY + HIDDEN_START)),
    refused(
        "CL.CL, the other order",
        post(length(BODY), length(BODY + HIDDEN_START), body=BODY + HIDDEN_START),
    ),
    refused(
        "CL.CL in a list",
        post(
            b"Content-Length: %d, %d" % (len(BODY), len(BODY + HIDDEN_START)),
            body=BODY + HIDDEN_START,
        ),
    ),
    refused(
        "CL.TE in HTTP/1.0",
        request(
            b"POST /user/forgot HTTP/1.0",
            b"Connection: keep-alive",
            JSON,
            length(_EARLY),
            CHUNKED,
            body=_EARLY,
        ),
    ),
    refused(
        "TE in HTTP/1.0",
        request(
            b"POST /user/forgot HTTP/1.0", b"Connection: keep-alive", JSON, CHUNKED, body=_EARLY
        ),
    ),
]

# The length is right and alone; whoever forgets the body takes it for the next request.
NO_BODY_READ: list[Case] = [
    served("CL.0 on a GET", get(length(HIDDEN_REQUEST), body=HIDDEN_REQUEST)),
    served("CL.0 on a GET, the body later", get(length(HIDDEN_REQUEST)), HIDDEN_REQUEST),
    served(
        "CL.0 on a path that is not there",
        request(b"POST /nowhere HTTP/1.1", length(HIDDEN_REQUEST), body=HIDDEN_REQUEST),
        status=404,
    ),
    served(
        "CL.0 on a method that is not allowed",
        request(b"POST /health/live HTTP/1.1", length(HIDDEN_REQUEST), body=HIDDEN_REQUEST),
        status=405,
    ),
    served(
        "CL.0 on DELETE",
        request(b"DELETE /user HTTP/1.1", length(HIDDEN_REQUEST), body=HIDDEN_REQUEST),
        status=405,
    ),
    served(
        "CL.0 on another media type",
        request(
            b"POST /user/forgot HTTP/1.1",
            b"Content-Type: text/plain",
            length(HIDDEN_REQUEST),
            body=HIDDEN_REQUEST,
        ),
        status=415,
    ),
    served("CL.0 on a JSON route", post(length(HIDDEN_REQUEST), body=HIDDEN_REQUEST), status=400),
    served(
        "CL.0 with the start of a request",
        post(length(HIDDEN_START), body=HIDDEN_START),
        status=400,
    ),
    either(
        "CL.0 on a body that is too large",
        post(length(HIDDEN_REQUEST * 2_000), body=HIDDEN_REQUEST * 2_000),
        status=413,
    ),
    served("0 chunks on a GET", get(CHUNKED, body=chunked(HIDDEN_REQUEST))),
    served(
        "CL.0 without a token",
        request(
            b"POST /user/change_password HTTP/1.1",
            JSON,
            length(HIDDEN_REQUEST),
            body=HIDDEN_REQUEST,
        ),
        status=400,
    ),
    either(
        "CL.0 in HTTP/1.0",
        request(
            b"GET /health/live HTTP/1.0",
            b"Connection: keep-alive",
            length(HIDDEN_REQUEST),
            body=HIDDEN_REQUEST,
        ),
    ),
    served(
        "Expect: 100-continue",
        post(b"Expect: 100-continue", length(HIDDEN_REQUEST), body=HIDDEN_REQUEST),
        status=400,
    ),
    served(
        "Expect: 100-continue, the body later",
        post(b"Expect: 100-continue", length(HIDDEN_REQUEST), body=b""),
        HIDDEN_REQUEST,
        status=400,
    ),
    served(
        "Expect: 100-continue on a GET",
        get(b"Expect: 100-continue", length(HIDDEN_REQUEST), body=HIDDEN_REQUEST),
    ),
    either(
        "Expect: something else",
        post(b"Expect: 200-maybe", length(HIDDEN_REQUEST), body=HIDDEN_REQUEST),
        status=400,
    ),
    served(
        "Upgrade: h2c",
        get(
            b"Connection: Upgrade, HTTP2-Settings",
            b"Upgrade: h2c",
            b"HTTP2-Settings: AAMAAABk",
            length(HIDDEN_REQUEST),
            body=HIDDEN_REQUEST,
        ),
    ),
    served(
        "Upgrade: websocket",
        get(
            b"Connection: Upgrade",
            b"Upgrade: websocket",
            length(HIDDEN_REQUEST),
            body=HIDDEN_REQUEST,
        ),
    ),
    # Hop-by-hop: whoever sits between removes what Connection names.
    served(
        "Connection names the length",
        post(
            b"Connection: keep-alive, Content-Length", length(HIDDEN_REQUEST), body=HIDDEN_REQUEST
        ),
        status=400,
    ),
    served(
        "Connection names the encoding",
        post(b"Connection: keep-alive, Transfer-Encoding", CHUNKED, body=chunked(HIDDEN_REQUEST)),
        status=400,
    ),
]

# The length is not understood, so that there is none.
NO_LENGTH: list[Case] = [
    refused(
        "0.CL by a vertical tab",
        get(b"Content-Length\x0b: %d" % len(HIDDEN_REQUEST), body=HIDDEN_REQUEST),
    ),
    refused(
        "0.CL by a space", get(b"Content-Length : %d" % len(HIDDEN_REQUEST), body=HIDDEN_REQUEST)
    ),
    refused(
        "0.CL by a fold", get(b"Content-Length:\r\n %d" % len(HIDDEN_REQUEST), body=HIDDEN_REQUEST)
    ),
    refused(
        "0.CL by a space before the name",
        get(b" Content-Length: %d" % len(HIDDEN_REQUEST), body=HIDDEN_REQUEST),
    ),
    refused(
        "0.CL by NUL", get(b"Content-Length\x00: %d" % len(HIDDEN_REQUEST), body=HIDDEN_REQUEST)
    ),
    refused(
        "0.CL by a bare CR",
        get(b"X: y\rContent-Length: %d" % len(HIDDEN_REQUEST), body=HIDDEN_REQUEST),
    ),
    served(
        "an underscore, so two requests",
        get(b"Content_Length: %d" % len(HIDDEN_REQUEST), body=HIDDEN_REQUEST),
        answers=2,
    ),
    served("no length, so two requests", get(body=HIDDEN_REQUEST), answers=2),
    served(
        "a length of 0, so two requests", get(b"Content-Length: 0", body=HIDDEN_REQUEST), answers=2
    ),
    served(
        "after a body, so two requests", post(length(BODY), body=BODY + HIDDEN_REQUEST), answers=2
    ),
    # How chunks end can be read in several ways, so nothing after them is read.
    last("a request after chunks", post(CHUNKED, body=chunked() + HIDDEN_REQUEST)),
]

_LIKE_HEADERS = b'{"email":"\nContent-Length: 5\nTransfer-Encoding: chunked\n"}'

# Whatever is in a body is its sender's affair and nobody else's.
LIKE_HEADERS: list[Case] = [
    either(
        "a body of lines like headers", post(length(_LIKE_HEADERS), body=_LIKE_HEADERS), status=400
    ),
    either(
        "the same, after its head", post(length(_LIKE_HEADERS), body=b""), _LIKE_HEADERS, status=400
    ),
    either("the same, on a GET", get(length(_LIKE_HEADERS)), _LIKE_HEADERS),
    either("the same, in chunks", post(CHUNKED, body=b""), chunked(_LIKE_HEADERS), status=400),
]

CASES: list[Case] = [*CLASSIC, *NO_BODY_READ, *NO_LENGTH, *LIKE_HEADERS]
