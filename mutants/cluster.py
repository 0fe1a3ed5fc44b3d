"""A throwaway PostgreSQL for the tests of one worker."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

from faults.world import postgres
from faults.world.postgres import Postgres

# Nothing here has to survive anything.
_SETTINGS = {"max_connections": "300", "synchronous_commit": "off", "wal_level": "minimal"}
_SETTINGS |= {"max_wal_senders": "0"}


class Cluster:
    """A server whose databases are removed now and then."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self.url = f"postgres://postgres@127.0.0.1:{server.port}/postgres"

    def tidy(self) -> None:
        """Removes what the tests have made."""
        names = self._sql("SELECT datname FROM pg_database WHERE datname LIKE 'doorward_%'")
        for name in names.split():
            self._sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _sql(self, text: str) -> str:
        return asyncio.run(self._server.sql(text, database="postgres", within=60))


@contextlib.contextmanager
def clusters(folder: Path, count: int) -> Iterator[list[Cluster]]:
    """As many as there are workers; ended at the end."""
    made = asyncio.run(postgres.template(folder))
    servers = [asyncio.run(postgres.copied(made, folder, f"worker{n}")) for n in range(count)]
    try:
        for server in servers:
            server.set(**_SETTINGS)
            asyncio.run(server.start())
        yield [Cluster(server) for server in servers]
    finally:
        for server in servers:
            server.daemon.close()
