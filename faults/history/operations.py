"""What each call says of its address: that the state changed at some moment, or what it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .devices import KNOWN, STRANGER, Devices
from .ends import Ends
from .lockouts import Lockouts
from .record import Call
from .spans import presents_password
from .verdict import Violation

if TYPE_CHECKING:
    from .accounts import State

_SETTERS = {"register", "change", "reset"}


@dataclass(slots=True)
class Operation:
    """A change or a question at one moment of a call; a call can hold several."""

    number: int
    call: Call
    # Its kind when it is wrong.
    kind: str
    # What must hold at its moment: a word and its object.
    test: tuple[str, object]
    # "password" or "confirmation"; `None` for a question.
    changes: str | None = None
    # False: perhaps it never has its moment.
    is_certain: bool = True

    @property
    def sets_password(self) -> bool:
        return self.changes == "password"

    def fits(self, state: State) -> bool:
        """Whether it can have its moment now."""
        word, what = self.test
        if word == "is":
            return state.write == what
        if word == "is not":
            return state.write != what
        if word == "exists":
            return state.write is not None
        if word == "is alive":
            return what in state.may and state.write is not None
        return what not in state.must

    def changed(self, state: State) -> State:
        """The state after it."""
        if self.changes == "confirmation":
            return state._replace(
                may=_without_confirms(state.may),
                must=_without_confirms(state.must),
                begun=_without_confirms(state.begun),
            )
        none = frozenset()
        # Nothing was made for an account that was not there yet.
        begun = state.begun if state.write is None else none
        asked = state.asked if state.write is None else False
        return type(state)(self.call.number, none, none, begun, asked)


def _without_confirms(tokens: frozenset) -> frozenset:
    return frozenset(token for token in tokens if token[0] != "confirm")


class Operations:
    """All operations of an address's calls, and the words for those that are wrong."""

    def __init__(
        self, calls: list[Call], ends: Ends, devices: Devices, lockouts: Lockouts
    ) -> None:
        self._calls = calls
        self._ends = ends
        self._devices = devices
        self._lockouts = lockouts
        self._by_number = {call.number: call for call in calls}
        self._setters = {
            password: call.number
            for call in calls
            if (password := _password_set(call)) is not None
        }
        self.impossible: list[Violation] = []
        self.all: list[Operation] = []
        for call in calls:
            for operation in self._of(call):
                operation.number = len(self.all)
                self.all.append(operation)

    def setters(self, calls: Iterable[Call]) -> list[int]:
        """Those of the calls that can have set a password."""
        return [call.number for call in calls if call.kind in _SETTERS and call.outcome != "no"]

    def violation(self, operation: Operation, states: set[int | None]) -> Violation:
        """Why the operation is wrong: only these states were possible."""
        call, kind = operation.call, operation.kind
        if operation.test[0] == "is alive":
            winners = [
                other
                for other in self._calls
                if other.one_time == call.one_time and other.outcome == "yes"
            ]
            if len(winners) > 1:
                return Violation("one_time_token_twice", call.address, _WORDS[kind], winners)
        if kind == "right_password_refused" and not any(
            other.outcome != "no" for other in self._calls if other.kind in {"change", "reset"}
        ):
            kind = "account_missing"
        # What set the password, what gave the token, and what must have come later.
        shown = {state for state in states if state is not None}
        if isinstance(operation.test[1], int):
            shown.add(operation.test[1])
        shown |= {given for given in (call.token, call.device) if given is not None}
        shown.discard(call.number)
        reasons = [self._by_number[number] for number in sorted(shown) if number in self._by_number]
        return Violation(kind, call.address, _WORDS[kind], [*reasons[-6:], call])

    def _of(self, call: Call) -> Iterator[Operation]:
        if call.kind == "register":
            yield from self._of_register(call)
        elif call.kind == "login":
            yield from self._of_login(call)
        elif call.kind in {"check", "change"}:
            yield from self._of_token(call)
        elif call.kind in {"reset", "confirm"}:
            yield from self._of_one_time(call)
        if presents_password(call) and call.device is not None:
            yield from self._of_device(call)

    def _of_register(self, call: Call) -> Iterator[Operation]:
        if call.outcome != "no":
            yield _change(call, "second_account", ("is", None))
        elif call.code == "email_taken":
            yield _question(call, "taken_without_account", ("exists", None))

    def _of_login(self, call: Call) -> Iterator[Operation]:
        setter = self._setters.get(call.password)
        if call.outcome == "yes":
            if setter is None:
                self._never(call, "wrong_password_accepted")
            else:
                yield _question(call, "old_password_accepted", ("is", setter))
        elif call.code == "wrong_credentials" and setter is not None:
            yield _question(call, "right_password_refused", ("is not", setter))

    def _of_token(self, call: Call) -> Iterator[Operation]:
        origin = self._origin(call.token)
        if origin is None:
            if call.outcome == "yes" and call.token is None:
                self._never(call, "forged_token_accepted")
            return
        giver = self._by_number[call.token]
        is_taken = call.outcome == "yes" or call.code in {"wrong_password", "account_locked"}
        if is_taken and (revoked := self._ends.certain(giver, call, {"revoke"})):
            self._never(call, "revoked_token_accepted", giver, *revoked)
        is_right = call.kind == "check" or call.password == _password_set(self._by_number[origin])
        if call.outcome == "yes" and not is_right:
            self._never(call, "wrong_password_accepted")
        if call.kind == "change" and (call.outcome == "yes" or call.outcome == "maybe" and is_right):
            yield _change(call, "dead_token_accepted", ("is", origin))
        elif is_taken:
            # Both codes come after the look at the token.
            yield _question(call, "dead_token_accepted", ("is", origin))
        elif call.code == "invalid_token" and not self._ends.possible(giver, call, {"revoke"}):
            yield _question(call, "live_token_refused", ("is not", origin))
        if call.code == "wrong_password":
            setter = self._setters.get(call.password)
            if setter is not None:
                yield _question(call, "right_password_refused", ("is not", setter))

    def _of_one_time(self, call: Call) -> Iterator[Operation]:
        token = (call.kind, call.one_time)
        if call.outcome != "no":
            changes = "password" if call.kind == "reset" else "confirmation"
            yield _change(call, "dead_one_time_token_accepted", ("is alive", token), changes)
        elif call.code == "invalid_one_time_token":
            yield _question(call, "live_one_time_token_refused", ("is not alive", token))

    def _of_device(self, call: Call) -> Iterator[Operation]:
        """A device token is as alive as the access token that was given with it."""
        origin = self._origin(call.device)
        if origin is None:
            return
        taken_for = self._devices.was_taken_for(call)
        if taken_for == KNOWN or call.number in self._lockouts.passed:
            yield _question(call, "dead_device_known", ("is", origin))
        elif self._devices.may_be_estranged(call):
            return
        elif taken_for == STRANGER:
            yield _question(call, "live_device_forgotten", ("is not", origin))
        elif self._lockouts.is_strangers_lock(call):
            yield _question(call, "known_device_locked_out", ("is not", origin))

    def _origin(self, number: int | None) -> int | None:
        """The call whose password was in force when this one gave a token."""
        giver = self._by_number.get(number) if number is not None else None
        if giver is None:
            return None
        return self._setters.get(giver.password) if giver.kind == "login" else giver.number

    def _never(self, call: Call, kind: str, *reasons: Call) -> None:
        self.impossible.append(Violation(kind, call.address, _WORDS[kind], [*reasons, call]))


_WORDS = {
    "second_account": "registered although there was an account already",
    "taken_without_account": "called taken although nobody can have registered it",
    "wrong_password_accepted": "a password that nobody set was accepted",
    "old_password_accepted": "a password was accepted that was not in force at any moment",
    "right_password_refused": "the password in force was refused",
    "account_missing": "the password of an acknowledged registration was refused",
    "forged_token_accepted": "a token that nobody was given was accepted",
    "dead_token_accepted": "a token was accepted that was dead at every moment",
    "revoked_token_accepted": "a token was accepted after an operator had revoked it",
    "dead_device_known": "a device was known although its token was dead at every moment",
    "live_device_forgotten": "a known device was taken for a stranger",
    "known_device_locked_out": "a known device was locked out by what strangers did",
    "live_token_refused": "a token was refused that was alive all the time",
    "dead_one_time_token_accepted": "a one-time token was accepted that was dead at every moment",
    "live_one_time_token_refused": "a one-time token was refused that was alive all the time",
}


def _password_set(call: Call) -> str | None:
    if call.kind not in _SETTERS:
        return None
    return call.password if call.kind == "register" else call.new_password


def _question(call: Call, kind: str, test: tuple[str, object]) -> Operation:
    return Operation(0, call, kind, test)


def _change(
    call: Call, kind: str, test: tuple[str, object], changes: str = "password"
) -> Operation:
    return Operation(0, call, kind, test, changes, is_certain=call.outcome == "yes")
