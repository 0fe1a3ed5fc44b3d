"""What is compared: two kinds of requests that nobody may tell apart."""

from collections.abc import Callable
from dataclasses import dataclass, field

# A request's path and its JSON body.
Request = tuple[str, dict[str, str]]

PASSWORD = "abc123"
_WRONG = "wrong1"
# Of each side's addresses, each is asked about as often as the others.
FEW = 40


def known(number: int) -> str:
    """An address that has an account."""
    return f"known-{number:05}@timing.example"


def unknown(number: int) -> str:
    """An address of the same length that has none."""
    return f"other-{number:05}@timing.example"


@dataclass(frozen=True)
class Comparison:
    """One pair."""

    name: str
    about: str
    # The request about an address.
    asks: Callable[[str], Request]
    # What both are answered.
    status: int
    settings: dict[str, str] = field(default_factory=dict)
    # Sent about each address of both sides first.
    before: tuple[Callable[[str], Request], ...] = ()
    # Whether each address is asked about only once: later it is not what it was.
    uses_up: bool = False


def _login(email: str) -> Request:
    return "/user/login", {"email": email, "password": _WRONG}


def create(email: str) -> Request:
    """A registration."""
    body = {"email": email, "password": PASSWORD, "password_confirm": PASSWORD}
    return "/user/create", body


def _forgot(email: str) -> Request:
    return "/user/forgot", {"email": email}


def _resend(email: str) -> Request:
    return "/user/confirm/resend", {"email": email}


def _reset(email: str) -> Request:
    return "/user/reset_password", {
        "email": email,
        "reset_token": "A" * 43,
        "new_password": PASSWORD,
        "new_password_confirm": PASSWORD,
    }


def _confirm(email: str) -> Request:
    return "/user/confirm", {"email": email, "confirm_token": "A" * 43}


# Nobody is locked in the course of it.
_NO_LOCK = {"LOCKOUT__FAILURES": "1000"}
_LOCKED = {"LOCKOUT__FAILURES": "1", "LOCKOUT__FREEZE": "1h"}
_REQUIRED = {"REGISTRATION__CONFIRMATION": "required"}

ALL = [
    Comparison("login", "a wrong password, known or unknown", _login, 400, _NO_LOCK),
    Comparison("locked", "the same, both locked", _login, 403, _LOCKED, before=(_login,)),
    Comparison("forgot", "a forgotten password, known or unknown", _forgot, 200, uses_up=True),
    Comparison("create", "a registration, taken or new", create, 201, _REQUIRED, uses_up=True),
    Comparison("resend", "another confirmation, known or unknown", _resend, 200, uses_up=True),
    Comparison("reset", "a reset with a made-up token, known or unknown", _reset, 400),
    Comparison("reset-asked", "the same, after /user/forgot", _reset, 400, before=(_forgot,)),
    Comparison("confirm", "a confirmation with a made-up token", _confirm, 400),
]
