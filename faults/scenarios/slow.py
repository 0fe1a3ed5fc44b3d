"""Slow and rude clients by the thousand; good ones must not notice."""

import asyncio
import signal
import time
from pathlib import Path

from ..abuse import rude_clients
from ..abuse.siege import siege
from ..outcome import Outcome, Skipped
from ..world.daemon import Daemon
from ..world.world import World
from .registry import scenario

_SLOWHTTPTEST = Path("/usr/bin/slowhttptest")
_CONNECTIONS = 1_000
# http.read_timeout and http.write_timeout are 10 s. A body has it after the headers, and after its
# refusal what still comes is read for another 10 s.
_LIMIT = 35.0
_LONGEST = 60


async def _slowhttptest(world: World, what: str, path: str, *options: str) -> Outcome:
    """Its connections are ended by doorward, or it goes on until its own time is over."""
    if not _SLOWHTTPTEST.exists():
        raise Skipped(f"{_SLOWHTTPTEST} is not there (apt-get install slowhttptest)")
    outcome = Outcome(f"slowhttptest, {_CONNECTIONS:,} connections: {what}", recovers=False)
    async with siege(world, outcome) as besieged:
        command = [_SLOWHTTPTEST, "-c", _CONNECTIONS, "-r", 250, "-i", 5, "-l", _LONGEST, "-p", 5]
        command += [*options, "-u", f"{besieged.instance.url}{path}", "-v", 1]
        log = world.folder / "slowhttptest.log"
        attack = Daemon("slowhttptest", [*map(str, command)], log, end_with=signal.SIGKILL)
        world.closes(attack)
        attack.launch()
        await besieged.is_held(_CONNECTIONS * 9 // 10)
        # What the kernel has taken of an answer outlives the connection; doorward is rid of it.
        begun = time.monotonic()
        await besieged.is_over(_LIMIT)
        took = time.monotonic() - begun
        outcome.notes.append(f"{took:.0f} s after 900 were open, doorward had ended them")
        outcome.require(attack.is_running() or took > 5, "slowhttptest gave up by itself")
        await attack.kill()
    return outcome


@scenario("slow-headers", "1,000 clients send their headers a line at a time (slowloris)", 25)
async def slow_headers(world: World) -> Outcome:
    return await _slowhttptest(world, "slow headers", "/user", "-H", "-x", "10")


@scenario("slow-body", "1,000 clients send their bodies some bytes at a time", 25)
async def slow_body(world: World) -> Outcome:
    options = ("-B", "-s", "4096", "-x", "10", "-f", "application/json")
    return await _slowhttptest(world, "slow bodies", "/user/login", *options)


@scenario("slow-read", "1,000 clients read their answers some bytes at a time", 25)
async def slow_read(world: World) -> Outcome:
    options = ("-X", "-k", "2", "-w", "10", "-y", "20", "-n", "5", "-z", "5")
    return await _slowhttptest(world, "slow reading", "/openapi.json", *options)


@scenario("unread-answers", "300 clients send requests without end and never read", 25)
async def unread_answers(world: World) -> Outcome:
    outcome = Outcome("300 connections, requests without end, no answer read", recovers=False)
    async with siege(world, outcome) as besieged:
        left = await rude_clients.never_read(besieged.instance.port, 300, _LIMIT)
        outcome.require(left == 0, f"{left} could still send after {_LIMIT:.0f} s")
    return outcome


@scenario("silent-clients", "1,000 clients connect and say nothing", 20)
async def silent_clients(world: World) -> Outcome:
    outcome = Outcome(f"{_CONNECTIONS:,} connections without a word", recovers=False)
    async with siege(world, outcome) as besieged:
        silent = rude_clients.say_nothing(besieged.instance.port, _CONNECTIONS, _LIMIT)
        attack = asyncio.create_task(silent)
        await besieged.is_held(_CONNECTIONS * 9 // 10)
        left = await attack
        outcome.require(left == 0, f"{left} were still open after {_LIMIT:.0f} s")
    return outcome


@scenario("quick-clients", "10,000 connections that end at once", 15, quick=True)
async def quick_clients(world: World) -> Outcome:
    count = int(world.pick(2_000, 10_000))
    outcome = Outcome(f"{count:,} connections that end at once", recovers=False)
    async with siege(world, outcome) as besieged:
        got_in = await rude_clients.come_and_go(besieged.instance.port, count)
        outcome.require(got_in == count, f"{count - got_in} did not get in")
    return outcome
