"""What a measurement is, and what it found."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Measurement:
    """`run` takes the bench and gives a [`Result`]; `quick` and `whole` are seconds, roughly."""

    name: str
    run: Callable
    quick: int
    whole: int

    @property
    def about(self):
        """The first line of its documentation."""
        return self.run.__doc__.strip().splitlines()[0]


@dataclass
class Result:
    """Rows for the table (see `targets.row`), lines for a person, and everything for a program."""

    rows: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    raw: dict = field(default_factory=dict)
