"""Mails: each has its event, and each certain event has its mail in the end."""

from __future__ import annotations

from collections.abc import Iterator

from .lockouts import Lockouts
from .record import Call, History, Mail
from .spans import is_possible_failure
from .verdict import Violation

# A mail that was sent and not noted comes again; the outbox waits 10 s or more before that.
_AGAIN = 5.0

_CAUSES = {
    "confirm": {"register", "resend"},
    "reset": {"forgot"},
    "password_changed": {"change", "reset"},
    "account_locked": {"login", "change"},
    "account_was_locked": {"login", "change"},
}
_OF_A_LOCK = {"account_locked", "account_was_locked"}


def may_cause(call: Call, kind: str) -> bool:
    """Whether a mail of this kind can come from the call."""
    if call.kind not in _CAUSES.get(kind, ()):
        return False
    return is_possible_failure(call) if kind in _OF_A_LOCK else call.outcome != "no"


def check_mails(
    history: History,
    address: str,
    calls: list[Call],
    mails: list[Mail],
    changes: int | None,
    lockouts: Lockouts,
) -> Iterator[Violation]:
    """Both directions. `changes` is the most changes and resets that the calls leave possible."""
    for kind in sorted({mail.kind for mail in mails}):
        events = _possible(kind, calls, history.lockout.failures, changes)
        seen = [mail for mail in mails if mail.kind == kind]
        for mail in _unexplained(seen, events, history.hurried_at):
            summary = (
                f"the mail {kind} seen at {mail.seen:.3f} has no event: {len(seen)} of them, "
                f"{len(events)} possible"
            )
            shown = [call for call in calls if may_cause(call, kind)]
            yield Violation("mail_without_event", address, summary, shown[-6:])
    yield from _lost(history, address, calls, mails, lockouts)


def _possible(kind: str, calls: list[Call], failures: int, changes: int | None) -> list[float]:
    """When each event that can have caused such a mail was at the earliest."""
    if kind in _OF_A_LOCK:
        # Each lock uses up so many failures.
        return sorted(call.start for call in calls if is_possible_failure(call))[
            failures - 1 :: failures
        ]
    causes = [call for call in calls if may_cause(call, kind)]
    certain = [call.start for call in causes if call.outcome == "yes"]
    others = sorted(call.start for call in causes if call.outcome == "maybe")
    if kind == "password_changed" and changes is not None:
        others = others[: max(0, changes - len(certain))]
    return sorted(certain + others)


def _unexplained(
    mails: list[Mail], events: list[float], hurried_at: float | None
) -> Iterator[Mail]:
    """Mails that are left when each takes an event from before it, which can be taken again after
    a while."""
    free = list(events)
    for mail in sorted(mails, key=lambda mail: mail.seen):
        if hurried_at is not None and mail.seen >= hurried_at:
            usable = [index for index, since in enumerate(events) if since <= mail.seen]
        else:
            usable = [index for index, since in enumerate(free) if since <= mail.seen]
        if not usable:
            yield mail
            continue
        # One is as good as another: from now on they are free at the same time.
        free[usable[0]] = mail.seen + _AGAIN


def _lost(
    history: History, address: str, calls: list[Call], mails: list[Mail], lockouts: Lockouts
) -> Iterator[Violation]:
    certain = [call for call in calls if call.outcome == "yes"]
    changes = [call for call in calls if call.kind in {"change", "reset"} and call.outcome != "no"]

    sure = [call for call in certain if call.kind in {"change", "reset"}]
    yield from _missing(address, "password_changed", sure, mails)

    registered = min((call.end for call in certain if call.kind == "register"), default=None)
    if registered is None:
        return
    # Who has proven the mailbox gets no more of these.
    if not any(call.kind in {"confirm", "reset"} and call.outcome != "no" for call in calls):
        asked = [
            call
            for call in certain
            if call.kind == "register" or call.kind == "resend" and call.start > registered
        ]
        yield from _missing(address, "confirm", asked, mails)

    # A change takes back what was asked for before it.
    changed = max((_late(call) for call in changes), default=registered)
    since = max(changed, registered)
    asked = [call for call in certain if call.kind == "forgot" and call.start > since]
    yield from _missing(address, "reset", asked, mails)

    strangers = [call for call in calls if lockouts.is_strangers_lock(call)]
    locked = _locks(history, strangers, since)
    yield from _missing(address, "account_locked", locked, mails)


def _locks(history: History, calls: list[Call], since: float) -> list[Call]:
    """Of the calls that met a lock, one for each lock that was set after `since`."""
    found: list[Call] = []
    known_until = since
    for call in sorted(calls, key=lambda call: call.start):
        set_after = call.start - history.lockout.freeze_s - 1.0
        if set_after > known_until:
            found.append(call)
            known_until = call.end
    return found


def _missing(
    address: str, kind: str, events: list[Call], mails: list[Mail]
) -> Iterator[Violation]:
    """Each event has a mail of its own; some may have come twice."""
    if not events:
        return
    # A lock is older than the answer that tells of it.
    since = min(call.start for call in events) if kind != "account_locked" else 0.0
    found = sum(mail.kind == kind and mail.seen >= since for mail in mails)
    for event in events[: max(0, len(events) - found)]:
        summary = f"{len(events)} times the mail {kind} was due, {found} came"
        yield Violation("mail_lost", address, summary, [event])


def _late(call: Call) -> float:
    return call.end if call.outcome == "yes" else float("inf")
