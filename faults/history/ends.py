"""What kills all tokens of an account, by bounds: changes, resets, and revocations."""

from __future__ import annotations

from collections.abc import Iterable

from .record import Call

_ALL = frozenset({"change", "reset", "revoke"})


class Ends:
    """Those of an address."""

    def __init__(self, calls: list[Call]) -> None:
        self._ends = [call for call in calls if call.kind in _ALL and call.outcome != "no"]

    def possible(self, giver: Call, call: Call, kinds: Iterable[str] = _ALL) -> list[Call]:
        """What may have killed a token between its making by `giver` and the end of the call that
        shows it; without an answer it can come however late."""
        return [
            end
            for end in self._ends
            if end.kind in kinds
            and end is not giver
            and end is not call
            and end.start <= call.end
            and (end.outcome == "maybe" or end.end >= giver.start)
        ]

    def certain(self, giver: Call, call: Call, kinds: Iterable[str] = _ALL) -> list[Call]:
        """What must have killed the token in between."""
        return [
            end
            for end in self._ends
            if end.kind in kinds
            and end.outcome == "yes"
            and end.start > giver.end
            and end.end < call.start
        ]
