"""What cargo-mutants would change."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Mutant:
    """One change in one place."""

    number: int
    name: str
    file: str
    function: str
    genre: str
    replacement: str
    # Characters of the file.
    start: int
    end: int
    # Whether what the function gives is an `impl Trait`.
    is_opaque: bool
    # The same as long as the function around it is the same.
    key: str

    @property
    def folder(self) -> str:
        """`security`, `http/limits`: the folder below src."""
        return "/".join(Path(self.file).parts[1:-1][: 2 if self.file.startswith("src/http") else 1])


def listed() -> list[Mutant]:
    """All mutants that cargo-mutants knows, in the order of the source."""
    command = ["cargo", "mutants", "--list", "--json"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise RuntimeError(ran.stderr.strip() or "cargo mutants --list failed")
    sources: dict[str, Source] = {}
    found = [_mutant(one, sources) for one in json.loads(ran.stdout)]
    found.sort(key=lambda one: (one["file"], one["start"], one["end"], one["replacement"]))
    return [Mutant(number, **one) for number, one in enumerate(found, start=1)]


class Source:
    """A file and where its lines begin."""

    def __init__(self, file: str) -> None:
        self.text = (ROOT / file).read_text()
        ends = (at + 1 for at, character in enumerate(self.text) if character == "\n")
        self._starts = [0, *ends]

    def span(self, span: dict[str, dict[str, int]]) -> tuple[int, int]:
        """From lines and columns to characters."""
        start, end = (
            self._starts[span[at]["line"] - 1] + span[at]["column"] - 1 for at in ("start", "end")
        )
        return start, end


def _mutant(one: dict[str, Any], sources: dict[str, Source]) -> dict[str, Any]:
    file, function = one["file"], one.get("function") or {}
    of_file = sources.setdefault(file, Source(file))
    start, end = of_file.span(one["span"])
    around = of_file.span(function["span"]) if function else (start - 80, end + 80)
    unchanged = of_file.text[max(around[0], 0) : around[1]]
    identity = f"{file} {one['genre']} {start - around[0]} {one['replacement']} {unchanged}"
    return {
        "name": one["name"],
        "file": file,
        "function": function.get("function_name", ""),
        "genre": one["genre"],
        "replacement": one["replacement"],
        "start": start,
        "end": end,
        "is_opaque": "impl " in function.get("return_type", ""),
        "key": hashlib.sha256(identity.encode()).hexdigest()[:16],
    }
