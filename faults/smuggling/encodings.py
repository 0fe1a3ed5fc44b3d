"""Transfer-Encoding: what is not exactly `chunked`, and what hides the header."""

from .case import (
    BODY,
    CHUNKED,
    JSON,
    LENGTH,
    Case,
    chunked,
    either,
    get,
    post,
    refused,
    request,
    served,
)


def _said(value: bytes) -> bytes:
    return post(b"Transfer-Encoding: " + value, body=chunked())


VALUES: list[Case] = [
    served("chunked", post(CHUNKED, body=chunked())),
    served("chunked, in odd letter cases", _said(b"cHuNkEd")),
    served("chunked, with spaces around it", _said(b"   chunked   ")),
    served("chunked, after a tab", _said(b"\tchunked")),
    served("chunked, in segments", post(CHUNKED, body=b""), chunked()[:7], chunked()[7:]),
    refused("xchunked", _said(b"xchunked")),
    refused("chunkedx", _said(b"chunkedx")),
    refused("chunk", _said(b"chunk")),
    refused("chunked, then identity", _said(b"chunked, identity")),
    refused("identity, then chunked", _said(b"identity, chunked")),
    refused(
        "identity, then chunked, in two lines",
        post(b"Transfer-Encoding: identity", CHUNKED, body=chunked()),
    ),
    refused(
        "chunked, then identity, in two lines",
        post(CHUNKED, b"Transfer-Encoding: identity", body=chunked()),
    ),
    refused("identity alone", _said(b"identity")),
    refused("identity with a length", post(b"Transfer-Encoding: identity", LENGTH)),
    refused("chunked twice in a line", _said(b"chunked, chunked")),
    refused("chunked twice in two lines", post(CHUNKED, CHUNKED, body=chunked())),
    refused("gzip, then chunked", _said(b"gzip, chunked")),
    refused("gzip alone", _said(b"gzip")),
    refused("chunked, then nothing", _said(b"chunked,")),
    refused("nothing, then chunked", _said(b", chunked")),
    refused("chunked and a parameter", _said(b"chunked;q=1")),
    refused("chunked in quotes", _said(b'"chunked"')),
    refused("nothing", _said(b"")),
    refused("nothing, with a length", post(b"Transfer-Encoding:", LENGTH)),
    refused("a vertical tab before chunked", _said(b"\x0bchunked")),
    refused("a vertical tab after chunked", _said(b"chunked\x0b")),
    refused("a form feed before chunked", _said(b"\x0cchunked")),
    refused("a no-break space before chunked", _said(b"\xa0chunked")),
    refused("NUL after chunked", _said(b"chunked\x00")),
    refused("chun-ked", _said(b"chun ked")),
    refused("chunKed with a Kelvin sign", _said("chun\u212aed".encode())),
    refused(
        "chunked in HTTP/1.0", request(b"POST /user/forgot HTTP/1.0", JSON, CHUNKED, body=chunked())
    ),
    refused(
        "chunked in HTTP/1.0 that is kept alive",
        request(
            b"POST /user/forgot HTTP/1.0", JSON, CHUNKED, b"Connection: keep-alive", body=chunked()
        ),
    ),
]

# A front end that overlooks the header takes the length; one that does not takes the chunks.
HIDDEN: list[Case] = [
    refused("a space before its colon", post(LENGTH, b"Transfer-Encoding : chunked")),
    refused("a tab before its colon", post(LENGTH, b"Transfer-Encoding\t: chunked")),
    refused("a vertical tab before its colon", post(LENGTH, b"Transfer-Encoding\x0b: chunked")),
    refused("NUL before its colon", post(LENGTH, b"Transfer-Encoding\x00: chunked")),
    refused("NUL in the name", post(LENGTH, b"Transfer\x00-Encoding: chunked")),
    refused("a space before the name", post(LENGTH, b" Transfer-Encoding: chunked")),
    refused("a tab before the name", post(LENGTH, b"\tTransfer-Encoding: chunked")),
    refused("folded", post(LENGTH, b"Transfer-Encoding:\r\n chunked")),
    refused("folded, alone", post(b"Transfer-Encoding:\r\n chunked", body=chunked())),
    refused("folded with a tab, alone", post(b"Transfer-Encoding:\r\n\tchunked", body=chunked())),
    refused(
        "in the fold of another header", post(LENGTH, b"X-Folded: y\r\n Transfer-Encoding: chunked")
    ),
    refused("after a bare LF", post(LENGTH, b"X-Before: y\nTransfer-Encoding: chunked")),
    refused("after a bare CR", post(LENGTH, b"X-Before: y\rTransfer-Encoding: chunked")),
    refused("before a bare CR", post(LENGTH, b"Transfer-Encoding: chunked\rX-After: y")),
    refused("ended by CR CR LF", post(LENGTH, b"Transfer-Encoding: chunked\r", body=chunked())),
    refused("no colon", post(LENGTH, b"Transfer-Encoding chunked")),
    refused("an equals sign for the colon", post(LENGTH, b"Transfer-Encoding= chunked")),
    refused("a name in quotes", post(LENGTH, b'"Transfer-Encoding": chunked')),
    refused("as a Unicode look-alike", post(LENGTH, "Tr\u0430nsfer-Encoding: chunked".encode())),
    served("another name that resembles it", post(LENGTH, b"Transfer-Encoding-X: chunked")),
    served(
        "with an underscore, which is another name", post(LENGTH, b"Transfer_Encoding: chunked")
    ),
    served("TE, which is about answers", post(LENGTH, b"TE: chunked", b"Connection: TE")),
    served("as the value of another header", post(LENGTH, b"X-Header: Transfer-Encoding: chunked")),
    either("on a GET", get(CHUNKED, body=chunked(BODY))),
]

CASES: list[Case] = [*VALUES, *HIDDEN]
