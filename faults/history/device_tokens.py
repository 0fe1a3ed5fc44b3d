"""Device tokens as they travel: the cookie, the header, and the number of the device in them."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence

_COOKIE = "doorward_device"
# base64url of 72 bytes; the first 16 are the number of the device.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{96}")
_NUMBER = 16


def number_of(text: str) -> str | None:
    """The number of the device that a token was made for; `None` when it has not its shape."""
    if not _TOKEN.fullmatch(text):
        return None
    return base64.urlsafe_b64decode(text)[:_NUMBER].hex()


def header(texts: Sequence[str], *, as_cookie: bool) -> str:
    """The line that shows these tokens, as browsers do, or as clients without cookies."""
    shown = ".".join(texts)
    return f"Cookie: theme=dark; {_COOKIE}={shown}" if as_cookie else f"Device-Token: {shown}"


def given(set_cookie: str) -> str | None:
    """The token for the address of the request, which is the first of those in the cookie."""
    name, _, value = set_cookie.partition(";")[0].strip().partition("=")
    return value.split(".")[0] if name == _COOKIE else None
