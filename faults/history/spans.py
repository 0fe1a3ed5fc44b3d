"""When calls had their moment: between their start and their end, or later when nobody knows."""

from __future__ import annotations

from dataclasses import dataclass

from .record import Call

# The instances' clocks and ours, in seconds.
TOLERANCE = 0.25
# A call that was not answered has had its moment after so long, in seconds.
LINGER = 60.0

WRONG_PASSWORD = {"wrong_credentials", "wrong_password"}


@dataclass(frozen=True, slots=True)
class Span:
    """When something had its moment."""

    start: float
    end: float
    call: Call


def span(call: Call) -> Span:
    """The call's."""
    late = LINGER if call.outcome == "maybe" else 0.0
    return Span(call.start, call.end + late, call)


def presents_password(call: Call) -> bool:
    """Whether it asks for the password in force to be proven."""
    return call.kind in {"login", "change"}


def is_looked_at(call: Call) -> bool:
    """Whether its answer says that its password was compared with the one in force."""
    return presents_password(call) and (call.outcome == "yes" or call.code in WRONG_PASSWORD)


def is_possible_failure(call: Call) -> bool:
    """Whether it may have been counted as a wrong password, once."""
    return presents_password(call) and (call.outcome == "maybe" or call.code in WRONG_PASSWORD)


def may_be_right(call: Call) -> bool:
    """Whether its password may have been right, perhaps though its answer says something else."""
    is_late = call.kind == "change" and call.code == "invalid_token"
    return presents_password(call) and (call.outcome != "no" or is_late)


def group(failures: list[Span], count: int) -> list[Span]:
    """So many of the failures, which begin with the first one, and end as early as possible; fewer
    when there are not enough."""
    return sorted(failures, key=lambda of: of.end)[:count]
