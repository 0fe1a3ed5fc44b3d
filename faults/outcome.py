"""What a scenario came to, and which of its numbers are wrong."""

from dataclasses import asdict, dataclass, field
from typing import Any

# Without help, the service has to be back within so many seconds.
RECOVERY_LIMIT = 5.0


class Skipped(Exception):
    """This machine cannot show the scenario; says what is missing."""


@dataclass
class Outcome:
    """The numbers of one scenario."""

    injected: str
    requests: int = 0
    # Of these, the ones that were answered with what the request asked for.
    succeeded: int = 0
    wrong: list[str] = field(default_factory=list)
    lost_writes: int = 0
    mails_lost: int = 0
    mails_for_rollback: int = 0
    # From the end of the fault until every kind of request succeeds; `None` is never.
    recovery: float | None = None
    # Whether the fault has an end that can be recovered from.
    recovers: bool = True
    # Anything else that must not be.
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: str = ""
    seconds: float = 0.0

    def require(self, holds: bool, otherwise: str) -> None:
        """Something that the scenario itself checks."""
        if not holds:
            self.failures.append(otherwise)

    def problems(self) -> list[str]:
        """Why the scenario is not passed; empty when it is."""
        if self.skipped:
            return []
        found = [*self.failures, *self.wrong]
        counts = {
            "acknowledged writes lost": self.lost_writes,
            "mails lost": self.mails_lost,
            "mails sent for a rollback": self.mails_for_rollback,
        }
        found += [f"{count} {what}" for what, count in counts.items() if count]
        if self.recovers and self.recovery is None:
            found.append("it did not recover")
        elif self.recovers and self.recovery > RECOVERY_LIMIT:
            found.append(f"it took {self.recovery:.1f} s to recover, {RECOVERY_LIMIT:.0f} allowed")
        if not self.requests:
            found.append("no request was sent, so nothing was shown")
        return found

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {**asdict(self), "passed": not self.problems(), "problems": self.problems()}
