"""Mutants that cannot be chosen at run time: one build each."""

from __future__ import annotations

from . import build, source
from .hunt import Hunter
from .mutant import ROOT, Mutant
from .results import Result
from .trial import Test, all_tests
from .workers import Worker


def hunt(
    mutant: Mutant, hunter: Hunter, by_name: dict[tuple[bool, str], Test], worker: Worker
) -> Result:
    """The verdict on one mutant, which is written into the copy."""
    text = (ROOT / mutant.file).read_text()
    source.write([], {mutant.file: _changed(text, mutant)})
    if not build.checks():
        return Result(mutant.key, mutant.name, "unviable", "", 0)
    programs = build.test_programs()
    tests = [
        hunter.known(by_name[test.kind == "unit", test.name], test)
        for test in all_tests(programs)
        if (test.kind == "unit", test.name) in by_name
    ]
    # Nobody noted which of them come by: all of them, then.
    return hunter.hunt(mutant, tests, worker, 0)


def _changed(text: str, mutant: Mutant) -> str:
    replacement = mutant.replacement
    if mutant.genre == "FnValue":
        replacement = f" {replacement} "
    return text[: mutant.start] + replacement + text[mutant.end :]
