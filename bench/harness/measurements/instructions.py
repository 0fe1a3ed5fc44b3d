"""Instructions for one operation: the figure that does not wobble."""

import re
import shutil

from .. import processes
from .measurement import Result

# What is counted, and the two numbers of times whose difference is taken.
_COUNTED = {
    "token-checks": (200, 1_200, "one token: signature and claims"),
    "bare-answers": (200, 1_200, "one answer of the bare handler, in process"),
    "answers": (200, 1_200, "one answer of doorward's router, in process, SQLite, log line"),
}


def instructions(bench):
    """instructions of a token check and of an answer, by valgrind"""
    if not shutil.which("valgrind"):
        return Result(notes=["skipped: valgrind is not there (apt-get install valgrind)"])
    result = Result()
    for what, (few, many, description) in _COUNTED.items():
        bench.progress.note(what)
        once = (_count(bench, what, many) - _count(bench, what, few)) / (many - few)
        result.raw[what] = once
        result.notes.append(f"{once:10,.0f} instructions: {description}")
    return result


def _count(bench, what, times):
    folder = bench.folder / f"{what}-{times}"
    folder.mkdir()
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out"]
    command += [bench.example, "count", what, str(times), "--folder", folder]
    # The log of the counted program goes to standard error too, hence a file of its own.
    processes.output(
        [*command[:2], f"--log-file={folder}/log", *command[2:], "--secret", bench.secret],
        timeout=300,
    )
    return int(re.search(r"Collected : (\d+)", (folder / "log").read_text()).group(1))
