"""haproxy, before two PostgreSQLs or before two instances of doorward."""

import csv
import io
import signal
import socket
from pathlib import Path

from . import ports
from .daemon import Daemon
from .wait import until

PROGRAM = "/usr/sbin/haproxy"

_COMMON = """\
global
    stats socket {socket} mode 600 level admin
    log stdout format raw local0 info
defaults
    log global
    timeout connect 2s
    timeout client 60s
    timeout server 60s
"""

# The one that leads is chosen by being there alone: haproxy does not know who was promoted, so
# for a while clients reach a server that is read-only. That is the point.
_DATABASES = """\
listen service
    mode tcp
    bind 127.0.0.1:{port}
    option tcp-check
    default-server inter 200ms fall 2 rise 1 on-marked-down shutdown-sessions
    server first 127.0.0.1:{first} check
    server second 127.0.0.1:{second} check backup
"""

_INSTANCES = """\
listen service
    mode http
    option httplog
    bind 127.0.0.1:{port}
    balance roundrobin
    option httpchk GET /health/ready
    default-server inter 200ms fall 2 rise 1
    server first 127.0.0.1:{first} check
    server second 127.0.0.1:{second} check
"""


class Haproxy:
    """A proxy before two servers, called first and second."""

    def __init__(self, folder: Path, listen: str, first: int, second: int) -> None:
        self.port = ports.fixed()
        self._socket = folder / "haproxy.sock"
        settings = folder / "haproxy.cfg"
        values = {"port": self.port, "first": first, "second": second, "socket": self._socket}
        settings.write_text((_COMMON + listen).format(**values))
        self.daemon = Daemon(
            "haproxy",
            [PROGRAM, "-db", "-f", settings],
            folder / "haproxy.log",
            end_with=signal.SIGTERM,
            cwd=folder,
        )

    @classmethod
    def before_databases(cls, folder: Path, first: int, second: int) -> "Haproxy":
        """TCP; the second gets connections only while the first is away."""
        return cls(folder, _DATABASES, first, second)

    @classmethod
    def before_instances(cls, folder: Path, first: int, second: int) -> "Haproxy":
        """HTTP; both get requests while they say that they are ready."""
        return cls(folder, _INSTANCES, first, second)

    @property
    def url(self) -> str:
        """For clients of the instances behind it."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self, *up: str) -> None:
        """Starts it, and waits until it knows that these servers are up."""
        self.daemon.launch()
        await self.daemon.is_up(self._is_there)
        for server in up:
            await self.knows(server, "UP")

    async def _is_there(self) -> bool:
        return self._socket.exists()

    async def knows(self, server: str, status: str, within: float = 10) -> None:
        """Waits until it has seen that a server is up or down."""
        await until(
            lambda: self.status(server) == status, within, f"haproxy sees {server} {status}"
        )

    def status(self, server: str) -> str:
        """How it sees a server: UP, DOWN, or what it is about to believe."""
        with socket.socket(socket.AF_UNIX) as asked:
            asked.settimeout(2)
            asked.connect(str(self._socket))
            asked.sendall(b"show stat\n")
            text = b"".join(iter(lambda: asked.recv(65_536), b"")).decode()
        rows = csv.DictReader(io.StringIO(text.removeprefix("# ")))
        return next(row["status"] for row in rows if row["svname"] == server)
