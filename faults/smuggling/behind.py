"""The hostile requests through a proxy that uses its connections to doorward again, and whether
the next, honest client gets its own answer and nothing else.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ..world.proxy import Connection, Network
from .case import HIDDEN, OUTER, Case
from .wire import Answer, Line

# Honest answers come soon; of the hostile one, whatever has come by then is enough.
_HONEST = 10.0
_HOSTILE = 1.0
_QUIET = 0.15
# Answers that are waited for; nobody sends so many requests.
_MOST_ANSWERS = 4

_numbers = itertools.count(1)


class Recorder(Network):
    """Between the proxy and doorward: what went over which connection."""

    def __init__(self) -> None:
        self.sent: dict[Connection, bytearray] = {}

    async def carry(self, connection: Connection, data: bytes, to_client: bool) -> None:
        if not to_client:
            self.sent.setdefault(connection, bytearray()).extend(data)
        await super().carry(connection, data, to_client)

    def last_with(self, text: bytes) -> Connection | None:
        """The connection that these bytes went over last."""
        found = [connection for connection, data in self.sent.items() if text in data]
        return found[-1] if found else None


@dataclass
class Lane:
    """One port of the proxy, and its own way to doorward."""

    port: int
    recorder: Recorder
    token: str
    email: str


@dataclass
class Met:
    """What became of one hostile request, and of the honest ones around it."""

    case: Case
    answers: list[Answer] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    # Whether any of it came to doorward, and an honest one after it on the same connection.
    forwarded: bool = False
    followed: bool = False

    def __str__(self) -> str:
        return ", ".join(map(str, self.answers)) or "no answer"


async def attempt(case: Case, lane: Lane) -> Met:
    """An honest request, the hostile one, and two honest ones: on the old and a new connection."""
    met = Met(case)
    lane.recorder.sent.clear()
    async with _lines(lane.port, 2) as (old, hostile):
        await _honest(old, lane)
        await _send(case, hostile, met)
        hostile.close()
        met.forwarded = bool(lane.recorder.last_with(OUTER))
        async with _lines(lane.port, 1) as (new,):
            for line, which in (old, "the same"), (new, "a new"):
                number, wrong = await _honest(line, lane)
                if wrong:
                    met.wrong.append(f"then, on {which} connection, {wrong}")
                if met.forwarded and lane.recorder.last_with(number) is lane.recorder.last_with(
                    OUTER
                ):
                    met.followed = True
    met.wrong += [
        f"doorward answered {of}" for of in met.answers if of.request_id and of.status == 500
    ]
    return met


async def _send(case: Case, line: Line, met: Met) -> None:
    for part in case.parts:
        await line.send(part)
        if part is not case.parts[-1] and (answer := await line.answer(_QUIET)):
            met.answers.append(answer)
    patience = _HOSTILE
    while not line.is_closed and len(met.answers) < _MOST_ANSWERS:
        answer = await line.answer(patience)
        if answer is None:
            return
        met.answers.append(answer)
        patience = _QUIET


async def _honest(line: Line, lane: Lane) -> tuple[bytes, str]:
    """Asks who one is; what was wrong with the answer, if anything."""
    number = f"honest-{next(_numbers):06}"
    head = f"GET /user HTTP/1.1\r\nHost: faults.example\r\nX-Request-Id: {number}"
    await line.send(f"{head}\r\nAuthorization: Bearer {lane.token}\r\n\r\n".encode())
    answer = await line.answer(_HONEST)
    wrong = ""
    if answer is None:
        wrong = "an honest request got no answer"
    elif answer.request_id in {OUTER.decode(), HIDDEN.decode()}:
        wrong = f"an honest client got the answer to {answer.request_id!r}: DESYNCHRONISED"
    elif answer.status != 200 or answer.request_id != number:
        wrong = f"an honest request was answered {answer}"
    elif f'"{lane.email}"'.encode() not in answer.body:
        wrong = "an honest client got somebody else's account"
    return number.encode(), wrong


@asynccontextmanager
async def _lines(port: int, count: int) -> AsyncIterator[list[Line]]:
    lines = [await Line.to(port) for _ in range(count)]
    try:
        yield lines
    finally:
        for line in lines:
            line.close()


async def attempt_all(cases: list[Case], lanes: list[Lane]) -> list[Met]:
    """All of them, one after the other on each lane."""
    waiting = iter(cases)

    async def serve(lane: Lane) -> list[Met]:
        return [await attempt(case, lane) for case in waiting]

    # They share the iterator: whoever is free takes the next.
    return [met for some in await asyncio.gather(*map(serve, lanes)) for met in some]
