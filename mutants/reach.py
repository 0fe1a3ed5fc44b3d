"""Which tests reach which mutant, from a run of each test in a process of its own."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import source, trial
from .trial import Test
from .workers import Worker, spread

_FILE = source.FOLDER / "reach.json"
_LIMIT = 180.0
_TRIES = 3


@dataclass(frozen=True)
class Reach:
    """What one test reaches, and how long it takes alone."""

    seconds: float
    mutants: frozenset[int]


def measured(
    tests: list[Test], workers: list[Worker], fingerprint: str, say: Callable[[str], None]
) -> tuple[dict[Test, Reach], list[Test]]:
    """The reach of every test, and those that fail without a mutant and say nothing, then."""
    known = _load(fingerprint)
    found: dict[Test, Reach] = {}
    broken: list[Test] = []
    todo = []
    for test in tests:
        if (kept := known.get(_key(test))) is not None:
            found[test] = kept
        else:
            todo.append(test)

    def measure(test: Test, worker: Worker) -> None:
        reach = _reach(test, worker)
        if reach is None:
            broken.append(test)
            say(f"fails without a mutant, and is not used: {test.name}")
        else:
            found[test] = reach
        if (len(found) + len(broken)) % 50 == 0:
            say(f"reach of {len(found)} of {len(tests)} tests")
            _save(fingerprint, dict(found))

    spread(todo, workers, measure)
    _save(fingerprint, found)
    return found, broken


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


def _key(test: Test) -> str:
    return f"{test.kind == 'unit'} {test.name}"


def _load(fingerprint: str) -> dict[str, Reach]:
    if not _FILE.exists():
        return {}
    kept = json.loads(_FILE.read_text())
    if kept["fingerprint"] != fingerprint:
        return {}
    return {name: Reach(seconds, frozenset(of)) for name, (seconds, of) in kept["tests"].items()}


def _save(fingerprint: str, found: dict[Test, Reach]) -> None:
    tests = {_key(test): [of.seconds, sorted(of.mutants)] for test, of in found.items()}
    _FILE.write_text(json.dumps({"fingerprint": fingerprint, "tests": tests}))
