"""Everything that one scenario starts, and its certain end."""

import base64
import os
import random
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ..history.command_line import Operator
from . import postgres as clusters
from .daemon import Daemon
from .doorward import Doorward
from .haproxy import Haproxy
from .outbox import Outbox, PostgresOutbox
from .pgbouncer import Pgbouncer
from .postgres import Postgres
from .proxy import Network, TcpProxy
from .smtp import SmtpSink
from .tmpfs import mounted


@dataclass
class Service:
    """Instances on one database, as clients see them."""

    urls: list[str]
    mail_dir: Path
    outbox: Outbox
    operator: Operator


@dataclass(frozen=True)
class Supplies:
    """What all scenarios of a run share."""

    binary: Path
    template: Path
    seed: int
    quick: bool


class World:
    """One scenario's own."""

    def __init__(self, supplies: Supplies, folder: Path, stack: AsyncExitStack) -> None:
        self.folder = folder
        self.quick = supplies.quick
        self.seed = supplies.seed
        self.random = random.Random(supplies.seed)
        self.mail_dir = folder / "mails"
        self.mail_dir.mkdir()
        self._supplies = supplies
        self._stack = stack
        self._secret = base64.b64encode(os.urandom(48)).decode()

    def pick(self, quick: float, whole: float) -> float:
        """A length or a number that depends on how long the run may take."""
        return quick if self.quick else whole

    async def postgres(self, folder: Path | None = None, **settings: str) -> Postgres:
        """A PostgreSQL that runs."""
        server = await clusters.copied(self._supplies.template, folder or self.folder)
        server.set(**settings)
        self.closes(server.daemon)
        await server.start()
        return server

    async def standby_of(self, primary: Postgres) -> Postgres:
        """One that follows another."""
        server = await clusters.standby_of(primary, self.folder)
        self.closes(server.daemon)
        await server.start()
        return server

    async def pgbouncer(self, postgres: Postgres) -> Pgbouncer:
        """A pooler before it, running."""
        pooler = Pgbouncer(self.folder, postgres)
        self.closes(pooler.daemon)
        await pooler.start()
        return pooler

    def haproxy(self, proxy: Haproxy) -> Haproxy:
        """One that is ended with the rest."""
        self.closes(proxy.daemon)
        return proxy

    async def proxy(self, target: int, network: Network | None = None) -> TcpProxy:
        """A TCP proxy of our own, running."""
        proxy = TcpProxy(target, network)
        self._stack.push_async_callback(proxy.close)
        await proxy.start()
        return proxy

    async def smtp(self, name: str = "") -> SmtpSink:
        """A mail server that writes into `mail_dir`, or into a folder in it; running."""
        sink = SmtpSink(self.mail_dir / name)
        self._stack.push_async_callback(sink.close)
        await sink.start()
        return sink

    def doorward(
        self,
        database_url: str,
        name: str = "doorward",
        *,
        smtp: SmtpSink | None = None,
        prefix: tuple[str, ...] = (),
        **settings: str,
    ) -> Doorward:
        """An instance, not running yet; settings as LOCKOUT__FAILURES="3"."""
        mail = {"MAIL__TRANSPORT": "file", "MAIL__DIRECTORY": str(self.mail_dir)}
        if smtp:
            mail = {"MAIL__TRANSPORT": "smtp", "MAIL__SMTP_URL": smtp.url}
        chosen = {
            "LIMITS__ENABLED": "false",
            "LOCKOUT__WINDOW": "60s",
            "LOCKOUT__FREEZE": "3s",
            "TELEMETRY__LOG_FORMAT": "json",
            "LINKS__BASE_URL": "https://faults.example",
            **mail,
            **settings,
        }
        environment = {f"DOORWARD__{key}": value for key, value in chosen.items()}
        environment |= {"DATABASE_URL": database_url, "JWT_SECRET": self._secret}
        instance = Doorward(self._supplies.binary, self.folder, environment, name, prefix)
        self.closes(instance.daemon)
        return instance

    def service(self, *instances: Doorward, outbox: Postgres | Outbox) -> Service:
        """What clients use: the instances' own addresses."""
        return self.service_at([of.url for of in instances], instances[0], outbox=outbox)

    def service_at(
        self, urls: list[str], instance: Doorward, *, outbox: Postgres | Outbox
    ) -> Service:
        """What clients use, and one of the instances, whose settings the operator has."""
        seen = PostgresOutbox(outbox) if isinstance(outbox, Postgres) else outbox
        return Service(urls, self.mail_dir, seen, instance.operator())

    def tmpfs(self, size: str) -> Path:
        """A small file system of its own; `Skipped` where none can be made."""
        return self._stack.enter_context(mounted(self.folder / "small", size))

    def closes(self, daemon: Daemon) -> None:
        """Ended with the scenario."""
        self._stack.callback(daemon.close)


@asynccontextmanager
async def world(supplies: Supplies, folder: Path) -> AsyncIterator[World]:
    """A new world in this folder; everything in it ends with the block."""
    async with AsyncExitStack() as stack:
        yield World(supplies, folder, stack)


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """In memory where there is room: no scenario should wait for a slow disk."""
    memory = Path("/dev/shm")
    roomy = os.access(memory, os.W_OK) and _free(memory) > 4_000_000_000
    made = tempfile.TemporaryDirectory(prefix="doorward-faults.", dir=memory if roomy else None)
    # PostgreSQL's user has to get in.
    Path(made.name).chmod(0o755)
    return made


def _free(path: Path) -> int:
    room = os.statvfs(path)
    return room.f_bavail * room.f_frsize
