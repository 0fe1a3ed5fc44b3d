"""A server program that a scenario stops, kills, freezes and starts again."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.harness import processes
from bench.harness.errors import BenchError

from .wait import until


class Daemon:
    """One program with one log; started any number of times."""

    def __init__(self, name: str, command: list[Any], log: Path, **options: Any) -> None:
        self.name = name
        self.command = command
        self.log = log
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the last start."""
        if self._process is None:
            raise BenchError(f"{self.name} was never started")
        return self._process.pid

    def is_running(self) -> bool:
        """Whether the last start has not ended."""
        return self._process is not None and self._process.poll() is None

    def exit_code(self) -> int | None:
        """Of the last start; `None` while it runs."""
        return self._process.poll() if self._process else None

    def launch(self, **changed: Any) -> None:
        """Starts it, and does not wait until it serves."""
        with self.log.open("ab") as log:
            options = {**self._options, **changed}
            self._process = processes.start(
                self.command, stdout=log, stderr=subprocess.STDOUT, **options
            )

    async def is_up(self, answers: Callable[[], Any], within: float = 20) -> float:
        """Waits until it serves; an error with the end of its log if it ends instead."""

        async def up() -> bool:
            if not self.is_running():
                raise BenchError(f"{self.name} ended by itself:\n{self.tail()}")
            return await answers()

        return await until(up, within, f"{self.name} serves")

    def signal(self, number: int) -> None:
        """Sends the process a signal, if it is there."""
        if self._process is not None:
            self._process.send_signal(number)

    async def ended(self, within: float = 20) -> int:
        """Waits for its end; the exit code."""
        process = self._process
        if process is None:
            return 0
        try:
            await until(lambda: process.poll() is not None, within, f"{self.name} ends")
        except BenchError as error:
            raise BenchError(f"{error}\n{self.tail()}") from error
        return process.returncode

    async def kill(self) -> None:
        """The end without a word."""
        self.signal(signal.SIGKILL)
        await self.ended()

    def close(self) -> None:
        """Ends it for good, whatever state it is in."""
        if self._process is None:
            return
        for pid in self.family():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        processes.end(self._process, self._options.get("end_with", signal.SIGTERM))

    def family(self) -> list[int]:
        """The process and its children."""
        if not self.is_running():
            return []
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        with contextlib.suppress(OSError):
            return [self.pid, *map(int, children.read_text().split())]
        return [self.pid]

    def tail(self, lines: int = 15) -> str:
        """The end of the log."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return ""


async def output(command: list[Any], within: float = 60, **options: Any) -> str:
    """What a program prints, without keeping the others waiting."""
    text = await asyncio.to_thread(processes.output, command, timeout=within, **options)
    return text.strip()
