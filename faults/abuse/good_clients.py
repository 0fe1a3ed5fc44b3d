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

    def tell_alone(self, outcome: Outcome) -> None:
        """What they met as long as they were alone, which says what a machine is good for; they
        start anew."""
        outcome.notes.append(f"good clients alone: {self._words()}")
        if self.failed or self._p99() >= _MOST:
            outcome.failures.append(
                "good clients were not served before anybody was rude: the machine is too busy,"
                f" or the service too slow: {self._words()}"
            )
        self.seconds.clear()
        self.failed.clear()

    def tell(self, outcome: Outcome) -> None:
        """Fills in the outcome."""
        outcome.requests += len(self.seconds)
        outcome.succeeded += len(self.seconds) - len(self.failed)
        outcome.failures += [f"a good client's {what}" for what in self.failed]
        outcome.notes.append(f"good clients: {self._words()}")
        late = self._p99()
        outcome.require(late < _MOST, f"a good client's p99 was {late:.2f} s, {_MOST:.0f} allowed")

    def _p99(self) -> float:
        return sorted(self.seconds)[len(self.seconds) * 99 // 100]

    def _words(self) -> str:
        count, in_order = len(self.seconds), sorted(self.seconds)
        return (
            f"{count} requests, {len(self.failed)} failed, median"
            f" {1000 * in_order[count // 2]:.0f} ms, p99 {1000 * self._p99():.0f} ms,"
            f" longest {1000 * in_order[-1]:.0f} ms"
        )


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
