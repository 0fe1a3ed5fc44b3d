"""Looks for a test that notices a mutant: those that reach it, the most likely ones first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from . import trial
from .mutant import Mutant
from .reach import Reach
from .results import Result
from .trial import Test
from .workers import Worker

# How many tests run in a process; the rest at the end. A test that catches is mostly among the first.
_BATCHES = (6, 24)
# A unit test that takes longer than this many seconds has to wait for the others.
_SLOW = 1.0
_LIMIT = 20.0


class Verdict:
    """How a mutant was caught, and by which test, when it was one."""

    def __init__(self, how: str, by: str) -> None:
        self.how = how
        self.by = by


class Hunter:
    """Knows the tests, and which ones were good for what."""

    def __init__(self, threads: int, most: int, say: Callable[[str], None]) -> None:
        self._most = most
        self._reaches: dict[Test, Reach] = {}
        self._threads = threads
        self._say = say
        self._good: dict[str, Counter[Test]] = {}

    def by_id(self) -> dict[str, Test]:
        """All tests that are known."""
        return {test.id: test for test in self._reaches}

    def learn(self, reaches: dict[Test, Reach]) -> None:
        """Takes in more tests."""
        self._reaches |= reaches

    def reaching(self, mutant: int, kind: str) -> list[Test]:
        """The tests of a kind that come by."""
        return [
            test
            for test, reach in self._reaches.items()
            if mutant in reach.mutants and test.kind == kind
        ]

    def known(self, as_measured: Test, test: Test) -> Test:
        """A test of another build takes as long as the same one did."""
        self._reaches[test] = Reach(self._reaches[as_measured].seconds, frozenset())
        return test

    def hunt(
        self,
        mutant: Mutant,
        tests: list[Test],
        worker: Worker,
        chosen: int,
        before: Result | None = None,
    ) -> Result:
        """The verdict on one mutant; tests that did not catch it before are not run again."""
        seconds = 0.0
        tried = before.tried if before else ()
        known = set(tried)
        for batch in self._batches(mutant, [test for test in tests if test.id not in known]):
            left = batch
            while left:
                verdict, took, flaky = self._try(left, worker, chosen)
                seconds += took
                if verdict is not None:
                    self._remember(mutant, verdict.by, batch)
                    return Result(mutant.key, mutant.name, verdict.how, verdict.by, seconds)
                # One that fails once and not again has said nothing; the others did not end.
                left = [test for test in left if test.name != flaky] if flaky else []
            tried = (*tried, *(test.id for test in batch))
        how = "missed" if tried else "unreached"
        return Result(mutant.key, mutant.name, how, "", seconds, tried)

    def _try(
        self, batch: list[Test], worker: Worker, chosen: int
    ) -> tuple[Verdict | None, float, str | None]:
        run = self._run(batch, worker, chosen)
        if run.passed:
            return None, run.seconds, None
        # The machine may have been too busy: it has to fail twice.
        alone = [test for test in batch if test.name == run.failed] or batch
        again = self._run(alone, worker, chosen)
        seconds = run.seconds + again.seconds
        if not again.passed:
            return _verdict(again), seconds, None
        self._say(f"failed once and not again: {run.failed or 'time-out'} with mutant {chosen}")
        return None, seconds, run.failed

    def _run(self, batch: list[Test], worker: Worker, chosen: int) -> trial.Run:
        known = sum(self._reaches[test].seconds for test in batch)
        run = trial.run(
            batch,
            mutant=chosen,
            limit=_LIMIT + 3 * known,
            threads=self._threads,
            postgres=worker.cluster.url,
        )
        if batch[0].kind == "postgres":
            worker.tidy()
        return run

    def _batches(self, mutant: Mutant, tests: list[Test]) -> list[list[Test]]:
        of_function = self._good.get(f"{mutant.file} {mutant.function}", Counter())
        of_file = self._good.get(mutant.file, Counter())

        def order(test: Test) -> tuple[int, int, float]:
            return -of_function[test], -of_file[test], self._reaches[test].seconds

        unit = [test for test in tests if test.kind == "unit"]
        fast = [test for test in unit if self._reaches[test].seconds <= _SLOW]
        batches = [fast, [test for test in unit if test not in fast]]
        for kind in ("sqlite", "other", "postgres"):
            left = sorted((test for test in tests if test.kind == kind), key=order)
            left = left[: self._most]
            for size in _BATCHES:
                batches.append(left[:size])
                left = left[size:]
            batches.append(left)
        return [batch for batch in batches if batch]

    def _remember(self, mutant: Mutant, by: str, batch: list[Test]) -> None:
        for test in batch:
            if test.name == by:
                for where in (f"{mutant.file} {mutant.function}", mutant.file):
                    self._good.setdefault(where, Counter())[test] += 1


def _verdict(run: trial.Run) -> Verdict:
    if run.timed_out:
        return Verdict("timeout", "")
    return Verdict("caught", run.failed or "the test program ended")
