"""From the list of the mutants to the report."""

from __future__ import annotations

import re
import sys
import tempfile
import time
from argparse import Namespace
from pathlib import Path

from bench.harness import tools
from bench.harness.errors import BenchError

from . import build, mutant, options, reach, report, single, source, trial
from .cluster import clusters
from .hunt import Hunter
from .mutant import Mutant
from .results import Result, Results
from .trial import Test
from .workers import Worker, spread

_STARTED = time.monotonic()


def main(arguments: list[str]) -> int:
    """Runs the program; its exit code."""
    chosen = options.parse(arguments)
    try:
        return _run(chosen)
    except KeyboardInterrupt:
        print("scripts/mutants: stopped; the next run goes on from here", file=sys.stderr)
        return 130
    except (RuntimeError, BenchError) as error:
        print(f"scripts/mutants: {error}", file=sys.stderr)
        return 1


def _run(chosen: Namespace) -> int:
    everything = mutant.listed()
    wanted = [one for one in everything if re.search(chosen.re, one.name)]
    if chosen.list:
        print("\n".join(one.name for one in wanted))
        return 0
    if not tools.postgres_bin():
        raise BenchError("missing: PostgreSQL's server programs (postgresql)")
    results = Results(fresh=chosen.fresh, retry=chosen.retry)
    _say(f"{len(everything)} mutants; building all that can be chosen at run time")
    built = build.build(everything, _say)
    _say(f"{len(built.unviable)} do not compile, {len(built.fixed)} need a build of their own")
    for one in everything:
        if one.number in built.unviable and results.get(one.key) is None:
            results.add(Result(one.key, one.name, "unviable", built.unviable[one.number]))
    not_run: list[Mutant] = []
    with tempfile.TemporaryDirectory(prefix="doorward-mutants.", dir=trial.place()) as name:
        # PostgreSQL's user has to get in.
        Path(name).chmod(0o755)
        with clusters(Path(name), chosen.jobs) as servers:
            workers = [Worker(server) for server in servers]
            tests = trial.all_tests(built.programs)
            hunter = Hunter(chosen.threads, chosen.most, _say)
            switched = [
                one
                for one in wanted
                if one.number not in built.unviable and one.number not in built.fixed
            ]
            for kind in chosen.tests.split(","):
                of_kind = [test for test in tests if test.kind == kind]
                hunter.learn(reach.measured(of_kind, workers, everything, kind, _say))
                _hunt(kind, switched, hunter, workers, results)
            alone = [one for one in wanted if one.number in built.fixed]
            if chosen.no_single:
                not_run = [one for one in alone if results.get(one.key) is None]
            else:
                _singles(alone, hunter, workers[0], results)
    verdicts = [(one, found) for one in wanted if (found := results.get(one.key)) is not None]
    print((report.as_json if chosen.json else report.text)(verdicts, not_run))
    survivors = any(found.survives for _, found in verdicts)
    return 1 if survivors else 0


def _hunt(
    kind: str, mutants: list[Mutant], hunter: Hunter, workers: list[Worker], results: Results
) -> None:
    todo: list[tuple[Mutant, list[Test]]] = []
    for one in mutants:
        before = results.get(one.key)
        known = before.tried if before else ()
        tests = [test for test in hunter.reaching(one.number, kind) if test.id not in known]
        if before is None or (before.survives and tests):
            todo.append((one, tests))
    _say(f"{len(todo)} mutants to try with the {kind} tests")
    done = 0

    def work(job: tuple[Mutant, list[Test]], worker: Worker) -> None:
        nonlocal done
        one, tests = job
        result = hunter.hunt(one, tests, worker, one.number, results.get(one.key))
        results.add(result)
        done += 1
        _tell(done, len(todo), result)

    spread(todo, workers, work)


def _singles(alone: list[Mutant], hunter: Hunter, worker: Worker, results: Results) -> None:
    todo = [one for one in alone if (known := results.get(one.key)) is None or known.survives]
    by_id = hunter.by_id()
    for done, one in enumerate(todo, start=1):
        result = single.hunt(one, hunter, by_id, worker, results.get(one.key))
        results.add(result)
        _tell(done, len(todo), result)


def _tell(done: int, of: int, result: Result) -> None:
    by = f" by {result.by}" if result.by else ""
    _say(f"[{done}/{of}] {result.verdict}{by} in {result.seconds:.0f} s: {result.name}")


def _say(text: str) -> None:
    passed = int(time.monotonic() - _STARTED)
    print(f"{passed // 60:3}:{passed % 60:02} {text}", file=sys.stderr, flush=True)
