"""The table for people, and everything for programs."""

from __future__ import annotations

import json
from typing import Any

from .mutant import Mutant
from .results import CAUGHT, Result

_HEADINGS = ("folder", "viable", "caught", "by a time-out", "missed", "unreached", "%", "unviable")


def text(verdicts: list[tuple[Mutant, Result]], not_run: list[Mutant]) -> str:
    """Figures by folder, then the survivors."""
    folders = sorted({mutant.folder for mutant, _ in verdicts})
    rows = [_HEADINGS, *(_cells(folder, _of(folder, verdicts)) for folder in folders)]
    rows.append(_cells("together", [result for _, result in verdicts]))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = []
    for first, *others in rows:
        cells = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        lines.append("  ".join([first.ljust(widths[0]), *cells]))
    lines += ["", *(f"{result.verdict}: {result.name}" for result in _survivors(verdicts))]
    lines += [f"not run: {mutant.name}" for mutant in not_run]
    return "\n".join(lines)


def as_json(verdicts: list[tuple[Mutant, Result]], not_run: list[Mutant]) -> str:
    """All figures and all verdicts."""
    found: dict[str, Any] = {
        "caught_percent": _percent([result for _, result in verdicts]),
        "survivors": [_told(result) for result in _survivors(verdicts)],
        "not_run": [mutant.name for mutant in not_run],
        "mutants": [{"folder": mutant.folder, **_told(result)} for mutant, result in verdicts],
    }
    return json.dumps(found, indent=1)


def _told(result: Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "verdict": result.verdict,
        "by": result.by,
        "seconds": round(result.seconds, 1),
    }


def _survivors(verdicts: list[tuple[Mutant, Result]]) -> list[Result]:
    return [result for _, result in verdicts if result.survives]


def _of(folder: str, verdicts: list[tuple[Mutant, Result]]) -> list[Result]:
    return [result for mutant, result in verdicts if mutant.folder == folder]


def _cells(name: str, results: list[Result]) -> tuple[str, ...]:
    count = {verdict: 0 for verdict in ("caught", "timeout", "missed", "unreached", "unviable")}
    for result in results:
        count[result.verdict] += 1
    viable = len(results) - count["unviable"]
    shown = (count["caught"], count["timeout"], count["missed"], count["unreached"])
    percent = _percent(results)
    return (name, str(viable), *map(str, shown), f"{percent:.1f}", str(count["unviable"]))


def _percent(results: list[Result]) -> float:
    viable = [result for result in results if result.verdict != "unviable"]
    return 100 * sum(result.verdict in CAUGHT for result in viable) / max(len(viable), 1)
