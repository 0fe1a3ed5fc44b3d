"""One address as a register: every state that it can be in, call after call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from .devices import Devices
from .ends import Ends
from .lockouts import Lockouts
from .operations import Operation, Operations
from .outbox import may_cause
from .record import Call, Mail
from .verdict import Violation

# More readings than this side by side are given up.
_MOST = 4_000
# A write of which nothing is to be seen gives itself away by these.
_TELL_OF_LOSS = {"right_password_refused", "account_missing", "live_token_refused"}
# A one-time token is made at most so long before its mail is seen, in seconds.
_TRANSIT = 30.0


class State(NamedTuple):
    """A reading of what is in the database. One-time tokens are pairs of purpose and token."""

    # The call that set the password; `None` without an account.
    write: int | None = None
    # One-time tokens that can be alive, and those that must be.
    may: frozenset = frozenset()
    must: frozenset = frozenset()
    # One-time tokens whose making began with this password at the latest.
    begun: frozenset = frozenset()
    # A reset mail can have been asked for with this password.
    asked: bool = False


class Reading(NamedTuple):
    """A state, and which of the open calls have had their moment."""

    state: State
    done: frozenset = frozenset()


@dataclass(slots=True)
class _Event:
    at: float
    # At the same time starts come before ends: then the intervals overlap.
    order: int
    what: str
    operation: Operation | None = None
    token: tuple[str, str] | None = None


class AccountSearch:
    """The search through one address's calls."""

    def __init__(
        self,
        calls: list[Call],
        mails: list[Mail],
        ends: Ends,
        devices: Devices,
        lockouts: Lockouts,
    ) -> None:
        self._calls = calls
        self._operations = Operations(calls, ends, devices, lockouts)
        self._events = sorted(self._all_events(mails), key=lambda event: (event.at, event.order))
        # With the most changes that lead to each.
        self._readings: dict[Reading, int] = {Reading(State()): 0}
        self._open: dict[int, Operation] = {}
        self._begun_forgots = 0
        self._seen: set[tuple[str, str]] = set()
        self.lost: set[int] = set()
        self.is_undecided = False

    @property
    def changes(self) -> int | None:
        """The most changes and resets that can have happened; `None` when nobody knows."""
        return None if self.is_undecided else max(self._readings.values())

    def run(self) -> list[Violation]:
        """Everything that fits no reading."""
        wrong = list(self._operations.impossible)
        for event in self._events:
            if event.what == "start":
                self._start(event.operation)
            elif event.what == "forgot starts":
                self._begun_forgots += 1
            elif (violation := self._pass(event)) is not None:
                wrong.append(violation)
            if len(self._readings) > _MOST:
                self.is_undecided = True
                return wrong
        # What never ended can have happened after all the others.
        self._expand()
        return wrong

    def _all_events(self, mails: list[Mail]) -> Iterator[_Event]:
        for operation in self._operations.all:
            yield _Event(operation.call.start, 0, "start", operation)
            if operation.is_certain:
                yield _Event(operation.call.end, 1, "end", operation)
        for call in self._calls:
            if call.kind == "forgot" and call.outcome != "no":
                yield _Event(call.start, 0, "forgot starts")
                if call.outcome == "yes":
                    yield _Event(call.end, 1, "forgot ends")
        for mail in mails:
            if mail.token is None:
                continue
            purpose = "confirm" if mail.kind == "confirm" else "reset"
            token = (purpose, mail.token)
            starts = [call.start for call in self._calls if may_cause(call, mail.kind)]
            begun = max(min(starts, default=mail.seen), mail.seen - _TRANSIT)
            yield _Event(min(begun, mail.seen), 0, "token begins", token=token)
            what = "token seen" if mail.kind == "reset" else "other token seen"
            yield _Event(mail.seen, 1, what, token=token)

    def _start(self, operation: Operation) -> None:
        self._open[operation.number] = operation
        if operation.changes is None:
            self._readings = self._settled(self._readings)

    def _pass(self, event: _Event) -> Violation | None:
        """An event before or after which each open change can have its moment."""
        self._expand()
        if event.what == "end":
            return self._end(event.operation)
        if event.what == "forgot ends":
            self._begun_forgots -= 1
            self._rewrite(lambda state: state._replace(asked=True))
        elif event.what == "token begins":
            self._rewrite(lambda state: state._replace(begun=state.begun | {event.token}))
        else:
            self._seen.add(event.token)
            is_asked = event.what == "other token seen" or self._begun_forgots > 0
            self._rewrite(lambda state: _with_token(state, event.token, is_asked))
        return None

    def _end(self, operation: Operation) -> Violation | None:
        if self._open.pop(operation.number, None) is None:
            return None
        left = {
            Reading(state, done - {operation.number}): changes
            for (state, done), changes in self._readings.items()
            if operation.number in done
        }
        if left:
            self._readings = left
            return None
        violation = self._operations.violation(
            operation, {reading.state.write for reading in self._readings}
        )
        if violation.kind in _TELL_OF_LOSS:
            acknowledged = {call.number for call in self._calls if call.outcome == "yes"}
            self.lost |= {operation.test[1]} & acknowledged
        self._forget(operation)
        return violation

    def _forget(self, operation: Operation) -> None:
        """Goes on with everything that this call leaves open, so that it is reported once."""
        for number, other in list(self._open.items()):
            if other.changes is not None and other.is_certain:
                del self._open[number]
        begun = [call for call in self._calls if call.start <= operation.call.end]
        states: Iterable[int | None] = [None, *self._operations.setters(begun)]
        if operation.sets_password:
            states = [operation.call.number]
        anything = State(may=frozenset(self._seen), asked=True)
        fitting = [anything._replace(write=write) for write in states]
        if operation.changes is None and operation.test[0] != "is not alive":
            fitting = [state for state in fitting if operation.fits(state)] or fitting
        most = max(self._readings.values()) + len(begun)
        self._readings = self._settled({Reading(state): most for state in fitting})

    def _expand(self) -> None:
        """Adds what becomes of each reading when open changes have their moment now."""
        changing = [operation for operation in self._open.values() if operation.changes]
        queue = list(self._readings)
        while queue and len(self._readings) <= _MOST:
            reading = queue.pop()
            for operation in changing:
                if operation.number in reading.done or not operation.fits(reading.state):
                    continue
                state = operation.changed(reading.state)
                # A call that never ended can have no second moment: its first one ended the state
                # that it needs.
                done = reading.done | {operation.number} if operation.is_certain else reading.done
                changes = self._readings[reading] + (operation.call.kind in {"change", "reset"})
                for after in self._settled({Reading(state, done): changes}):
                    if self._readings.get(after, -1) < changes:
                        self._readings[after] = changes
                        queue.append(after)

    def _settled(self, readings: dict[Reading, int]) -> dict[Reading, int]:
        """Each reading with the open questions that its state answers."""
        asking = [operation for operation in self._open.values() if operation.changes is None]
        settled: dict[Reading, int] = {}
        for (state, done), changes in readings.items():
            answered = {ask.number for ask in asking if ask.fits(state)}
            reading = Reading(state, done | answered)
            settled[reading] = max(changes, settled.get(reading, 0))
        return settled

    def _rewrite(self, rewrite) -> None:
        rewritten: dict[Reading, int] = {}
        for (state, done), changes in self._readings.items():
            reading = Reading(rewrite(state), done)
            rewritten[reading] = max(changes, rewritten.get(reading, 0))
        self._readings = self._settled(rewritten)


def _with_token(state: State, token: tuple[str, str], is_asked: bool) -> State:
    """The state when a mail with this token has come."""
    is_certain = token in state.begun
    # What was asked for before a change is taken back by it.
    is_possible = is_certain or is_asked or state.asked
    return state._replace(
        may=state.may | {token} if is_possible else state.may,
        must=state.must | {token} if is_certain else state.must,
        begun=state.begun - {token},
    )
