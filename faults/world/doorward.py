"""The program under test: an instance that is killed, stopped and started again."""

import asyncio
import contextlib
import json
import os
import resource
import signal
from pathlib import Path
from typing import Any

from ..history.command_line import Operator
from . import ports
from .daemon import Daemon


class Doorward:
    """One instance with a fixed address."""

    def __init__(
        self,
        binary: Path,
        folder: Path,
        environment: dict[str, str],
        name: str = "doorward",
        prefix: tuple[str, ...] = (),
    ) -> None:
        self.port = ports.fixed()
        self.url = f"http://127.0.0.1:{self.port}"
        self._binary = binary
        self._home = home = folder / name
        home.mkdir(exist_ok=True)
        # Neither settings of a developer's own nor files of the folder we are started in.
        ours = {key: value for key, value in os.environ.items() if "DOORWARD" not in key}
        self.environment = {
            **ours,
            "DOORWARD_CONFIG_DIR": str(home),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            **environment,
        }
        self.daemon = Daemon(
            name,
            [*prefix, binary, "serve"],
            folder / f"{name}.log",
            end_with=signal.SIGTERM,
            cwd=home,
            env=self.environment,
        )

    def operator(self) -> Operator:
        """Somebody with the program, its settings and its folder."""
        return Operator(self._binary, self.environment, self._home)

    async def start(self, *, ready: bool = True) -> None:
        """Starts it, and waits until it says that it is ready, or at least alive."""
        self.daemon.launch()
        await self.daemon.is_up(self.is_ready if ready else self.is_alive)

    async def is_ready(self) -> bool:
        """Whether it wants requests."""
        return await status(self.port, "/health/ready") == 200

    async def is_alive(self) -> bool:
        """Whether it answers at all."""
        return await status(self.port, "/health/live") == 200

    async def kill(self) -> None:
        """kill -9."""
        await self.daemon.kill()

    async def stop(self) -> int:
        """As an operator stops it; the exit code."""
        self.daemon.signal(signal.SIGTERM)
        return await self.daemon.ended(30)

    def limit_open_files(self, count: int) -> None:
        """As `ulimit -n` does, for the process that runs."""
        resource.prlimit(self.daemon.pid, resource.RLIMIT_NOFILE, (count, count))


async def status(port: int, path: str) -> int | None:
    """The status of a GET; `None` when there is no answer within 5 s."""
    return (await request(f"http://127.0.0.1:{port}", "GET", path, within=5))[0]


async def request(
    url: str,
    method: str,
    path: str,
    body: dict[str, str] | None = None,
    token: str = "",
    within: float = 15,
) -> tuple[int | None, dict[str, Any]]:
    """One request on a connection of its own; no status when there was no whole answer."""
    host, _, port = url.removeprefix("http://").partition(":")
    sent = json.dumps(body).encode() if body is not None else b""
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
    if body is not None:
        head += f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n"
    if token:
        head += f"Authorization: Bearer {token}\r\n"
    with contextlib.suppress(OSError, EOFError, ValueError, IndexError, TimeoutError):
        async with asyncio.timeout(within):
            reader, writer = await asyncio.open_connection(host, int(port))
            try:
                writer.write(f"{head}\r\n".encode() + sent)
                answer = await reader.read()
            finally:
                writer.close()
        headers, _, text = answer.partition(b"\r\n\r\n")
        return int(headers.split()[1]), json.loads(text)
    return None, {}
