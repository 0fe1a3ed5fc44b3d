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
    fingerprint = source.fingerprint()
    results = Results(fingerprint, fresh=chosen.fresh)
    _say(f"{len(everything)} mutants; building all that can be chosen at run time")
    built = build.build(everything, _say)
    _say(f"{len(built.unviable)} do not compile, {len(built.fixed)} need a build of their own")
    for one in everything:
        if one.number in built.unviable and results.get(one.key) is None:
            results.add(Result(one.key, one.name, "unviable", built.unviable[one.number], 0))
    not_run: list[Mutant] = []
    with tempfile.TemporaryDirectory(prefix="doorward-mutants.", dir=trial.place()) as name:
        # PostgreSQL's user has to get in.
        Path(name).chmod(0o755)
        with clusters(Path(name), chosen.jobs) as servers:
            workers = [Worker(server) for server in servers]
            tests = trial.all_tests(built.programs)
            reaches, _ = reach.measured(tests, workers, fingerprint, _say)
            hunter = Hunter(reaches, chosen.threads, _say)
            _switched(wanted, built, hunter, workers, results)
            alone = [one for one in wanted if one.number in built.fixed]
            if chosen.no_single:
                not_run = [one for one in alone if results.get(one.key) is None]
            else:
                _singles(alone, hunter, workers[0], results)
    verdicts = [(one, found) for one in wanted if (found := results.get(one.key)) is not None]
    print((report.as_json if chosen.json else report.text)(verdicts, not_run))
    survivors = any(found.verdict in {"missed", "unreached"} for _, found in verdicts)
    return 1 if survivors else 0


def _switched(
    wanted: list[Mutant],
    built: build.Built,
    hunter: Hunter,
    workers: list[Worker],
    results: Results,
) -> None:
    aside = {*built.unviable, *built.fixed}
    todo = [one for one in wanted if one.number not in aside and results.get(one.key) is None]
    _say(f"{len(todo)} mutants to try")
    done = 0

    def work(one: Mutant, worker: Worker) -> None:
        nonlocal done
        result = hunter.hunt(one, hunter.reaching(one.number), worker, one.number)
        results.add(result)
        done += 1
        _tell(done, len(todo), result)

    spread(todo, workers, work)


def _singles(alone: list[Mutant], hunter: Hunter, worker: Worker, results: Results) -> None:
    todo = [one for one in alone if results.get(one.key) is None]
    by_name = hunter.by_name()
    for done, one in enumerate(todo, start=1):
        result = single.hunt(one, hunter, by_name, worker)
        results.add(result)
        _tell(done, len(todo), result)


def _tell(done: int, of: int, result: Result) -> None:
    by = f" by {result.by}" if result.by else ""
    _say(f"[{done}/{of}] {result.verdict}{by} in {result.seconds:.0f} s: {result.name}")


def _say(text: str) -> None:
    passed = int(time.monotonic() - _STARTED)
    print(f"{passed // 60:3}:{passed % 60:02} {text}", file=sys.stderr, flush=True)
