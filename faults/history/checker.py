"""Looks for a history that no correct service could give.

The model. A call takes effect at one moment between its start and its end, which are all that a
client knows. A 2xx says that it did, a 4xx that it did not. A 5xx, a broken connection or a
time-out says "maybe": the effect is there from some moment after the start on, however late, or
never. Nothing else is assumed: not which instance answered, nor when it was killed or started
again, nor what was done to the database. So a call is wrong only if it contradicts every order of
moments that the intervals leave open.

An address is a register (`accounts.py`). Its state is the registration, change or reset that set
the password now in force. The workload never sets a password twice, so what a call presents names
the one state in which it can be right: a login that of the call which set the password, a token
check that of the call or of the login which gave the token. A change goes from the state of its
token to its own, a reset from any state in which its one-time token is alive; both kill all
one-time tokens and every reset mail that was asked for before. The search walks through the
calls by time, keeps all states that are still possible, and reports the call that leaves none.

The lockout counts and has a clock, so it is judged by bounds (`lockouts.py`): a password that was
looked at although the address was locked under every reading, and a lock that no reading explains.

A device token is given with a password in force, and dies with it; so a device that was known, or
was not, says what the state was, as an access token does (`operations.py`). An answer tells it by
the number of the device in the new token, and by passing or meeting a lock of the address, which
binds strangers alone. That its own wrong passwords made it a stranger, and what an operator locked
or revoked, are bounds again (`devices.py`, `operator_locks.py`, `ends.py`).

Mails (`outbox.py`) must follow from something that may have happened, and whatever certainly
happened must have its mail in the end. A mail may come twice, after a while.

Identities and the contract (`answers.py`) need no times.
"""

from __future__ import annotations

from collections import defaultdict

from .accounts import AccountSearch
from .answers import check_answers, check_identities
from .devices import Devices
from .ends import Ends
from .lockouts import Lockouts
from .operator_locks import OperatorLocks
from .outbox import check_mails
from .record import Call, History, Mail
from .verdict import Verdict, Violation

__all__ = ["Verdict", "Violation", "check"]


def check(history: History) -> Verdict:
    """Judges a history. The outbox should have had the time to send everything."""
    calls: dict[str, list[Call]] = defaultdict(list)
    mails: dict[str, list[Mail]] = defaultdict(list)
    for call in history.calls:
        # A call without an end was not made to its end by this program.
        if call.end:
            calls[call.address].append(call)
    for mail in history.mails:
        mails[mail.address].append(mail)

    wrong = [*check_answers(history.calls), *check_identities(history.calls)]
    lost_writes: set[int] = set()
    undecided = 0
    for address in sorted({*calls, *mails}):
        own = calls[address]
        ends, operator = Ends(own), OperatorLocks(own)
        devices = Devices(own, ends, history.lockout)
        lockouts = Lockouts(own, devices, operator, history.lockout)
        search = AccountSearch(own, mails[address], ends, devices, lockouts)
        wrong += search.run()
        lost_writes |= search.lost
        undecided += search.is_undecided
        wrong += [*devices.check(), *lockouts.check()]
        wrong += check_mails(history, address, own, mails[address], search.changes, lockouts)
    kinds = [violation.kind for violation in wrong]
    return Verdict(
        requests=len(history.calls),
        wrong=wrong,
        lost_writes=len(lost_writes),
        mails_lost=kinds.count("mail_lost"),
        mails_for_rollback=kinds.count("mail_without_event"),
        undecided=undecided,
    )
