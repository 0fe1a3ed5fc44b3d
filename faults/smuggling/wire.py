"""A connection on which anything may be sent, and the answers that come back."""

import asyncio
import contextlib
from dataclasses import dataclass

_MOST = 1_000_000


@dataclass(frozen=True)
class Answer:
    """One answer, whoever gave it."""

    status: int
    request_id: str
    body: bytes

    def __str__(self) -> str:
        return f"{self.status} {self.request_id or '(no id)'}"


class Line:
    """One connection of one client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        # Whether the other end has closed it.
        self.is_closed = False

    @classmethod
    async def to(cls, port: int) -> "Line":
        """A new one."""
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=_MOST))

    def close(self) -> None:
        """Ends it."""
        self._writer.close()

    async def send(self, data: bytes) -> None:
        """Sends it, if anybody still takes it."""
        # Refused in the middle of it: then the answer is there to be read.
        with contextlib.suppress(OSError):
            self._writer.write(data)
            await self._writer.drain()

    async def answer(self, within: float) -> Answer | None:
        """The next answer; nothing when none came, or the connection was closed."""
        try:
            async with asyncio.timeout(within):
                while (answer := await self._one()).status < 200:
                    pass
                return answer
        except TimeoutError:
            return None
        except (EOFError, OSError):
            self.is_closed = True
            return None

    async def _one(self) -> Answer:
        head = await self._reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
        status = int(first.split()[1])
        if "content-length" in fields:
            body = await self._reader.readexactly(int(fields["content-length"]))
        elif "transfer-encoding" in fields:
            body = await self._chunks()
        else:
            body = b"" if status < 200 else await self._reader.read()
        return Answer(status, fields.get("x-request-id", ""), body)

    async def _chunks(self) -> bytes:
        body = b""
        while size := int(await self._reader.readline(), 16):
            body += (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readline()
        return body
