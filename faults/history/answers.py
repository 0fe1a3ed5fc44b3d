"""The contract: which statuses and codes each kind of request may be answered with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .record import Call
from .verdict import Violation

# Whatever the request was: not available, overloaded, or limited.
_ALWAYS = {(503, "unavailable"), (503, "overloaded"), (429, "rate_limited")}
_TOKEN = {
    (status, code)
    for status in (400, 401)
    for code in ("invalid_token", "missing_authorization", "malformed_authorization")
}
_LOCKED = {(403, "account_locked")}
_DEAD = {(400, "invalid_one_time_token")}
# An operator's command, as `command_line.py` writes its exit code.
_COMMAND = {(200, None), (404, "no_account")}

# What the workload's well-formed requests can be answered; a 2xx has no code.
_ANSWERS = {
    "register": {(201, None), (400, "email_taken")},
    "login": {(200, None), (400, "wrong_credentials")} | _LOCKED,
    "check": {(200, None)} | _TOKEN,
    "change": {(200, None), (400, "wrong_password")} | _LOCKED | _TOKEN,
    "forgot": {(200, None)},
    "resend": {(200, None)},
    "reset": {(200, None)} | _DEAD,
    "confirm": {(200, None)} | _DEAD,
    "lock": _COMMAND,
    "unlock": _COMMAND,
    "revoke": _COMMAND,
}
# A proxy before the instances speaks for itself, without a code.
_GATEWAY = {(502, None), (503, None), (504, None)}


def check_answers(calls: Iterable[Call]) -> Iterator[Violation]:
    """Answers outside of the contract, and answers without what they promise."""
    for call in calls:
        if call.status is None:
            continue
        allowed = _ANSWERS[call.kind] | _ALWAYS | _GATEWAY
        if (call.status, call.code) not in allowed:
            yield Violation("bad_answer", call.address, "this is not in the contract", [call])
        elif call.complaint:
            yield Violation("bad_answer", call.address, call.complaint, [call])


def check_identities(calls: Iterable[Call]) -> Iterator[Violation]:
    """An account has one id and its address as it was typed at registration; no two share an id."""
    known: dict[str, Call] = {}
    owners: dict[int, Call] = {}
    for call in calls:
        if call.id is None or call.status != 200:
            continue
        if call.email is None or call.email.lower() != call.address:
            summary = "the account of another address was answered"
            yield Violation("wrong_identity", call.address, summary, [call])
            continue
        first = known.setdefault(call.address, call)
        if (first.id, first.email) != (call.id, call.email):
            summary = "the address has two accounts"
            yield Violation("second_account", call.address, summary, [first, call])
        owner = owners.setdefault(call.id, call)
        if owner.address != call.address:
            summary = "two addresses have the same id"
            yield Violation("wrong_identity", call.address, summary, [owner, call])
