"""Other clients of PostgreSQL, who take its connections and say nothing."""

import contextlib

from bench.harness.errors import BenchError

from .postgres_client import Client

_MOST = 500


class Sessions:
    """Idle sessions; they end with the block."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open: list[Client] = []

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._open)

    async def __aenter__(self) -> "Sessions":
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._open:
            client.close()

    async def take_all(self) -> None:
        """Takes connections until PostgreSQL has no more."""
        # Refused: too many connections.
        with contextlib.suppress(BenchError):
            while len(self._open) < _MOST:
                client = await Client.new(self._port, "doorward", "doorward", "others")
                self._open.append(client)
