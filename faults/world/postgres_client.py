"""A client of PostgreSQL for one query: polling with a psql each time would keep the machine busy.

Protocol 3.0, https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator

from bench.harness.errors import BenchError

_VERSION = 196_608


class Client:
    """A session that is ready for a query."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def new(cls, port: int, user: str, database: str, application: str) -> "Client":
        """Connects without a password; an error when PostgreSQL refuses."""
        try:
            client = cls(*await asyncio.open_connection("127.0.0.1", port))
        except OSError as error:
            raise BenchError(f"PostgreSQL is not reached: {error}") from error
        pairs = {"user": user, "database": database, "application_name": application}
        parameters = "".join(f"{name}\0{value}\0" for name, value in pairs.items()).encode()
        startup = struct.pack("!ii", 9 + len(parameters), _VERSION) + parameters + b"\0"
        try:
            await client._answer(startup)
        except BaseException:
            client.close()
            raise
        return client

    async def query(self, text: str) -> str:
        """The rows of one or more statements, columns apart by `|`."""
        body = text.encode() + b"\0"
        rows = await self._answer(b"Q" + struct.pack("!i", 4 + len(body)) + body)
        return "\n".join(rows)

    def close(self) -> None:
        """PostgreSQL takes the end of the connection for the end of the session."""
        self._writer.close()

    async def _answer(self, message: bytes) -> list[str]:
        """Sends it, and waits until the next one can be sent."""
        rows: list[str] = []
        wrong = ""
        try:
            self._writer.write(message)
            while True:
                kind = await self._reader.readexactly(1)
                length = int.from_bytes(await self._reader.readexactly(4))
                body = await self._reader.readexactly(length - 4)
                if kind == b"D":
                    rows.append("|".join(_columns(body)))
                elif kind == b"E":
                    wrong = _message(body)
                elif kind == b"Z":
                    break
        except (OSError, EOFError) as error:
            raise BenchError(wrong or f"PostgreSQL hung up: {error!r}") from error
        if wrong:
            raise BenchError(wrong)
        return rows


@contextlib.asynccontextmanager
async def connected(port: int, database: str) -> AsyncIterator[Client]:
    """A session of the operator's; it ends with the block."""
    client = await Client.new(port, "postgres", database, "operator")
    try:
        yield client
    finally:
        client.close()


def _columns(body: bytes) -> list[str]:
    count, at = int.from_bytes(body[:2]), 2
    columns = []
    for _ in range(count):
        (length,) = struct.unpack_from("!i", body, at)
        at += 4
        # -1 is NULL.
        columns.append(body[at : at + max(0, length)].decode())
        at += max(0, length)
    return columns


def _message(body: bytes) -> str:
    """The words of an ErrorResponse."""
    fields = {field[:1]: field[1:].decode(errors="replace") for field in body.split(b"\0") if field}
    return f"PostgreSQL: {fields.get(b'C', '')} {fields.get(b'M', '')}"
