"""Load while something breaks, and the judgement afterwards."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from bench.harness.errors import BenchError

from .history import Call, Lockout, Workload, check
from .outcome import RECOVERY_LIMIT, Outcome
from .world.doorward import request
from .world.wait import until
from .world.world import Service, World

# As World.doorward sets it.
LOCKOUT = Lockout(failures=5, window_s=60.0, freeze_s=3.0)

# Load before the fault, and after it has ended: long enough to see a late recovery as late.
_BEFORE = 2.0
_AFTER = RECOVERY_LIMIT + 2

# How long mails may take that nothing hinders any more.
_MAILS = 20.0


class Trial:
    """One run of the load; the scenario breaks things meanwhile."""

    def __init__(self, world: World, service: Service, outcome: Outcome) -> None:
        self._world = world
        self._service = service
        self._outcome = outcome
        self._over = asyncio.Event()
        self._healed_at: float | None = None
        # Set where the fault must not reach clients at all: every request is answered, none 503.
        self.nothing_may_fail = False
        clients = 4 if world.quick else 8
        self._workload = Workload(
            service.urls,
            service.mail_dir,
            world.seed,
            clients=clients,
            lockout=LOCKOUT,
            operator=service.operator,
        )

    async def load(self, seconds: float) -> None:
        """Requests go on for so long; the fault is in force, or not yet."""
        await asyncio.sleep(seconds)

    def healed(self) -> None:
        """The fault has just ended."""
        self._healed_at = time.monotonic()
        self._workload.history.note("healed")

    async def run(self) -> "asyncio.Task[object]":
        """Starts the load."""
        running = asyncio.create_task(self._workload.run(self._over))
        await self.load(_BEFORE / 2 if self._world.quick else _BEFORE)
        return running

    async def judge(self, running: "asyncio.Task[object]") -> None:
        """Ends the load, waits for the mails, and fills in the outcome."""
        if self._healed_at is not None:
            await self.load(_AFTER - 4.5 if self._world.quick else _AFTER)
        self._over.set()
        history = await running
        outcome = self._outcome
        history.hurry()
        await self._mails_arrive()
        history.read_mails()
        history.save(self._world.folder / "history.jsonl")
        verdict = check(history)
        outcome.requests = verdict.requests
        outcome.succeeded = sum(1 for call in history.calls if call.status in (200, 201))
        outcome.wrong += [str(violation) for violation in verdict.wrong]
        outcome.lost_writes += verdict.lost_writes
        outcome.mails_lost += verdict.mails_lost
        outcome.mails_for_rollback += verdict.mails_for_rollback
        if self._healed_at is None:
            outcome.recovers = False
        else:
            outcome.recovery = history.recovery(self._healed_at)
        for call in history.calls:
            if _failed(call) and (self.nothing_may_fail or call.status not in (None, 503)):
                told = call.status or f"not answered: {call.error}"
                outcome.failures.append(f"{call.kind} was {told}")

    async def _mails_arrive(self) -> None:
        async def none_waits() -> bool:
            if not await self._service.outbox.waiting():
                return True
            # Whatever was refused, or was in the hands of one that was killed, is due now; and
            # a request wakes the worker.
            await self._service.outbox.pass_time()
            for url in self._service.urls:
                await request(url, "POST", "/user/forgot", {"email": "nobody@faults.example"})
            await asyncio.sleep(0.2)
            return False

        try:
            await until(none_waits, _MAILS, "every mail has left the outbox")
        except BenchError as error:
            self._outcome.failures.append(str(error))


def _failed(call: Call) -> bool:
    return call.status is None or call.status >= 500


@contextlib.asynccontextmanager
async def trial(world: World, service: Service, outcome: Outcome) -> AsyncIterator[Trial]:
    """Load for as long as the block lasts and some seconds more, then the judgement."""
    of = Trial(world, service, outcome)
    running = await of.run()
    try:
        yield of
        await of.judge(running)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
