"""An operator's lock binds known devices, too; it ends by itself, or by an unlock or a reset."""

from __future__ import annotations

from .record import Call
from .spans import TOLERANCE, span


class OperatorLocks:
    """Those of an address."""

    def __init__(self, calls: list[Call]) -> None:
        self._locks = [span(call) for call in calls if call.kind == "lock" and call.outcome != "no"]
        self._ends = [
            span(call)
            for call in calls
            if call.kind in {"lock", "unlock", "reset"} and call.outcome != "no"
        ]

    def may_bind(self, call: Call) -> bool:
        """Whether one may have been in force during the call."""
        return any(
            lock.start <= call.end
            and call.start <= lock.end + lock.call.length_s + TOLERANCE
            and not any(
                end.call.outcome == "yes" and lock.end < end.start and end.end < call.start
                for end in self._ends
            )
            for lock in self._locks
        )

    def binding(self, call: Call) -> Call | None:
        """One that must have been in force from before the call until after it."""
        for lock in self._locks:
            is_begun = lock.call.outcome == "yes" and lock.end < call.start
            if not is_begun or lock.start + lock.call.length_s - TOLERANCE <= call.end:
                continue
            others = [end for end in self._ends if end.call is not lock.call]
            if not any(end.start <= call.end and end.end >= lock.start for end in others):
                return lock.call
        return None
