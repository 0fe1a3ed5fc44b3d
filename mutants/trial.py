"""Runs tests with one mutant chosen."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.harness import processes

from . import source

_RESULT = re.compile(r"^test (\S+)(?: - should panic)? \.\.\. (ok|FAILED)")
_FAILED = re.compile(r"^    (\S+)$")


@dataclass(frozen=True, order=True)
class Test:
    """One test of one program."""

    program: Path
    name: str

    @property
    def kind(self) -> str:
        """`unit`; through HTTP, `sqlite` or `postgres`; or `other`, the program and its settings."""
        if not self.program.name.startswith("tests-"):
            return "unit"
        engines = [kind for kind in ("sqlite", "postgres") if kind.title() in self.name]
        return engines[0] if engines else "other"

    @property
    def id(self) -> str:
        """The same in every build."""
        return f"{self.program.name.rsplit('-', 1)[0]}::{self.name}"


@dataclass(frozen=True)
class Run:
    """How a run ended."""

    # The first one that failed; `None` also when the program ended in another way.
    failed: str | None
    passed: bool
    timed_out: bool
    seconds: float


def all_tests(programs: Iterable[Path]) -> list[Test]:
    """Every test there is."""
    found = []
    for program in programs:
        listed = processes.output([program, "--list", "--format", "terse"], timeout=60)
        names = [line.removesuffix(": test") for line in listed.splitlines() if line.endswith(": test")]
        found += [Test(program, name) for name in names]
    return found


def run(
    tests: list[Test],
    *,
    mutant: int,
    limit: float,
    threads: int,
    postgres: str,
    notes: Path | None = None,
) -> Run:
    """Runs tests of one program, until the first failure."""
    folder = Path(tempfile.mkdtemp(prefix="doorward-mutants.", dir=place()))
    # Servers of tests run as another user.
    folder.chmod(0o1777)
    environment = {
        **os.environ,
        "MUTANT_CHOSEN": str(mutant),
        "TMPDIR": str(folder),
        "RUST_BACKTRACE": "0",
        "DOORWARD_TEST_POSTGRES": postgres,
        "INSTA_UPDATE": "no",
    }
    environment.pop("MUTANT_NOTES", None)
    if notes is not None:
        environment["MUTANT_NOTES"] = str(notes)
    names = [test.name for test in tests]
    command = ["nice", "-n", "5", str(tests[0].program), "--exact", "--test-threads", str(threads)]
    started = time.monotonic()
    timed_out = threading.Event()
    try:
        with processes.running(
            [*command, *names],
            cwd=source.SOURCE,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            end_with=signal.SIGKILL,
        ) as process:

            def stop() -> None:
                timed_out.set()
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

            timer = threading.Timer(limit, stop)
            timer.start()
            try:
                failed = _first_failure(process)
                # The end of the pipe is not the end of the program.
                passed = failed is None and process.wait() == 0
            finally:
                timer.cancel()
    finally:
        _clean(folder)
    seconds = time.monotonic() - started
    hung = timed_out.is_set() and failed is None
    return Run(failed, passed and not hung, hung, seconds)


def _first_failure(process: subprocess.Popen[str]) -> str | None:
    in_summary = False
    assert process.stdout is not None
    for line in process.stdout:
        if (result := _RESULT.match(line)) and result[2] == "FAILED":
            return result[1]
        in_summary = in_summary or line.startswith("failures:")
        if in_summary and (name := _FAILED.match(line)):
            return name[1]
    return None


def place() -> str:
    """In memory where there is room: no test should wait for a slow disk."""
    shared = Path("/dev/shm")
    has_room = shared.is_dir() and shutil.disk_usage(shared).free > 4_000_000_000
    return str(shared) if has_room else tempfile.gettempdir()


def _clean(folder: Path) -> None:
    """Ends the servers that a test which was ended has left, and removes everything."""
    for file in folder.rglob("postmaster.pid"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            server = int(file.read_text().splitlines()[0])
            if str(folder) not in Path(f"/proc/{server}/cmdline").read_text():
                continue
            children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
            for pid in [server, *map(int, children)]:
                os.kill(pid, signal.SIGCONT)
            os.kill(server, signal.SIGQUIT)
    shutil.rmtree(folder, ignore_errors=True)
