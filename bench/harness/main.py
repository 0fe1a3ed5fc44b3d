"""From the command line to the report, and to a clean end in any case."""

import json
import resource
import signal
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from . import build, options, report, tools
from .bench import Bench
from .errors import BenchError
from .measurements import ALL, SOAK
from .progress import Progress


class _Stopped(BaseException):
    """A signal told the program to end."""

    def __init__(self, number):
        super().__init__(number)
        self.exit_code = 128 + number


def main(arguments):
    """Runs the program; its exit code."""
    chosen = options.parse(arguments, ALL)
    if chosen.list:
        width = max(len(measurement.name) for measurement in ALL)
        print("\n".join(f"{of.name.ljust(width)}  {of.about}" for of in ALL))
        return 0
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        found, failures = _measure(chosen)
        _print(found, chosen.json)
        for failure in failures:
            print(f"bench/run: {failure}", file=sys.stderr)
        return 1 if failures else 0
    except BenchError as error:
        print(f"bench/run: {error}", file=sys.stderr)
        return 1
    except _Stopped as stopped:
        print("bench/run: stopped; everything that was started is ended", file=sys.stderr)
        return stopped.exit_code


def _stop(number, _frame):
    # A second one must not disturb the cleaning up.
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    raise _Stopped(number)


def _measure(chosen):
    steps, mode = _steps(chosen)
    progress = Progress([(name, estimate) for name, estimate, _ in steps])
    tools.require(progress.say)
    _raise_open_files()
    progress.say("building the release binary and the references")
    binary, example = build.release()
    where, results, failures = report.machine(), {}, []
    with ExitStack() as stack:
        folder = stack.enter_context(_folder())
        stack.enter_context(progress)
        bench = Bench(binary, example, folder, stack, quick=chosen.quick, progress=progress)
        for name, _, run in steps:
            progress.begin(name)
            # One that failed has no figure, and takes none from the others.
            try:
                results[name] = run(bench)
            except BenchError as error:
                failures.append(f"{name}: {error}")
            progress.finish(name)
    return report.whole(mode, where, results), failures


def _steps(chosen):
    """What to run: names, estimates in seconds, functions; and the word for it."""
    if chosen.soak:
        return [(SOAK.name, chosen.soak * 60 + 5, partial(SOAK.run, minutes=chosen.soak))], "soak"
    wanted = [of for of in ALL if not chosen.only or of.name in chosen.only]
    estimate = "quick" if chosen.quick else "whole"
    return [(of.name, getattr(of, estimate), of.run) for of in wanted], estimate


@contextmanager
def _folder():
    """A temporary folder that PostgreSQL's user can enter."""
    with tempfile.TemporaryDirectory(prefix="doorward-bench.") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def _raise_open_files():
    """Thousands of connections need a descriptor each, in us and in who we start."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _print(found, destination):
    as_json = json.dumps(found, indent=1)
    if destination == "-":
        print(as_json)
        return
    if destination:
        Path(destination).write_text(as_json + "\n", encoding="utf-8")
    print(report.text(found))
