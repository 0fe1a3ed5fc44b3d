"""Device tokens as they travel: the cookie, the header, and the number of the device in them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

_COOKIE = "doorward_device"
# A token is base64url of 72 bytes; the first 16 are the number of the device.
_BYTES = 72
_NUMBER = 16


def number_of(text: str) -> str | None:
    """The number of the device that a token was made for; `None` when it has not its shape."""
    try:
        token = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return token[:_NUMBER].hex() if len(token) == _BYTES else None


def header(texts: Sequence[str], *, as_cookie: bool) -> str:
    """The line that shows these tokens, as browsers do, or as clients without cookies."""
    shown = ".".join(texts)
    return f"Cookie: theme=dark; {_COOKIE}={shown}" if as_cookie else f"Device-Token: {shown}"


def given(set_cookie: str) -> str | None:
    """The token for the address of the request, which is the first of those in the cookie."""
    name, _, value = set_cookie.partition(";")[0].strip().partition("=")
    return value.split(".")[0] if name == _COOKIE else None
