"""What the checker says."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from .record import Call


@dataclass(slots=True)
class Violation:
    """Something that no correct service does."""

    kind: str
    address: str
    summary: str
    # The call that gives it away, last, and those that make it one.
    calls: list[Call] = field(default_factory=list)

    def __str__(self) -> str:
        calls = "".join(f"\n    {call}" for call in self.calls)
        return f"{self.kind}: {self.address}: {self.summary}{calls}"


@dataclass(slots=True)
class Verdict:
    """The judgement of a history."""

    requests: int
    wrong: list[Violation]
    # Acknowledged registrations, changes and resets of which nothing is to be seen.
    lost_writes: int
    # Mails of acknowledged events that never came.
    mails_lost: int
    # Mails for which nothing can have happened.
    mails_for_rollback: int
    # Addresses whose history had too many readings to decide; their calls count as right.
    undecided: int

    def as_json(self) -> dict:
        """For programs."""
        return asdict(self)

    def __str__(self) -> str:
        lines = [
            f"{self.requests} requests, {len(self.wrong)} wrong, {self.lost_writes} writes lost, "
            f"{self.mails_lost} mails lost, {self.mails_for_rollback} mails for a rollback, "
            f"{self.undecided} addresses undecided"
        ]
        return "\n".join([*lines, *map(str, self.wrong)])
