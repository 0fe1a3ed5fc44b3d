"""Welch's t-test: whether two sets of times differ in their means."""

import math
import statistics
from dataclasses import dataclass

# From here on two sets are told apart, as in tests for leaks of cryptographic code (TVLA).
LIMIT = 4.5
# So many of the slowest on each side are left out: the machine was at something else.
TRIMMED = 0.05


@dataclass(frozen=True)
class Side:
    """The times of one kind of request, in milliseconds, the slowest left out."""

    count: int
    mean: float
    median: float
    variance: float

    @classmethod
    def of(cls, seconds: list[float]) -> "Side":
        """From all times."""
        kept = sorted(seconds)[: math.ceil(len(seconds) * (1 - TRIMMED))]
        ms = [1000 * one for one in kept]
        return cls(len(ms), statistics.fmean(ms), statistics.median(ms), statistics.variance(ms))


def t(first: Side, second: Side) -> float:
    """Welch's t; 0 when there is no spread at all."""
    spread = _spread(first, second)
    return (first.mean - second.mean) / spread if spread else 0.0


def smallest(first: Side, second: Side) -> float:
    """The difference of the means, in milliseconds, that would have been told apart."""
    return LIMIT * _spread(first, second)


def _spread(first: Side, second: Side) -> float:
    return math.sqrt(first.variance / first.count + second.variance / second.count)
