"""The lockout: what must have been locked, and what cannot have been.

What strangers tried locks strangers; a known device is kept out by an operator alone, and neither
its failures nor its successes are the address's.
"""

from __future__ import annotations

from collections.abc import Iterator

from .devices import KNOWN, STRANGER, Devices
from .operator_locks import OperatorLocks
from .record import Call, Lockout
from .spans import (
    TOLERANCE,
    WRONG_PASSWORD,
    Span,
    group,
    is_looked_at,
    is_possible_failure,
    may_be_right,
    presents_password,
    span,
)
from .verdict import Violation

_UNLOCKS = {"reset", "unlock"}


class Lockouts:
    """The locks of an address."""

    def __init__(
        self, calls: list[Call], devices: Devices, operator: OperatorLocks, lockout: Lockout
    ) -> None:
        self._devices = devices
        self._operator = operator
        self._lockout = lockout
        self._presented = [call for call in calls if presents_password(call)]
        failures = [call for call in self._presented if is_possible_failure(call)]
        self._possible = [span(call) for call in failures if devices.standing(call) != KNOWN]
        self._certain = sorted(
            (
                span(call)
                for call in failures
                if call.code in WRONG_PASSWORD and devices.standing(call) == STRANGER
            ),
            key=lambda of: of.start,
        )
        right = [call for call in self._presented if may_be_right(call)]
        # An operator's lock ends a count, and the lock that was there.
        changes = [call for call in calls if call.kind in {*_UNLOCKS, "lock"}]
        self._unlocks = [span(call) for call in changes if call.outcome != "no"]
        self._ends = [span(call) for call in right if self._standing(call) != KNOWN]
        self._ends += self._unlocks
        self._ended = [
            of
            for of in self._ends
            if of.call.outcome == "yes"
            and (of.call.kind in {*_UNLOCKS, "lock"} or self._standing(of.call) == STRANGER)
        ]
        # The calls whose password was looked at behind the lock, and the failures that had set it.
        self.passed: dict[int, list[Call]] = {}
        for call in self._presented:
            if is_looked_at(call) and (found := self._lock_before(call)):
                self.passed[call.number] = found

    def check(self) -> Iterator[Violation]:
        """Passwords that were looked at behind a lock, and locks without their failures."""
        for call in self._presented:
            if call.number in self.passed and self._devices.standing(call) == STRANGER:
                summary = "a password was looked at while the address was locked"
                shown = [*self.passed[call.number], call]
                yield Violation("lock_passed", call.address, summary, shown)
            if is_looked_at(call) and (lock := self._operator.binding(call)):
                summary = "a password was looked at while an operator had locked the address"
                yield Violation("operator_lock_passed", call.address, summary, [lock, call])
            if self.is_strangers_lock(call) and not self._is_explained(call):
                yield self._unexplained(call)

    def is_strangers_lock(self, call: Call) -> bool:
        """Whether it met a lock that binds strangers alone."""
        return call.code == "account_locked" and not self._operator.may_bind(call)

    def _standing(self, call: Call) -> str | None:
        return self._devices.was_taken_for(call) or self._devices.standing(call)

    def _unexplained(self, call: Call) -> Violation:
        lockout = self._lockout
        summary = (
            f"locked without {lockout.failures} wrong passwords in time, or longer than "
            f"{lockout.freeze_s:g} s"
        )
        before = [of.call for of in self._possible if of.start <= call.end]
        ended = [of.call for of in self._ended if of.start <= call.end]
        shown = [*before[-lockout.failures :], *ended[-1:], call]
        shown.sort(key=lambda shown: shown.start)
        return Violation("lock_without_failures", call.address, summary, shown)

    def _lock_before(self, call: Call) -> list[Call] | None:
        """The failures that must have locked the address from before the call until after it."""
        lockout = self._lockout
        for index, first in enumerate(self._certain):
            # The lock was set after the first of them began, at the earliest.
            is_over = first.start + lockout.freeze_s - TOLERANCE <= call.end
            if first.start >= call.start or is_over:
                continue
            found = group(self._certain[index:], lockout.failures)
            last = found[-1].end
            if len(found) < lockout.failures or last >= call.start:
                continue
            if last - first.start > lockout.window_s - TOLERANCE:
                continue
            if any(of.start <= last and of.end >= first.start for of in self._ends):
                continue
            if any(of.start <= call.end and of.end >= first.start for of in self._unlocks):
                continue
            return [of.call for of in found]
        return None

    def _is_explained(self, locked: Call) -> bool:
        """Whether there is a moment at which enough failures can have set this lock."""
        lockout = self._lockout
        since = locked.start - lockout.freeze_s - TOLERANCE
        # What was over before ended every lock from before it.
        unlocked = [
            of.start
            for of in self._ended
            if of.call.kind in {*_UNLOCKS, "lock"} and of.end < locked.start
        ]
        since = max([since, *unlocked])
        for locking in self._possible:
            first, last = max(locking.start, since), min(locking.end, locked.end)
            others = [of for of in self._possible if of is not locking]
            moments = [first, *(of.start for of in others if first < of.start <= last)]
            for moment in moments:
                if moment <= last and self._counted(moment, others) + 1 >= lockout.failures:
                    return True
        return False

    def _counted(self, moment: float, failures: list[Span]) -> int:
        """The most failures that can be in the count at a moment."""
        count, reached = 0, moment
        for of in sorted(failures, key=lambda of: of.end, reverse=True):
            if of.start > moment:
                continue
            if any(of.end < end.start and end.end < moment for end in self._ended):
                continue
            if reached - of.end > self._lockout.window_s + TOLERANCE:
                break
            count, reached = count + 1, min(reached, of.start)
        return count
