"""What each client does: every random decision comes from the seed, none from an answer."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

# How often each step is drawn, in parts of the sum. Checks cost nothing, the others a hash or more.
WEIGHTS = {
    "check": 26,
    "login": 16,
    "change": 14,
    "register": 6,
    "forgot": 7,
    "reset": 9,
    "recover": 6,
    "confirm": 6,
    "resend": 3,
    "attack": 4,
    "besiege": 3,
    "estrange": 3,
    "operate": 3,
}


@dataclass(frozen=True, slots=True)
class Step:
    """A decision. The numbers are from 0 up to 1; the step says what it uses them for."""

    name: str
    # Which address, by its place among those in use.
    slot: int
    # Which variety of the step.
    variety: float
    # Which of several tokens, passwords, and the like.
    pick: float
    # How many side by side.
    width: float
    # Which device token is shown, if any.
    device: float
    # The first instance that is asked.
    instance: int
    # The pause after it, in seconds.
    pause: float


def steps(seed: int, client: int, slots: int, instances: int) -> Iterator[Step]:
    """The endless plan of one client."""
    dice = random.Random(f"doorward {seed} {client}")
    names, weights = list(WEIGHTS), list(WEIGHTS.values())
    while True:
        # The same number of throws for each step.
        yield Step(
            name=dice.choices(names, weights)[0],
            slot=dice.randrange(slots),
            variety=dice.random(),
            pick=dice.random(),
            width=dice.random(),
            device=dice.random(),
            instance=dice.randrange(instances),
            pause=dice.random() * 0.06,
        )
