"""A PostgreSQL of the scenario's own: stopped, frozen, filled, promoted, and asked."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.harness import processes, tools
from bench.harness.errors import BenchError

from . import ports
from .daemon import Daemon, output
from .postgres_client import connected
from .wait import until

# A crash of the machine is not among the faults, so nothing waits for the disk; a crash of the
# server is, so commits stay synchronous.
_SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 80
shared_buffers = 16MB
fsync = off
full_page_writes = off
wal_level = replica
max_wal_size = 64MB
min_wal_size = 32MB
wal_receiver_status_interval = 1s
log_line_prefix = '%m [%p] '
"""


class Postgres:
    """One cluster."""

    def __init__(self, folder: Path, name: str) -> None:
        self.data = folder / name
        self.port = ports.fixed()
        self.daemon = Daemon(
            name,
            [tools.postgres_bin() / "postgres", "-D", self.data, "-p", str(self.port)],
            folder / f"{name}.log",
            end_with=signal.SIGQUIT,
            cwd=folder,
            **as_its_user(),
        )

    def url(self, port: int | None = None, database: str = "doorward") -> str:
        """For doorward; with the port of whatever stands between the two."""
        return f"postgres://doorward@127.0.0.1:{port or self.port}/{database}?sslmode=disable"

    def set(self, **settings: str) -> None:
        """Settings for the next start."""
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    async def start(self) -> None:
        """Starts it, and waits until it takes connections."""
        # Left by a kill; its number may belong to somebody else by now.
        self._state().unlink(missing_ok=True)
        self.daemon.launch()
        await self.daemon.is_up(self._takes_connections)

    async def stop(self, how: signal.Signals) -> None:
        """SIGQUIT: immediate, as a crash; SIGINT: fast, clients are told."""
        self.daemon.signal(how)
        await self.daemon.ended()

    def freeze(self) -> None:
        """All of it stands still; connections stay open and say nothing."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        self._signal_all(signal.SIGCONT)

    async def sql(self, text: str, database: str = "doorward", within: float = 20) -> str:
        """Runs statements as the operator; the rows as texts, columns apart by `|`."""
        try:
            async with asyncio.timeout(within), connected(self.port, database) as client:
                return await client.query(text)
        except TimeoutError as error:
            raise BenchError(f"no answer of PostgreSQL within {within:.0f} s: {text}") from error

    @contextlib.contextmanager
    def session(self, text: str) -> Iterator[None]:
        """An operator's session; ends after its statement, or with terminate("operator")."""
        at = f"postgres://postgres@127.0.0.1:{self.port}/doorward?application_name=operator"
        psql = tools.postgres_bin() / "psql"
        command = [psql, "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", at, "-c", text]
        with self.daemon.log.open("ab") as log, processes.running(
            command, stdout=log, stderr=log, end_with=signal.SIGKILL
        ):
            yield

    async def terminate(self, application: str = "doorward") -> int:
        """Ends every connection of an application; how many there were."""
        count = await self.sql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            f" WHERE application_name = '{application}' AND pid <> pg_backend_pid()"
        )
        return int(count)

    async def answers(self, within: float = 20) -> None:
        """Waits until it answers queries."""

        async def does() -> bool:
            with contextlib.suppress(BenchError):
                return bool(await self.sql("SELECT 1"))
            return False

        await until(does, within, "PostgreSQL answers")

    async def holds(self, condition: str, what: str, within: float = 20) -> None:
        """Waits until a condition is true there."""

        async def does() -> bool:
            return await self.sql(f"SELECT {condition}") == "t"

        await until(does, within, what)

    async def _takes_connections(self) -> bool:
        # Its own file and not the port, where another server could answer.
        with contextlib.suppress(OSError):
            return "\nready" in self._state().read_text()
        return False

    def _state(self) -> Path:
        return self.data / "postmaster.pid"

    def _signal_all(self, number: signal.Signals) -> None:
        # Those that come and go at this moment need no signal.
        for pid in self.daemon.family():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


async def template(folder: Path) -> Path:
    """A cluster that was never started; copying it takes a tenth of making it."""
    made = folder / "template"
    await owned(made)
    arguments = "--username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync"
    program = tools.postgres_bin() / "initdb"
    command = [program, "-D", made, "--wal-segsize=1", *arguments.split()]
    await output(command, 120, cwd=folder, **as_its_user())
    # doorward is not the superuser: it shall not have the connections that are kept for that one.
    accounts = "CREATE ROLE doorward LOGIN;\n\nCREATE DATABASE doorward OWNER doorward;\n\n"
    alone = [tools.postgres_bin() / "postgres", "--single", "-j", "-D", made, "postgres"]
    statements = folder / "accounts.sql"
    statements.write_text(accounts)
    with statements.open() as given:
        await output(alone, stdin=given, cwd=folder, **as_its_user())
    with (made / "postgresql.conf").open("a") as settings:
        settings.write(_SETTINGS)
    with (made / "pg_hba.conf").open("a") as rules:
        rules.write("host replication all 127.0.0.1/32 trust\n")
    return made


async def copied(made: Path, folder: Path, name: str = "postgres") -> Postgres:
    """A new cluster, not running yet."""
    await output(["cp", "-a", made, folder / name])
    return Postgres(folder, name)


async def standby_of(primary: Postgres, folder: Path, name: str = "standby") -> Postgres:
    """A copy of a running cluster that follows it, not running yet."""
    await owned(folder / name)
    source = f"postgres://postgres@127.0.0.1:{primary.port}/?application_name={name}"
    program = tools.postgres_bin() / "pg_basebackup"
    arguments = ["-D", folder / name, "-R", "-X", "stream", "-c", "fast", "--no-sync"]
    await output([program, *arguments, "-d", source], cwd=folder, **as_its_user())
    return Postgres(folder, name)


async def owned(folder: Path) -> None:
    """An empty folder of PostgreSQL's user."""
    folder.mkdir(mode=0o700)
    if user := tools.postgres_user():
        os.chown(folder, user.pw_uid, user.pw_gid)


def as_its_user() -> dict[str, Any]:
    """Options of a process: PostgreSQL and pgbouncer refuse to run as root."""
    user = tools.postgres_user()
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
