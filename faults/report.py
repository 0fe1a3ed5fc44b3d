"""The table for people, and everything for programs."""

import json
from typing import Any

from .outcome import Outcome

_HEADINGS = ("scenario", "requests", "ok", "wrong", "lost", "mails lost", "for rollback", "recovery", "")


def text(outcomes: dict[str, Outcome], seed: int) -> str:
    """A table, then what was injected and found."""
    rows = [_HEADINGS, *(_cells(name, outcome) for name, outcome in outcomes.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = [_line(row, widths) for row in rows]
    for name, outcome in outcomes.items():
        lines += ["", *told(name, outcome)]
    skipped = [name for name, outcome in outcomes.items() if outcome.skipped]
    failed = [name for name, outcome in outcomes.items() if outcome.problems()]
    passed = len(outcomes) - len(skipped) - len(failed)
    lines += ["", f"{passed} passed, {len(failed)} failed, {len(skipped)} SKIPPED; --seed {seed}"]
    lines += [f"  failed: {' '.join(failed)}"] if failed else []
    lines += [f"  SKIPPED, so not shown: {' '.join(skipped)}"] if skipped else []
    return "\n".join(lines)


def told(name: str, outcome: Outcome) -> list[str]:
    """One scenario in words."""
    if outcome.skipped:
        return [f"{name}: SKIPPED: {outcome.skipped}"]
    lines = [f"{name}: {outcome.injected} ({outcome.seconds:.0f} s in all)"]
    lines += [f"  {note}" for note in outcome.notes]
    problems = outcome.problems()
    lines += [f"  WRONG: {problem}" for problem in problems[:10]]
    lines += [f"  … and {len(problems) - 10} more"] if len(problems) > 10 else []
    return lines


def as_json(outcomes: dict[str, Outcome], seed: int) -> str:
    """All figures."""
    found: dict[str, Any] = {
        "seed": seed,
        "passed": not any(outcome.problems() for outcome in outcomes.values()),
        "skipped": [name for name, outcome in outcomes.items() if outcome.skipped],
        "scenarios": [{"name": name, **of.as_json()} for name, of in outcomes.items()],
    }
    return json.dumps(found, indent=1)


def _cells(name: str, of: Outcome) -> tuple[str, ...]:
    if of.skipped:
        return (name, *[""] * 7, "SKIPPED")
    recovery = "-" if not of.recovers else "never" if of.recovery is None else f"{of.recovery:.1f} s"
    counts = (of.requests, of.succeeded, len(of.wrong), of.lost_writes, of.mails_lost)
    verdict = "FAILED" if of.problems() else "passed"
    return (name, *map(str, counts), str(of.mails_for_rollback), recovery, verdict)


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    first, *numbers, last = zip(row, widths, strict=True)
    cells = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in numbers), last[0]]
    return "  ".join(cells).rstrip()
