"""Which tests reach which mutant, from a run of each test in a process of its own."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import source, trial
from .mutant import Mutant
from .trial import Test
from .workers import Worker, spread

_LIMIT = 180.0
_TRIES = 3


@dataclass(frozen=True)
class Reach:
    """What one test reaches, and how long it takes alone."""

    seconds: float
    mutants: frozenset[int]


def measured(
    tests: list[Test],
    workers: list[Worker],
    mutants: list[Mutant],
    kind: str,
    say: Callable[[str], None],
) -> dict[Test, Reach]:
    """The reach of every test; one that fails without a mutant says nothing, and is left out."""
    file = source.FOLDER / f"reach-{kind}.json"
    # Their numbers have to mean the same.
    keys = " ".join(mutant.key for mutant in mutants)
    fingerprint = hashlib.sha256(keys.encode()).hexdigest()
    known = _load(file, fingerprint)
    found = {test: known[test.name] for test in tests if test.name in known}
    todo = [test for test in tests if test not in found]
    say(f"looking which mutants the {kind} tests reach: {len(todo)} tests")
    done = 0

    def measure(test: Test, worker: Worker) -> None:
        nonlocal done
        reach = _reach(test, worker)
        done += 1
        if reach is None:
            say(f"fails without a mutant, and is not used: {test.name}")
        else:
            found[test] = reach
        if done % 50 == 0:
            say(f"reach of {done} of {len(todo)} tests")
            _save(file, fingerprint, dict(found))

    spread(todo, workers, measure)
    _save(file, fingerprint, found)
    return found


def _reach(test: Test, worker: Worker) -> Reach | None:
    for _ in range(_TRIES):
        with tempfile.TemporaryDirectory() as folder:
            notes = Path(folder) / "notes"
            run = trial.run(
                [test], mutant=0, limit=_LIMIT, threads=1, postgres=worker.cluster.url, notes=notes
            )
            if test.kind == "postgres":
                worker.tidy()
            if run.passed:
                lines = notes.read_text().split() if notes.exists() else []
                return Reach(run.seconds, frozenset(map(int, lines)))
    return None


def _load(file: Path, fingerprint: str) -> dict[str, Reach]:
    if not file.exists():
        return {}
    kept = json.loads(file.read_text())
    if kept["fingerprint"] != fingerprint:
        return {}
    return {name: Reach(seconds, frozenset(of)) for name, (seconds, of) in kept["tests"].items()}


def _save(file: Path, fingerprint: str, found: dict[Test, Reach]) -> None:
    tests = {test.name: [of.seconds, sorted(of.mutants)] for test, of in found.items()}
    file.write_text(json.dumps({"fingerprint": fingerprint, "tests": tests}))
