"""The verdicts, kept in a file so that a run can be broken off."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass

from . import source

_FILE = source.FOLDER / "results.jsonl"
CAUGHT = ("caught", "timeout")


@dataclass(frozen=True)
class Result:
    """The verdict on one mutant: caught, timeout, missed, unreached or unviable."""

    key: str
    name: str
    verdict: str
    by: str
    seconds: float
    # Of everything that a survivor depends on.
    fingerprint: str = ""


class Results:
    """What is known of mutants whose function is as it was."""

    def __init__(self, fingerprint: str, *, fresh: bool) -> None:
        self._fingerprint = fingerprint
        self._lock = threading.Lock()
        self._known: dict[str, Result] = {}
        if fresh:
            _FILE.unlink(missing_ok=True)
        if _FILE.exists():
            for line in _FILE.read_text().splitlines():
                result = Result(**json.loads(line))
                self._known[result.key] = result

    def get(self, key: str) -> Result | None:
        """What is known; a survivor only if neither the code nor the tests have changed."""
        result = self._known.get(key)
        if result is None or result.verdict in CAUGHT or result.fingerprint == self._fingerprint:
            return result
        return None

    def add(self, result: Result) -> None:
        """Keeps it."""
        result = Result(**{**asdict(result), "fingerprint": self._fingerprint})
        with self._lock, _FILE.open("a") as file:
            file.write(json.dumps(asdict(result)) + "\n")
            self._known[result.key] = result
