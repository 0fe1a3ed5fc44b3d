"""A copy of the repository in which the mutants are choices."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .mutant import ROOT, Mutant
from .rewrite import Rewriter, Written

FOLDER = ROOT / "target" / "schemata"
SOURCE = FOLDER / "source"
_PARTS = ("Cargo.toml", "Cargo.lock", "build.rs", "askama.toml", "clippy.toml", "README.md")
_FOLDERS = ("src", "tests", "config", "migrations", "docs", "fuzz", "bench/reference", "scripts")
# The tests start the program with an empty environment.
_EMPTY = ".env_clear()"
_NOT_QUITE = '.env_clear().envs(std::env::vars().filter(|(name, _)| name.starts_with("MUTANT_")))'


def write(
    mutants: Iterable[Mutant], changed: dict[str, str] | None = None
) -> tuple[dict[str, list[Written]], list[Mutant]]:
    """Writes the copy; where the mutants are in each file, and those that cannot be choices."""
    files = {path: path.read_bytes() for path in _wanted()}
    texts = {path.relative_to(ROOT): content for path, content in files.items()}
    by_file: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        by_file.setdefault(mutant.file, []).append(mutant)
    written: dict[str, list[Written]] = {}
    left_out: list[Mutant] = []
    for file, of_file in by_file.items():
        rewriter = Rewriter((ROOT / file).read_text(), of_file)
        text, written[file] = rewriter.result()
        left_out += rewriter.left_out
        texts[Path(file)] = text.encode()
    for file, text in (changed or {}).items():
        texts[Path(file)] = text.encode()
    texts[Path("src/mutant_switch.rs")] = Path(__file__).with_name("switch.rs").read_bytes()
    texts[Path("src/lib.rs")] += b"pub mod mutant_switch;\n"
    for path, content in texts.items():
        if path.parts[0] == "tests" and path.suffix == ".rs":
            texts[path] = content.replace(_EMPTY.encode(), _NOT_QUITE.encode())
    _save(texts)
    return written, left_out


def _wanted() -> list[Path]:
    paths = [ROOT / part for part in _PARTS]
    for folder in _FOLDERS:
        paths += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [path for path in paths if path.exists() and "target" not in path.relative_to(ROOT).parts]


def _save(texts: dict[Path, bytes]) -> None:
    """Only what differs is written, so that only that is compiled again."""
    for path, content in texts.items():
        place = SOURCE / path
        if not place.is_file() or place.read_bytes() != content:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
    for place in SOURCE.rglob("*"):
        if place.is_file() and place.relative_to(SOURCE) not in texts:
            place.unlink()

