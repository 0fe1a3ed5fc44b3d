"""Other clients of PostgreSQL, who take its connections and say nothing."""

import asyncio
import contextlib
import struct

# Protocol 3.0, https://www.postgresql.org/docs/current/protocol-message-formats.html
_PARAMETERS = b"user\0doorward\0database\0doorward\0application_name\0others\0\0"
_STARTUP = struct.pack("!ii", 8 + len(_PARAMETERS), 196_608) + _PARAMETERS
_MOST = 500


class Sessions:
    """Idle sessions; they end with the block."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open: list[asyncio.StreamWriter] = []

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._open)

    async def __aenter__(self) -> "Sessions":
        return self

    async def __aexit__(self, *_: object) -> None:
        for writer in self._open:
            writer.close()

    async def take_all(self) -> None:
        """Takes connections until PostgreSQL has no more."""
        while len(self._open) < _MOST and await self._take_one():
            pass

    async def _take_one(self) -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        with contextlib.suppress(OSError, EOFError):
            writer.write(_STARTUP)
            # Many messages until it is ready, or an error: too many connections.
            while (kind := await reader.readexactly(1)) != b"E":
                await reader.readexactly(int.from_bytes(await reader.readexactly(4)) - 4)
                if kind == b"Z":
                    self._open.append(writer)
                    return True
        writer.close()
        return False
