"""Chunked bodies: sizes, extensions, line ends and trailers."""

from .case import (
    BODY,
    CHUNKED,
    HIDDEN_REQUEST,
    HIDDEN_START,
    LAST_CHUNK,
    Case,
    chunk,
    chunked,
    either,
    last,
    post,
    refused,
    served,
    unfinished,
)

_SIZE = b"%x" % len(BODY)
_REST = BODY + b"\r\n" + LAST_CHUNK


def _body(body: bytes) -> bytes:
    return post(CHUNKED, body=body)


def _sized(size: bytes) -> bytes:
    return _body(size + b"\r\n" + _REST)


LEGAL: list[Case] = [
    served(
        "a chunk for each byte", _body(b"".join(chunk(bytes([byte])) for byte in BODY) + LAST_CHUNK)
    ),
    served(
        "a size in capitals", _body(b"1F\r\n" + BODY[:31] + b"\r\n" + chunk(BODY[31:]) + LAST_CHUNK)
    ),
    either("a size with zeros in front", _sized(b"0000" + _SIZE)),
    either("an extension", _sized(_SIZE + b";name=value")),
    either("an extension in quotes", _sized(_SIZE + b';name="a;b"')),
    either("an extension of the last chunk", _body(chunk(BODY) + b"0;name=value\r\n\r\n")),
    either("a trailer", _body(chunk(BODY) + b"0\r\nX-Trailer: y\r\n\r\n")),
    either("a length as a trailer", _body(chunk(BODY) + b"0\r\nContent-Length: 5\r\n\r\n")),
    either(
        "an encoding as a trailer", _body(chunk(BODY) + b"0\r\nTransfer-Encoding: chunked\r\n\r\n")
    ),
    either("a host as a trailer", _body(chunk(BODY) + b"0\r\nHost: other.example\r\n\r\n")),
    either(
        "two lengths as trailers",
        _body(chunk(BODY) + b"0\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"),
    ),
    either(
        "two lengths as trailers, after the head",
        post(CHUNKED, body=b""),
        chunk(BODY) + b"0\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
    ),
    either("a last chunk of many zeros", _body(chunk(BODY) + b"0" * 15 + b"\r\n\r\n")),
    served("a hidden request in the chunk", _body(chunked(HIDDEN_REQUEST)), status=400),
    served("the start of one in the chunk", _body(chunked(HIDDEN_START)), status=400),
]

SIZES: list[Case] = [
    refused("a negative size", _sized(b"-1")),
    refused("a size with a plus sign", _sized(b"+" + _SIZE)),
    refused("a size with 0x", _sized(b"0x" + _SIZE)),
    refused("a size with 0X", _sized(b"0X" + _SIZE)),
    refused("a size with an underscore", _sized(b"2_1")),
    refused("a size of 17 digits", _sized(b"100000000000000" + _SIZE)),
    refused("a size that is right in 64 bits", _sized(b"1" + b"0" * 14 + _SIZE)),
    refused("a size that is right in 32 bits", _sized(b"1000000" + _SIZE + b"g")),
    refused("a size of 33 digits", _sized(b"f" * 33)),
    refused("no size", _sized(b"")),
    refused("a size of letters", _sized(b"xyz")),
    refused("a size with a fraction", _sized(_SIZE + b".0")),
    refused("a space before the size", _sized(b" " + _SIZE)),
    refused("a space in the size", _sized(b"2 1")),
    refused("NUL before the size", _sized(b"\x00" + _SIZE)),
    refused("NUL after the size", _sized(_SIZE + b"\x00")),
    refused("a vertical tab after the size", _sized(_SIZE + b"\x0b")),
    refused("a comma after the size", _sized(_SIZE + b"," + _SIZE)),
    either("a space after the size", _sized(_SIZE + b" ")),
    either("a tab after the size", _sized(_SIZE + b"\t")),
    refused("a size that is too small", _body(b"5\r\n" + _REST)),
    refused("a size that is too small by one", _body(b"%x\r\n" % (len(BODY) - 1) + _REST)),
    refused("a size that is too large by one", _body(b"%x\r\n" % (len(BODY) + 1) + _REST)),
    unfinished("a size of 16 F", _sized(b"F" * 16)),
    unfinished("a size that is larger than all that comes", _sized(b"fff")),
]

LINES: list[Case] = [
    refused("a size that ends with a bare LF", _body(_SIZE + b"\n" + _REST)),
    refused("a size that ends with a bare CR", _body(_SIZE + b"\r" + _REST)),
    refused("a size that ends with CR CR LF", _body(_SIZE + b"\r\r\n" + _REST)),
    refused("an extension that ends with a bare LF", _body(_SIZE + b";a\n" + _REST)),
    refused("a bare LF in an extension", _sized(_SIZE + b";a\nb")),
    refused("a bare CR in an extension", _sized(_SIZE + b";a\rb")),
    refused("a bare LF in an extension in quotes", _sized(_SIZE + b';a="\n"')),
    refused("an extension of 70,000 bytes", _sized(_SIZE + b";" + b"a" * 70_000)),
    refused(
        "extensions of 70,000 bytes in all",
        _body(b"".join(b"1;%b\r\n%c\r\n" % (b"a" * 2_500, byte) for byte in BODY) + LAST_CHUNK),
    ),
    refused("data that ends with a bare LF", _body(_SIZE + b"\r\n" + BODY + b"\n" + LAST_CHUNK)),
    refused("data that ends with a bare CR", _body(_SIZE + b"\r\n" + BODY + b"\r" + LAST_CHUNK)),
    refused(
        "data that ends with two other bytes", _body(_SIZE + b"\r\n" + BODY + b"XX" + LAST_CHUNK)
    ),
    refused("data that does not end", _body(_SIZE + b"\r\n" + BODY + LAST_CHUNK)),
    refused("a last chunk with bare LFs", _body(chunk(BODY) + b"0\n\n")),
    last("a last chunk with one bare LF", _body(chunk(BODY) + b"0\r\n\n" + HIDDEN_REQUEST)),
    refused("a last chunk with CR CR LF", _body(chunk(BODY) + b"0\r\n\r\r\n")),
    refused("a trailer without a colon", _body(chunk(BODY) + b"0\r\nTrailer\r\n\r\n")),
    refused("a trailer with a space before its colon", _body(chunk(BODY) + b"0\r\nX : y\r\n\r\n")),
    unfinished("a trailer that ends with a bare LF", _body(chunk(BODY) + b"0\r\nX: y\n\r\n")),
    refused("a bare CR in a trailer", _body(chunk(BODY) + b"0\r\nX: y\rz\r\n\r\n")),
    refused("NUL in a trailer", _body(chunk(BODY) + b"0\r\nX: \x00\r\n\r\n")),
    refused("a hidden request for a trailer", _body(chunk(BODY) + b"0\r\n" + HIDDEN_REQUEST)),
    refused(
        "trailers of 70,000 bytes", _body(chunk(BODY) + b"0\r\n" + b"X: y\r\n" * 12_000 + b"\r\n")
    ),
    unfinished("no last chunk", _body(chunk(BODY))),
    unfinished("a last chunk without its last line", _body(chunk(BODY) + b"0\r\n")),
    unfinished("a last chunk and half a line end", _body(chunk(BODY) + b"0\r\n\r")),
    unfinished("half a size", _body(b"2")),
    unfinished("half of the data", _body(_SIZE + b"\r\n" + BODY[:9])),
]

CASES: list[Case] = [*LEGAL, *SIZES, *LINES]
