"""Mutants that cannot be chosen at run time: one build each."""

from __future__ import annotations

from . import build, source
from .hunt import Hunter
from .mutant import ROOT, Mutant
from .results import Result
from .trial import Test, all_tests
from .workers import Worker


def hunt(
    mutant: Mutant,
    hunter: Hunter,
    by_id: dict[str, Test],
    worker: Worker,
    before: Result | None,
) -> Result:
    """The verdict on one mutant, which is written into the copy."""
    text = (ROOT / mutant.file).read_text()
    source.write([], {mutant.file: _changed(text, mutant)})
    if not build.checks():
        return Result(mutant.key, mutant.name, "unviable")
    programs = build.test_programs()
    tests = [
        hunter.known(by_id[test.id], test) for test in all_tests(programs) if test.id in by_id
    ]
    # Nobody noted which of them come by: all of them, then.
    return hunter.hunt(mutant, tests, worker, 0, before)


def _changed(text: str, mutant: Mutant) -> str:
    replacement = mutant.replacement
    if mutant.genre == "FnValue":
        replacement = f" {replacement} "
    return text[: mutant.start] + replacement + text[mutant.end :]
