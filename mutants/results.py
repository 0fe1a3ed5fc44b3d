"""The verdicts, kept in a file so that a run can be broken off."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass
from typing import Any

from . import source

_FILE = source.FOLDER / "results.jsonl"
CAUGHT = ("caught", "timeout")


@dataclass(frozen=True)
class Result:
    """The verdict on one mutant: caught, timeout, missed, unreached or unviable."""

    key: str
    name: str
    verdict: str
    # The test that caught it, or the compiler's complaint.
    by: str = ""
    seconds: float = 0
    # The tests that did not.
    tried: tuple[str, ...] = ()

    @property
    def survives(self) -> bool:
        """Whether another test could still catch it."""
        return self.verdict in {"missed", "unreached"}


class Results:
    """What is known of mutants whose function is as it was."""

    def __init__(self, *, fresh: bool, retry: bool) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Result] = {}
        if fresh:
            _FILE.unlink(missing_ok=True)
        if _FILE.exists():
            for line in _FILE.read_text().splitlines():
                result = _read(json.loads(line))
                self._known[result.key] = result
        if retry:
            self._known = {key: one for key, one in self._known.items() if not one.survives}

    def get(self, key: str) -> Result | None:
        """What is known."""
        return self._known.get(key)

    def add(self, result: Result) -> None:
        """Keeps it."""
        with self._lock, _FILE.open("a") as file:
            file.write(json.dumps(asdict(result)) + "\n")
            self._known[result.key] = result


def _read(line: dict[str, Any]) -> Result:
    return Result(**{**line, "tried": tuple(line["tried"])})
