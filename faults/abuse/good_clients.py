"""Those who use the service as it is meant, some requests a second, each timed."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from ..outcome import Outcome
from ..world.doorward import Doorward, request

_A_SECOND = 20
# Half of the requests check a token, half log in.
_EMAIL, _PASSWORD = "ann@faults.example", "abc123"
# A good client's p99, in seconds.
_MOST = 1.0


@dataclass
class GoodClients:
    """What they met."""

    seconds: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def tell(self, outcome: Outcome) -> None:
        """Fills in the outcome."""
        count = len(self.seconds)
        outcome.requests += count
        outcome.succeeded += count - len(self.failed)
        outcome.failures += [f"a good client's {what}" for what in self.failed]
        in_order = sorted(self.seconds)
        middle, late = in_order[count // 2], in_order[count * 99 // 100]
        outcome.notes.append(
            f"good clients: {count} requests, median {1000 * middle:.0f} ms,"
            f" p99 {1000 * late:.0f} ms, longest {1000 * in_order[-1]:.0f} ms"
        )
        outcome.require(late < _MOST, f"a good client's p99 was {late:.2f} s, {_MOST:.0f} allowed")


@contextlib.asynccontextmanager
async def good_clients(instance: Doorward) -> AsyncIterator[GoodClients]:
    """They come for as long as the block lasts."""
    body = {"email": _EMAIL, "password": _PASSWORD, "password_confirm": _PASSWORD}
    token = (await request(instance.url, "POST", "/user/create", body))[1]["token"]
    met = GoodClients()
    coming = asyncio.create_task(_come(instance.url, token, met))
    try:
        yield met
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


async def _come(url: str, token: str, met: GoodClients) -> None:
    """One after another at a steady rate, whether or not those before have their answers."""
    begun = time.monotonic()
    count = 0
    async with asyncio.TaskGroup() as group:
        while True:
            group.create_task(_one(url, token, met, is_login=count % 2 == 0))
            count += 1
            await asyncio.sleep(begun + count / _A_SECOND - time.monotonic())


async def _one(url: str, token: str, met: GoodClients, *, is_login: bool) -> None:
    begun = time.monotonic()
    if is_login:
        what = "login"
        body = {"email": _EMAIL, "password": _PASSWORD}
        status, _ = await request(url, "POST", "/user/login", body)
    else:
        what = "token check"
        status, _ = await request(url, "GET", "/user", token=token)
    met.seconds.append(time.monotonic() - begun)
    if status != 200:
        met.failed.append(f"{what} was answered {status or 'nothing'}")
