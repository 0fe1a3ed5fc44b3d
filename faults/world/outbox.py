"""The outbox, seen from outside: what waits in it, and its clock put forward.

A mail that a mail server refused waits 10 s and more, one that a killed worker had in hand waits
5 minutes. A scenario does not; it moves what is due to the past, as if the time had gone by.
"""

import asyncio
import contextlib
import sqlite3
from pathlib import Path
from typing import Protocol

from .postgres import Postgres

_WAITING = "SELECT count(*) FROM outbox WHERE sent_at IS NULL AND failed_at IS NULL"


class Outbox(Protocol):
    """On either engine."""

    async def waiting(self) -> int:
        """Mails that are neither sent nor given up."""

    async def pass_time(self) -> None:
        """Everything that waits is due, and every lease is over."""


class PostgresOutbox:
    """In a database of a PostgreSQL."""

    def __init__(self, postgres: Postgres, database: str = "doorward") -> None:
        self._postgres = postgres
        self._database = database

    async def waiting(self) -> int:
        return int(await self._postgres.sql(_WAITING, self._database))

    async def pass_time(self) -> None:
        await self._postgres.sql(
            "SET default_transaction_isolation = 'read committed';"
            " UPDATE outbox SET due_at = due_at - interval '1 day',"
            " leased_until = leased_until - interval '1 day'"
            " WHERE sent_at IS NULL AND failed_at IS NULL",
            self._database,
        )


class SqliteOutbox:
    """In an SQLite file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def waiting(self) -> int:
        return (await asyncio.to_thread(self._run, _WAITING))[0][0]

    async def pass_time(self) -> None:
        await asyncio.to_thread(
            self._run,
            "UPDATE outbox SET due_at = '2020' || substr(due_at, 5),"
            " leased_until = '2020' || substr(leased_until, 5)"
            " WHERE sent_at IS NULL AND failed_at IS NULL",
        )

    def _run(self, statement: str) -> list[tuple[int]]:
        with contextlib.closing(sqlite3.connect(self._file, timeout=5)) as connection, connection:
            return connection.execute(statement).fetchall()
