"""A planted bug: what it is, how it shows, and which run brings it out."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from bench.harness.errors import BenchError

from ..history.experiment import Experiment

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Planted:
    """One patch file: a sentence, `Finds:`, `Run:`, and the difference."""

    name: str
    path: Path
    about: str
    # Kinds of violations; one of them has to be found.
    finds: frozenset[str]
    run: Experiment


def all_planted() -> list[Planted]:
    """By name."""
    return [_read(path) for path in sorted(FOLDER.glob("*.patch"))]


def _read(path: Path) -> Planted:
    head = path.read_text(encoding="utf-8").partition("\ndiff --git")[0]
    named = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
    if "Finds" not in named or "Run" not in named:
        raise BenchError(f"{path.name}: has to begin with a sentence, `Finds: ` and `Run: `")
    finds = frozenset(word.strip() for word in named["Finds"].split(","))
    return Planted(path.stem, path, head.splitlines()[0], finds, _experiment(path, named["Run"]))


def _experiment(path: Path, words: str) -> Experiment:
    types = {field.name: field.type for field in fields(Experiment)}
    settings: dict = {"engine": "sqlite", "instances": 1, "seconds": 10.0}
    for word in words.split():
        name, _, value = word.partition("=")
        if name not in types:
            raise BenchError(f"{path.name}: Run: there is no {name!r}; {', '.join(types)}")
        convert = {"int": int, "float": float}.get(types[name], str)
        settings[name] = convert(value)
    return Experiment(**settings)
