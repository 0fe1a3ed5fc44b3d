"""One run of the workload against instances of its own, with a fault that is repeated."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass

from bench.harness.errors import BenchError

from ..world.doorward import Doorward, request
from ..world.outbox import Outbox, PostgresOutbox, SqliteOutbox
from ..world.postgres import Postgres
from ..world.wait import until
from ..world.world import World
from .record import History, Lockout
from .workload import Workload

FAULTS = {
    "none": "nothing happens",
    "terminate": "every 300 ms PostgreSQL ends all connections of the instances",
    "kill": "every 1.5 s one instance is killed with -9 and started again",
}

_LOCKOUT = Lockout(failures=5, window_s=60.0, freeze_s=3.0)
# Answers a second of the time that was asked for, and how many times that time there is for them.
_RATE = 30
_LONGEST = 4.0
# How long mails may take in the end, in seconds.
_MAILS = 30.0


@dataclass(frozen=True, slots=True)
class Experiment:
    """What is run."""

    engine: str
    instances: int
    seconds: float
    fault: str = "none"
    clients: int = 8
    accounts: int = 20

    async def run(self, world: World) -> History:
        """Starts everything, and gives the history when all mails have come."""
        postgres: Postgres | None = None
        if self.engine == "postgres":
            postgres = await world.postgres()
            url, outbox = postgres.url(), PostgresOutbox(postgres)
        else:
            file = world.folder / "doorward.db"
            url, outbox = f"sqlite://{file}", SqliteOutbox(file)
        names = [f"doorward{number}" for number in range(self.instances)]
        instances = [world.doorward(url, name) for name in names]
        for instance in instances:
            await instance.start()
        urls = [instance.url for instance in instances]
        load = Workload(
            urls,
            world.mail_dir,
            world.seed,
            self.clients,
            self.accounts,
            lockout=_LOCKOUT,
            operator=instances[0].operator(),
        )
        over = asyncio.Event()
        running = asyncio.create_task(load.run(over))
        try:
            await self._under_faults(load, instances, postgres)
            for instance in instances:
                await instance.daemon.is_up(instance.is_ready)
            load.history.note("healed")
            over.set()
            history = await running
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        await _mails_arrive(history, outbox, urls)
        return history

    async def _under_faults(
        self, load: Workload, instances: list[Doorward], postgres: Postgres | None
    ) -> None:
        breaking = asyncio.create_task(self._break(instances, postgres))
        enough = asyncio.create_task(self._is_enough(load))
        try:
            both = {breaking, enough}
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            breaking.cancel()
            enough.cancel()
            await asyncio.gather(breaking, enough, return_exceptions=True)

    async def _is_enough(self, load: Workload) -> None:
        """The time is over; on a busy machine that is later, when there was traffic enough."""
        begun = time.monotonic()
        await asyncio.sleep(self.seconds)
        while time.monotonic() - begun < _LONGEST * self.seconds:
            if sum(call.status is not None for call in load.history.calls) >= _RATE * self.seconds:
                return
            await asyncio.sleep(0.2)

    async def _break(self, instances: list[Doorward], postgres: Postgres | None) -> None:
        """Until it is cancelled."""
        number = 0
        while True:
            if self.fault == "kill":
                await asyncio.sleep(1.5)
                replacing = asyncio.ensure_future(_replace(instances[number % len(instances)]))
                try:
                    await asyncio.shield(replacing)
                except asyncio.CancelledError:
                    # What is begun is finished: in the end all of them run.
                    await replacing
                    raise
            elif self.fault == "terminate" and postgres is not None:
                await asyncio.sleep(0.3)
                await postgres.terminate()
            else:
                await asyncio.sleep(3600)
            number += 1


async def _replace(instance: Doorward) -> None:
    await instance.kill()
    instance.daemon.launch()


async def _mails_arrive(history: History, outbox: Outbox, urls: list[str]) -> None:
    """What a killed worker had in hand waits for its lease, which nobody wants to wait for."""

    async def none_waits() -> bool:
        if not await outbox.waiting():
            return True
        history.hurry()
        await outbox.pass_time()
        for url in urls:
            # Wakes the worker.
            await request(url, "POST", "/user/forgot", {"email": "nobody@faults.example"})
        await asyncio.sleep(0.2)
        return False

    with contextlib.suppress(BenchError):
        await until(none_waits, _MAILS, "every mail has left the outbox")
    history.read_mails()
