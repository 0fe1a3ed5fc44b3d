"""HTTP/1.1 with a connection for each request, so that no answer depends on the one before it."""

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from . import device_tokens
from .record import REFUSED, Call

# Longer than doorward takes to give up on its database and its hashing queue.
_PATIENCE = 15.0
# Bodies are some hundred bytes.
_LONGEST = 1 << 20


@dataclass(slots=True)
class Answer:
    """What an answer holds beside its status; nothing when there was none."""

    fields: dict = field(default_factory=dict)
    device_token: str | None = None


async def send(
    call: Call, method: str, path: str, body: object, bearer: str | None, devices: list[str]
) -> Answer:
    """Makes the call, and notes its times, its status, and its code."""
    headers = [f"Authorization: Bearer {bearer}"] if bearer is not None else []
    if devices:
        headers.append(device_tokens.header(devices, as_cookie=call.client % 2 == 0))
    request = _request(urlsplit(call.base_url).netloc, method, path, body, headers)
    call.start = time.monotonic()
    try:
        async with asyncio.timeout(_PATIENCE):
            return await _exchange(call, request)
    except TimeoutError:
        call.error = "no answer in time"
    except ConnectionRefusedError:
        call.error = REFUSED
    except (OSError, EOFError, ValueError) as error:
        call.error = f"{type(error).__name__}: {error}"
    finally:
        call.end = time.monotonic()
    # Half an answer is none.
    call.status = None
    return Answer()


async def _exchange(call: Call, request: bytes) -> Answer:
    url = urlsplit(call.base_url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port, limit=_LONGEST)
    try:
        writer.write(request)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split(" ", 2)[1])
        pairs = (line.partition(":") for line in head[1:] if line)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        if "content-length" in headers:
            body = await reader.readexactly(int(headers["content-length"]))
        else:
            body = await reader.read(_LONGEST)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    call.status = status
    fields = _fields(call, headers.get("content-type", ""), body)
    return Answer(fields, device_tokens.given(headers.get("set-cookie", "")))


def _fields(call: Call, content_type: str, body: bytes) -> dict:
    """The answer's fields; a gateway's answer has none."""
    if not content_type.startswith(("application/json", "application/problem+json")):
        return {}
    fields = json.loads(body)
    if not isinstance(fields, dict):
        raise ValueError("the answer is not an object")
    call.code = fields.get("code")
    return fields


def _request(host: str, method: str, path: str, body: object, headers: list[str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", *headers]
    content = b""
    if body is not None:
        content = json.dumps(body).encode()
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content
