"""doorward while somebody abuses it: its memory, its files, and whether it gets rid of them."""

import contextlib
import resource
from collections.abc import AsyncIterator
from pathlib import Path

from bench.harness.errors import BenchError

from ..outcome import Outcome
from ..world.doorward import Doorward
from ..world.wait import until
from ..world.world import World
from .good_clients import good_clients

# A tenth of what 1,000 connections with the largest buffers could cost.
_MOST_GROWTH_MIB = 150
# Good clients' own connections, and those of the database, come and go.
_SPARE = 40
_GONE = 30.0
# So many good requests before the siege; 3 seconds.
_ALONE = 60


class Siege:
    """One instance, and what it had before."""

    def __init__(self, instance: Doorward, outcome: Outcome) -> None:
        self.instance = instance
        self._outcome = outcome
        self._files = self.files()
        self._memory = self.memory_mib()

    def files(self) -> int:
        """Open files, connections included."""
        return len([*Path(f"/proc/{self.instance.daemon.pid}/fd").iterdir()])

    def memory_mib(self, field: str = "VmRSS") -> float:
        """Resident memory: VmRSS now, VmHWM at most."""
        text = Path(f"/proc/{self.instance.daemon.pid}/status").read_text()
        return int(text.partition(f"{field}:")[2].split()[0]) / 1024

    async def is_held(self, connections: int, within: float = 15) -> None:
        """Waits until so many more connections are open than before."""
        wanted = self._files + connections
        await until(lambda: self.files() >= wanted, within, f"{connections} connections are open")

    async def is_over(self, within: float = _GONE) -> None:
        """Waits until the connections are gone."""
        enough = self._files + _SPARE
        await until(lambda: self.files() <= enough, within, "the connections are ended")

    def tell(self) -> None:
        """Fills in the outcome."""
        before, now, most = self._memory, self.memory_mib(), self.memory_mib("VmHWM")
        self._outcome.notes.append(
            f"open files {self._files} before, {self.files()} after;"
            f" memory {before:.0f} MiB before, {now:.0f} after, {most:.0f} at most"
        )
        self._outcome.require(
            most - before < _MOST_GROWTH_MIB, f"memory grew by {most - before:.0f} MiB"
        )


@contextlib.asynccontextmanager
async def siege(world: World, outcome: Outcome) -> AsyncIterator[Siege]:
    """An instance with good clients; the block does what it likes to it."""
    _raise_open_files()
    instance = world.doorward(f"sqlite://{world.folder / 'doorward.db'}")
    await instance.start()
    async with good_clients(instance) as good:
        # Hashing threads have their memory and the pool its connections only after first use.
        await until(lambda: len(good.seconds) >= _ALONE, 30, "good requests are answered")
        good.tell_alone(outcome)
        of = Siege(instance, outcome)
        try:
            yield of
            await of.is_over()
        except BenchError as error:
            outcome.failures.append(str(error))
        of.tell()
    good.tell(outcome)
    outcome.require(instance.daemon.is_running(), "doorward has ended")


def _raise_open_files() -> None:
    """As many as this process may have, for itself and for those that it starts."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
