"""The same faults for who has nothing but a file."""

import os
from pathlib import Path

from ..outcome import Outcome
from ..trial import trial
from ..world.doorward import Doorward
from ..world.outbox import SqliteOutbox
from ..world.tmpfs import Ballast
from ..world.world import Service, World
from .registry import scenario

# Root may write whatever the permissions say, unless it gave that right away.
_AS_ANYBODY = ("setpriv", "--bounding-set=-dac_override") if os.geteuid() == 0 else ()


async def _on_file(
    world: World, folder: Path, *names: str, prefix: tuple[str, ...] = ()
) -> tuple[list[Doorward], Service]:
    """Instances on one file, running."""
    file = folder / "doorward.db"
    instances = [world.doorward(f"sqlite://{file}", name, prefix=prefix) for name in names]
    for instance in instances:
        await instance.start()
    return instances, world.service(*instances, outbox=SqliteOutbox(file))


def _data(world: World) -> Path:
    folder = world.folder / "data"
    folder.mkdir()
    return folder


@scenario("sqlite-kill9", "kill -9 under load, on an SQLite file", quick=True)
async def kill(world: World) -> Outcome:
    (instance,), service = await _on_file(world, _data(world), "doorward")
    times = int(world.pick(2, 4))
    outcome = Outcome(f"SIGKILL, {times} times")
    async with trial(world, service, outcome) as load:
        for _ in range(times):
            await instance.kill()
            load.healed()
            await instance.start()
            await load.load(1)
    return outcome


@scenario("sqlite-disk-full", "the file system of the SQLite file is full")
async def disk_full(world: World) -> Outcome:
    small = world.tmpfs("8m")
    _, service = await _on_file(world, small, "doorward")
    ballast = Ballast(small)
    outcome = Outcome("a tmpfs without a free byte for 5 s")
    async with trial(world, service, outcome) as load:
        ballast.take()
        await load.load(5)
        ballast.give_back()
        load.healed()
    return outcome


@scenario("sqlite-two-processes", "two instances on one SQLite file")
async def two_processes(world: World) -> Outcome:
    _, service = await _on_file(world, _data(world), "one", "two")
    outcome = Outcome("two instances on one file, for 8 s")
    async with trial(world, service, outcome) as load:
        await load.load(8)
    return outcome


@scenario("sqlite-read-only", "the SQLite file and its folder are read-only for a while", 18)
async def read_only(world: World) -> Outcome:
    data = _data(world)
    (instance,), service = await _on_file(world, data, "doorward", prefix=_AS_ANYBODY)
    outcome = Outcome("restarted on a read-only file in a read-only folder, 4 s")
    async with trial(world, service, outcome) as load:
        await instance.stop()
        _allow_writing(data, allowed=False)
        try:
            await instance.start(ready=False)
            await load.load(4)
        finally:
            _allow_writing(data, allowed=True)
        load.healed()
    return outcome


def _allow_writing(folder: Path, *, allowed: bool) -> None:
    for file in folder.iterdir():
        file.chmod(0o600 if allowed else 0o400)
    folder.chmod(0o700 if allowed else 0o500)
