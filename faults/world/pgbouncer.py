"""pgbouncer in transaction mode, with so few server connections that clients have to share."""

import asyncio
import contextlib
import signal
from pathlib import Path

from . import ports
from .daemon import Daemon
from .postgres import Postgres, as_its_user

PROGRAM = "/usr/sbin/pgbouncer"


class Pgbouncer:
    """A pooler before one PostgreSQL."""

    def __init__(self, folder: Path, postgres: Postgres, server_connections: int = 5) -> None:
        self.port = ports.fixed()
        settings = folder / "pgbouncer.ini"
        settings.write_text(f"""\
[databases]
* = host=127.0.0.1 port={postgres.port} user=doorward
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {server_connections}
server_login_retry = 1
ignore_startup_parameters = extra_float_digits
""")
        self.daemon = Daemon(
            "pgbouncer",
            [PROGRAM, "-q", settings],
            folder / "pgbouncer.log",
            end_with=signal.SIGTERM,
            cwd=folder,
            **as_its_user(),
        )

    async def start(self) -> None:
        """Starts it, and waits until it takes connections."""
        self.daemon.launch()
        await self.daemon.is_up(lambda: listens(self.port))


async def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with contextlib.suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        return True
    return False
