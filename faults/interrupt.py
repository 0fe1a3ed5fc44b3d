"""Ends a program at Ctrl-C as it ends otherwise: everything that it started is ended first."""

import asyncio
import signal
import sys
from collections.abc import Coroutine

from bench.harness.errors import BenchError


def run(name: str, program: Coroutine[None, None, int]) -> int:
    """Runs a program; its exit code, 1 for an error, 128 and the signal's number when stopped."""
    stopped: list[int] = []
    try:
        return asyncio.run(_interruptible(program, stopped))
    except BenchError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    except asyncio.CancelledError:
        print(f"{name}: stopped; everything that was started is ended", file=sys.stderr)
        return 128 + stopped[0]


async def _interruptible(program: Coroutine[None, None, int], stopped: list[int]) -> int:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None, "asyncio.run made one"

    def stop(number: int) -> None:
        # A second one must not disturb the cleaning up.
        if not stopped:
            stopped.append(number)
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop, number)
    return await program
