"""doorward built from a copy of its source with one patch, in a target folder that is kept."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from bench.harness import processes
from bench.harness.errors import BenchError

ROOT = Path(__file__).resolve().parents[2]
_FOLDER = ROOT / "target" / "planted"
_PARTS = ("Cargo.toml", "Cargo.lock", "build.rs", "askama.toml", "src", "config", "migrations")
# Named by Cargo.toml, not built.
_NAMED = ("bench/reference", "tests")
# The first build makes every dependency.
_LONGEST = 3600


def binary(patch: Path | None) -> Path:
    """The program with this patch, or without any."""
    source = _FOLDER / "source"
    _copy(source)
    if patch is not None:
        # Not a part of the repository around it, or git would look for the files there.
        environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(_FOLDER)}
        command = ["git", "apply", "-C1", patch]
        try:
            processes.output(command, timeout=60, cwd=source, env=environment)
        except BenchError as error:
            raise BenchError(f"{patch.name} does not fit the source any more: {error}") from error
    target = _FOLDER / "target"
    environment = {**os.environ, "CARGO_TARGET_DIR": str(target)}
    command = ["nice", "-n", "5", "cargo", "build", "--quiet", "--locked", "--bin", "doorward"]
    processes.output(command, timeout=_LONGEST, cwd=source, env=environment)
    return target / "debug" / "doorward"


def _copy(source: Path) -> None:
    """Only what differs is written, so that only that is compiled again."""
    wanted: dict[Path, Path] = {}
    for part in (*_PARTS, *_NAMED):
        path = ROOT / part
        files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
        wanted |= {source / file.relative_to(ROOT): file for file in files}
    for there, here in wanted.items():
        if not there.is_file() or there.read_bytes() != here.read_bytes():
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(here, there)
    for there in source.rglob("*"):
        if there.is_file() and there not in wanted:
            there.unlink()
