"""The devices of an address: which call must have come from a known one, and which from a stranger.

A device token is good for the password that was in force when it was given, as the access token of
the same answer is; so what contradicts a change or a reset is for the search to find
(`operations.py`). Here are bounds: the device's own wrong passwords, and an operator's revocation.
"""

from __future__ import annotations

from collections.abc import Iterator

from .ends import Ends
from .record import Call, Lockout
from .spans import (
    WRONG_PASSWORD,
    group,
    is_possible_failure,
    may_be_right,
    presents_password,
    span,
)
from .verdict import Violation

KNOWN, STRANGER = "known", "stranger"


class Devices:
    """All that the calls of an address say of its devices."""

    def __init__(self, calls: list[Call], ends: Ends, lockout: Lockout) -> None:
        self._most = lockout.failures
        self._by_number = {call.number: call for call in calls}
        self._ends = ends
        self._of: dict[str, list[Call]] = {}
        for call in calls:
            if presents_password(call) and (device := self._device(call)):
                self._of.setdefault(device, []).append(call)
        # The calls that show a device which must have failed too often before, and its failures.
        self._estranged: dict[int, list[Call]] = {}
        for own in self._of.values():
            self._estranged |= {
                call.number: found for call in own if (found := self._must_be(call))
            }
        self._standing = {call.number: self._find_standing(call) for call in calls}

    def standing(self, call: Call) -> str | None:
        """What the call must have come from: a known device or a stranger; `None` is either."""
        return self._standing[call.number]

    def was_taken_for(self, call: Call) -> str | None:
        """The same, as a 2xx tells: a device that is known keeps its number."""
        device = self._device(call)
        if device is None or call.outcome != "yes" or call.got_device is None:
            return None
        return KNOWN if call.got_device == device else STRANGER

    def may_be_estranged(self, call: Call) -> bool:
        """Whether a stranger is right although the password is as it was: the device failed too
        often, or an operator revoked everything."""
        is_revoked = self._ends.possible(self._giver(call), call, {"revoke"})
        return bool(is_revoked) or self._possible_failures(call) >= self._most

    def check(self) -> Iterator[Violation]:
        """Devices that go on being known although they must not, whatever the password is."""
        for own in self._of.values():
            for call in own:
                if self.was_taken_for(call) != KNOWN:
                    continue
                if call.number in self._estranged:
                    summary = f"a device is known after {self._most} wrong passwords of its own"
                    shown = [*self._estranged[call.number], call]
                    yield Violation("device_never_estranged", call.address, summary, shown)
                elif revoked := self._ends.certain(self._giver(call), call, {"revoke"}):
                    summary = "a device is known after its account's tokens were revoked"
                    shown = [self._by_number[call.device], *revoked, call]
                    yield Violation("revoked_device_known", call.address, summary, shown)

    def _device(self, call: Call) -> str | None:
        giver = self._giver(call)
        return giver and giver.got_device

    def _giver(self, call: Call) -> Call | None:
        return self._by_number.get(call.device) if call.device is not None else None

    def _find_standing(self, call: Call) -> str | None:
        if self._device(call) is None or call.number in self._estranged:
            return STRANGER
        giver = self._giver(call)
        if self._ends.certain(giver, call):
            return STRANGER
        is_as_it_was = not self._ends.possible(giver, call)
        return KNOWN if is_as_it_was and self._possible_failures(call) < self._most else None

    def _must_be(self, call: Call) -> list[Call] | None:
        """The device's failures after which it must be a stranger for good."""
        own = self._of[self._device(call)]
        certain = sorted(
            (
                span(of)
                for of in own
                if of.code in WRONG_PASSWORD and not self._ends.possible(self._giver(of), of)
            ),
            key=lambda of: of.start,
        )
        clears = [span(of) for of in own if may_be_right(of)]
        for index, first in enumerate(certain):
            found = group(certain[index:], self._most)
            last = found[-1].end
            if len(found) < self._most or last >= call.start:
                continue
            if not any(clear.start <= last and clear.end >= first.start for clear in clears):
                return [of.call for of in found]
        return None

    def _possible_failures(self, call: Call) -> int:
        """The most wrong passwords of the device that can have been counted before the call."""
        own = self._of[self._device(call)]
        failures = [span(of) for of in own if is_possible_failure(of) and of is not call]
        ended = [span(of) for of in own if self.was_taken_for(of) == KNOWN]
        # Beside a failure it may have been one too late.
        ended = [
            end
            for end in ended
            if not any(of.start <= end.end and of.end >= end.start for of in failures)
        ]
        return sum(
            of.start <= call.end
            and not any(of.end < end.start and end.end < call.start for end in ended)
            for of in failures
        )
