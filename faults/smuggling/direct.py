"""The hostile requests without anything between: what a proxy that reads them in the other way
would see on the connection that it keeps to doorward.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from .case import HIDDEN, Case, Must, request
from .wire import Answer, Line

# Long enough for a machine that is busy, and for a refusal that comes late.
_ANSWER = 5.0
# What should not come would come at once.
_QUIET = 0.3

_NEXT_ID = "the-next-request"
_NEXT = request(b"GET /health/live HTTP/1.1").replace(b"the-outer-request", _NEXT_ID.encode())


@dataclass
class Found:
    """What became of one hostile request."""

    case: Case
    answers: list[Answer] = field(default_factory=list)
    # To an honest request on the same connection, if it was still open.
    next: Answer | None = None
    closed: bool = False

    def wrong(self) -> str:
        """What must not be; empty when all is well."""
        case, answers = self.case, self.answers
        if case.must is Must.NOT_SUCCEED:
            return "succeeded" if any(of.status < 400 for of in answers) else ""
        if len(answers) > case.answers:
            return f"{len(answers)} answers to {case.answers} requests"
        if case.answers == 1 and any(HIDDEN.decode() == of.request_id for of in answers):
            return "the hidden request was answered"
        sound = {
            Must.BE_REFUSED: [self._is_refused()],
            Must.BE_SERVED: [self._is_served()],
            Must.BE_EITHER: [self._is_refused(), self._is_served()],
            Must.BE_LAST: [self.closed and self.next is None],
        }[case.must]
        return "" if any(sound) else f"not {case.must.value}"

    def _is_refused(self) -> bool:
        last = self.answers[-1].status if self.answers else 0
        return self.closed and self.next is None and (400 <= last < 500 or last == 501)

    def _is_served(self) -> bool:
        first = self.answers[0].status if self.answers else 0
        if first != self.case.status or len(self.answers) != self.case.answers:
            return False
        # HTTP/1.0 and what asks for it may be closed after the answer.
        return self.closed or (self.next is not None and self.next.request_id == _NEXT_ID)

    def __str__(self) -> str:
        told = ", ".join(map(str, self.answers)) or "no answer"
        then = "closed" if self.closed else f"then {self.next}" if self.next else "then nothing"
        return f"{told}; {then}"


async def attempt(case: Case, port: int) -> Found:
    """Sends it, and an honest request after it."""
    found = Found(case)
    async with _line(port) as line:
        for part in case.parts:
            await line.send(part)
            if part is not case.parts[-1]:
                await _answers(line, found, _QUIET)
        await _answers(line, found, _QUIET if case.must is Must.NOT_SUCCEED else _ANSWER)
        if not line.is_closed and case.must is not Must.NOT_SUCCEED:
            await line.send(_NEXT)
            found.next = await line.answer(_ANSWER)
        found.closed = line.is_closed
    return found


async def _answers(line: Line, found: Found, patience: float) -> None:
    """All that come; the first may take a while."""
    while not line.is_closed and len(found.answers) <= found.case.answers:
        # Until one is overdue, it is waited for; what comes beyond is not expected.
        awaited = len(found.answers) < found.case.answers
        answer = await line.answer(patience if awaited else _QUIET)
        if answer is None:
            return
        found.answers.append(answer)


@asynccontextmanager
async def _line(port: int) -> AsyncIterator[Line]:
    line = await Line.to(port)
    try:
        yield line
    finally:
        line.close()


async def attempt_all(cases: list[Case], port: int, at_once: int = 16) -> list[Found]:
    """All of them, some at the same time, each on a connection of its own."""
    places = asyncio.Semaphore(at_once)

    async def one(case: Case) -> Found:
        async with places:
            return await attempt(case, port)

    return await asyncio.gather(*map(one, cases))
