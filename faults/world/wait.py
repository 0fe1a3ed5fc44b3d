"""Waiting for a condition instead of for a while."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable

from bench.harness.errors import BenchError

_PAUSE = 0.02


async def until(
    condition: Callable[[], bool | Awaitable[bool]], within: float, what: str
) -> float:
    """Waits until the condition holds; after how many seconds it did.

    An error that says `what` was waited for, when that takes longer than `within` seconds.
    """
    begun = time.monotonic()
    while True:
        holds = condition()
        if inspect.isawaitable(holds):
            holds = await holds
        took = time.monotonic() - begun
        if holds:
            return took
        if took > within:
            raise BenchError(f"not within {within:.0f} s: {what}")
        await asyncio.sleep(_PAUSE)
