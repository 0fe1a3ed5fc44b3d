"""A small file system, so that a disk can be full without filling one."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ..outcome import Skipped


@contextlib.contextmanager
def mounted(folder: Path, size: str) -> Iterator[Path]:
    """A tmpfs of this size for as long as the block lasts."""
    if os.geteuid() != 0:
        raise Skipped("a file system can only be mounted by root")
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "doorward-faults", folder]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise Skipped(f"a file system cannot be mounted here: {made.stderr.strip()}")
    try:
        yield folder
    finally:
        # Lazily: whoever still has a file open was ended before, or is about to be.
        subprocess.run(["umount", "--lazy", folder], check=True)


class Ballast:
    """A file that takes all the room that is left, and gives it back."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "ballast"

    def take(self) -> None:
        """Nothing is left."""
        # First in large pieces, then what is left beside them.
        for size in (65_536, 4_096, 512):
            with self._file.open("ab", buffering=0) as file, contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))

    def give_back(self) -> None:
        """There is room again."""
        self._file.unlink()
