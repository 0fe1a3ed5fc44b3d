"""The lockout: what must have been locked, and what cannot have been."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .record import Call, Lockout
from .verdict import Violation

# The instances' clocks and ours, in seconds.
_TOLERANCE = 0.25
# A call that was not answered has had its moment after so long, in seconds.
LINGER = 60.0

_WRONG = {"wrong_credentials", "wrong_password"}


@dataclass(frozen=True, slots=True)
class _Span:
    """When something had its moment."""

    start: float
    end: float
    call: Call


def is_possible_failure(call: Call) -> bool:
    """Whether it may have been counted as a wrong password, once."""
    is_presented = call.kind in {"login", "change"}
    return is_presented and (call.outcome == "maybe" or call.code in _WRONG)


def check_lockout(calls: list[Call], lockout: Lockout) -> Iterator[Violation]:
    """Passwords that were looked at behind a lock, and locks without their failures."""
    presented = [call for call in calls if call.kind in {"login", "change"}]
    certain = sorted(
        (_span(call) for call in presented if call.code in _WRONG), key=lambda span: span.start
    )
    # A right password ends the count, perhaps also one whose answer says something else.
    ends_count = [
        _span(call)
        for call in presented
        if call.outcome != "no" or (call.kind == "change" and call.code == "invalid_token")
    ]
    resets = [_span(call) for call in calls if call.kind == "reset" and call.outcome != "no"]
    ended = [span for span in ends_count + resets if span.call.outcome == "yes"]
    possible = [_span(call) for call in calls if is_possible_failure(call)]
    for call in presented:
        if call.outcome == "yes" or call.code in _WRONG:
            passed = _passed_lock(call, certain, ends_count + resets, resets, lockout)
            if passed:
                summary = "a password was looked at while the address was locked"
                yield Violation("lock_passed", call.address, summary, [*passed, call])
        elif call.code == "account_locked" and not _is_explained(call, possible, ended, lockout):
            summary = (
                f"locked without {lockout.failures} wrong passwords in time, or longer than "
                f"{lockout.freeze_s:g} s"
            )
            before = [span.call for span in possible if span.start <= call.end]
            shown = [*before[-lockout.failures :], *_last(ended, call), call]
            shown.sort(key=lambda shown: shown.start)
            yield Violation("lock_without_failures", call.address, summary, shown)


def _passed_lock(
    call: Call, failures: list[_Span], ends: list[_Span], resets: list[_Span], lockout: Lockout
) -> list[Call] | None:
    """The failures that must have locked the address from before the call until after it."""
    for index, first in enumerate(failures):
        # The lock was set after the first of them began, at the earliest.
        if first.start >= call.start or first.start + lockout.freeze_s - _TOLERANCE <= call.end:
            continue
        group = sorted(failures[index:], key=lambda span: span.end)[: lockout.failures]
        last = group[-1].end
        if len(group) < lockout.failures or last >= call.start:
            continue
        if last - first.start > lockout.window_s - _TOLERANCE:
            continue
        if any(span.start <= last and span.end >= first.start for span in ends):
            continue
        if any(span.start <= call.end and span.end >= first.start for span in resets):
            continue
        return [span.call for span in group]
    return None


def _is_explained(
    locked: Call, failures: list[_Span], ended: list[_Span], lockout: Lockout
) -> bool:
    """Whether there is a moment at which enough failures can have set this lock."""
    since = locked.start - lockout.freeze_s - _TOLERANCE
    # A reset that was over before ended every lock from before it.
    unlocked = [
        span.start for span in ended if span.call.kind == "reset" and span.end < locked.start
    ]
    since = max([since, *unlocked])
    for locking in failures:
        first, last = max(locking.start, since), min(locking.end, locked.end)
        others = [span for span in failures if span is not locking]
        moments = [first, *(span.start for span in others if first < span.start <= last)]
        for moment in moments:
            if moment <= last and _counted(moment, others, ended, lockout) + 1 >= lockout.failures:
                return True
    return False


def _counted(moment: float, failures: list[_Span], ended: list[_Span], lockout: Lockout) -> int:
    """The most failures that can be in the count at a moment."""
    count, reached = 0, moment
    for span in sorted(failures, key=lambda span: span.end, reverse=True):
        if span.start > moment:
            continue
        if any(span.end < end.start and end.end < moment for end in ended):
            continue
        if reached - span.end > lockout.window_s + _TOLERANCE:
            break
        count, reached = count + 1, min(reached, span.start)
    return count


def _last(ended: list[_Span], call: Call) -> list[Call]:
    before = [span.call for span in ended if span.start <= call.end]
    return before[-1:]


def _span(call: Call) -> _Span:
    late = LINGER if call.outcome == "maybe" else 0.0
    return _Span(call.start, call.end + late, call)
