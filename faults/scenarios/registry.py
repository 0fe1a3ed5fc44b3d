"""The list of scenarios, and how one is written."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ..outcome import Outcome
from ..world.world import World

Run = Callable[[World], Awaitable[Outcome]]


@dataclass(frozen=True)
class Scenario:
    """One thing that breaks."""

    name: str
    about: str
    run: Run
    # How long it takes, in seconds, and whether --quick has it.
    estimate: int
    quick: bool


ALL: list[Scenario] = []


def scenario(name: str, about: str, estimate: int = 15, *, quick: bool = False) -> Callable[[Run], Run]:
    """Adds a function to the list."""

    def add(run: Run) -> Run:
        ALL.append(Scenario(name, about, run, estimate, quick))
        return run

    return add
