"""Content-Length: twice, with Transfer-Encoding, and written in every wrong way."""

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
    unfinished,
)

_N = b"%d" % len(BODY)


def _said(value: bytes) -> bytes:
    return post(b"Content-Length: " + value)


BOTH: list[Case] = [
    refused("Content-Length, then Transfer-Encoding", post(LENGTH, CHUNKED, body=chunked())),
    refused("Transfer-Encoding, then Content-Length", post(CHUNKED, LENGTH, body=chunked())),
    refused(
        "both, in odd letter cases",
        post(b"cOnTeNt-LeNgTh: 5", b"TRANSFER-encoding: CHUNKED", body=chunked()),
    ),
    refused(
        "both, and no space after the colons",
        post(b"Content-Length:5", b"Transfer-Encoding:chunked", body=chunked()),
    ),
    refused(
        "Content-Length: 0 and Transfer-Encoding",
        post(b"Content-Length: 0", CHUNKED, body=chunked()),
    ),
    refused(
        "both, and the length is that of the chunked body",
        post(b"Content-Length: %d" % len(chunked()), CHUNKED, body=chunked()),
    ),
    refused(
        "both, far apart",
        post(LENGTH, *[b"X-%d: y" % n for n in range(40)], CHUNKED, body=chunked()),
    ),
    refused("both, on a GET", get(LENGTH, CHUNKED, body=chunked())),
    refused(
        "both, in two segments",
        post(LENGTH, b"Transfer-")[: -4 - len(BODY)],
        b"Encoding: chunked\r\n\r\n" + chunked(),
    ),
    refused("both, and an empty length", post(b"Content-Length:", CHUNKED, body=chunked())),
    refused(
        "both, and a length that is no number", post(b"Content-Length: x", CHUNKED, body=chunked())
    ),
    refused("both, and an encoding that is unknown", post(LENGTH, b"Transfer-Encoding: x")),
    refused(
        "both, in HTTP/1.0",
        request(b"POST /user/forgot HTTP/1.0", JSON, LENGTH, CHUNKED, body=chunked()),
    ),
]

DUPLICATES: list[Case] = [
    refused("the same Content-Length twice", post(LENGTH, LENGTH)),
    refused("the same Content-Length three times", post(LENGTH, LENGTH, LENGTH)),
    refused(
        "the same Content-Length with and without a zero in front",
        post(LENGTH, b"Content-Length: 0" + _N),
    ),
    refused("two lengths, the longer one first", post(LENGTH, b"Content-Length: 5")),
    refused("two lengths, the shorter one first", post(b"Content-Length: 5", LENGTH)),
    refused("two lengths, one of them 0", post(b"Content-Length: 0", LENGTH)),
    refused("two lengths, one in capitals", post(LENGTH, b"CONTENT-LENGTH: 5")),
    refused("two lengths, one of them empty", post(LENGTH, b"Content-Length: ")),
]

VALUES: list[Case] = [
    refused("a length with a plus sign", _said(b"+" + _N)),
    refused("a negative length", _said(b"-1")),
    refused("minus nothing", _said(b"-0")),
    refused("a hexadecimal length", _said(b"0x21")),
    refused("a length in hexadecimal digits", _said(b"1F")),
    refused("an octal length", _said(b"0o41")),
    refused("a list of equal lengths", _said(_N + b", " + _N)),
    refused("a list of equal lengths without a space", _said(_N + b"," + _N)),
    refused("a list of different lengths", _said(_N + b", 5")),
    refused("a length and a comma", _said(_N + b",")),
    refused("a comma and a length", _said(b"," + _N)),
    refused("two lengths with a space between them", _said(_N + b" " + _N)),
    refused("a length with a tab in it", _said(b"3\t3")),
    refused("no length at all", _said(b"")),
    refused("a length of spaces", _said(b"   ")),
    refused("a length in words", _said(b"chunked")),
    refused("a length with a fraction", _said(_N + b".0")),
    refused("a length with an exponent", _said(b"33e0")),
    refused("a length with underscores", _said(b"3_3")),
    refused("a length with a semicolon", _said(_N + b";x=y")),
    refused("a length in quotes", _said(b'"' + _N + b'"')),
    refused("a length in Arabic digits", _said("\u0663\u0663".encode())),
    refused("a length in full-width digits", _said("\uff13\uff13".encode())),
    refused("a vertical tab before the length", _said(b"\x0b" + _N)),
    refused("a form feed after the length", _said(_N + b"\x0c")),
    refused("NUL after the length", _said(_N + b"\x00")),
    refused("NUL before the length", _said(b"\x00" + _N)),
    refused("a no-break space before the length", _said(b"\xa0" + _N)),
    refused("a length of 2 to the power of 64", _said(b"18446744073709551616")),
    refused("a length that is 33 in 64 bits", _said(b"18446744073709551649")),
    refused("a length of 40 digits", _said(b"9" * 40)),
    either("a length with zeros in front", _said(b"000" + _N)),
    served("spaces around the length", _said(b"  " + _N + b"  ")),
    served("a tab before the length", _said(b"\t" + _N)),
    unfinished("a length that is longer than the body", _said(b"1000")),
    unfinished(
        "a length that is 33 in the lower 32 of its 64 bits", _said(b"18446744069414584353")
    ),
    unfinished("a length of 4 GiB and 33 bytes", _said(b"4294967329")),
    unfinished("a body in two halves, the second one missing", post(LENGTH, body=BODY[:10])),
]

CASES: list[Case] = [*BOTH, *DUPLICATES, *VALUES]
