"""`python3 -m faults.planted`: plants each bug in a copy of the source, and sees it found."""

import argparse
import asyncio
import dataclasses
import json
import sys
from pathlib import Path

from bench.harness.errors import BenchError
from bench.harness.progress import Progress

from ..history.checker import check
from ..history.experiment import Experiment
from ..history.record import History
from ..history.stop import Stopped, stoppable
from ..history.verdict import Verdict
from ..world import postgres as clusters
from ..world.world import Supplies, temporary_folder, world
from .build import binary
from .patches import Planted, all_planted

DESCRIPTION = """\
Proves the history checker: builds doorward with one bug at a time, runs the workload against it,
and sees that the checker finds the violation that the bug must lead to. Without a bug it must find
nothing, under the same faults. Your source is not touched: the patches are applied to a copy.
"""

EPILOG = """\
examples:
  python3 -m faults.planted                            all of them: a build and a run each
  python3 -m faults.planted --only reset-does-not-unlock
  python3 -m faults.planted --list
  python3 -m faults.planted --json | jq '.[] | select(.found | not)'

The first build compiles every dependency into target/planted, later ones a minute each. A bug that
is not found is tried with two more seeds. A patch that does not fit the source any more has to be
made anew, which its first line says how.

Exit codes: 0 all found and nothing else, 1 not so, 2 wrong usage, 130 Ctrl-C, 143 SIGTERM."""

# A race may not come about in one run.
_ATTEMPTS = 3
# For the progress display, in seconds.
_BUILD = 60


def main(arguments: list[str]) -> int:
    """Runs the program; its exit code."""
    known = all_planted()
    chosen = _parse(arguments, [planted.name for planted in known])
    if chosen.list:
        for planted in known:
            print(f"{planted.name}: {planted.about}\n    finds {' or '.join(planted.finds)}")
        return 0
    wanted = [planted for planted in known if not chosen.only or planted.name in chosen.only]
    stoppable()
    try:
        rows = _run(wanted, chosen)
    except BenchError as error:
        print(f"faults.planted: {error}", file=sys.stderr)
        return 1
    except Stopped as stopped:
        print("faults.planted: stopped; everything that was started is ended", file=sys.stderr)
        return stopped.exit_code
    print(json.dumps(rows, indent=1) if chosen.json else _table(rows))
    return 0 if all(row["found"] for row in rows) else 1


def _run(wanted: list[Planted], chosen: argparse.Namespace) -> list[dict]:
    rows = []
    controls = [] if chosen.no_control else _controls(wanted)
    steps = [("control", _BUILD + sum(run.seconds + 10 for run in controls))]
    steps += [(planted.name, _BUILD + planted.run.seconds + 10) for planted in wanted]
    with Progress(steps) as progress:
        progress.begin("control")
        if controls:
            program = binary(None)
        for run in controls:
            row = _row(f"no bug, {_words(run)}", run, program, chosen)
            row["found"] = not row["violations"]
            rows.append(row)
        progress.finish("control")
        for planted in wanted:
            progress.begin(planted.name)
            program = binary(planted.path)
            for attempt in range(_ATTEMPTS):
                seed = chosen.seed + attempt
                row = _row(planted.name, planted.run, program, chosen, seed, planted.finds)
                row["attempts"] = attempt + 1
                if row["found"]:
                    break
            rows.append(row)
            progress.finish(planted.name)
    return rows


def _row(
    name: str,
    run: Experiment,
    program: Path,
    chosen: argparse.Namespace,
    seed: int | None = None,
    finds: frozenset[str] = frozenset(),
) -> dict:
    seed = chosen.seed if seed is None else seed
    history = asyncio.run(_history(run, program, seed))
    if chosen.save:
        chosen.save.mkdir(parents=True, exist_ok=True)
        history.save(chosen.save / f"{name.replace(' ', '-')}.{seed}.jsonl")
    verdict = check(history)
    kinds = [violation.kind for violation in verdict.wrong]
    return {
        "name": name,
        "seed": seed,
        "requests": verdict.requests,
        "expected": sorted(finds),
        "violations": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
        "found": bool(finds & set(kinds)),
        "first": _first(history, verdict, finds or frozenset(kinds)),
    }


async def _history(run: Experiment, program: Path, seed: int) -> History:
    with temporary_folder() as name:
        folder = Path(name)
        template = await clusters.template(folder) if run.engine == "postgres" else folder
        async with world(Supplies(program, template, seed, quick=False), folder) as own:
            return await run.run(own)


def _first(history: History, verdict: Verdict, kinds: frozenset[str]) -> dict | None:
    """After how many requests and seconds the first such violation was there."""
    ends = [
        violation.calls[-1].end
        for violation in verdict.wrong
        if violation.kind in kinds and violation.calls
    ]
    if not ends:
        return None
    begun = min(call.start for call in history.calls)
    requests = sum(call.start <= min(ends) for call in history.calls)
    return {"requests": requests, "seconds": round(min(ends) - begun, 1)}


def _controls(wanted: list[Planted]) -> list[Experiment]:
    """The circumstances of the bugs, each once and for as long as its longest run."""
    longest: dict[tuple, Experiment] = {}
    for planted in wanted:
        run = planted.run
        key = (run.engine, run.instances, run.fault)
        if key not in longest or longest[key].seconds < run.seconds:
            longest[key] = dataclasses.replace(run)
    return list(longest.values())


def _words(run: Experiment) -> str:
    fault = "" if run.fault == "none" else f", fault {run.fault}"
    return f"{run.instances} on {run.engine}{fault}"


def _table(rows: list[dict]) -> str:
    lines = []
    for row in rows:
        first = row["first"]
        after = f"after {first['requests']} requests, {first['seconds']} s" if first else ""
        what = ", ".join(f"{count} {kind}" for kind, count in row["violations"].items())
        mark = "ok    " if row["found"] else "FAILED"
        lines.append(f"{mark} {row['name'].ljust(32)} {what or 'nothing wrong'} {after}".rstrip())
    return "\n".join(lines)


def _parse(arguments: list[str], names: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python3 -m faults.planted",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", metavar="NAME[,NAME]", type=lambda text: text.split(","))
    parser.add_argument("--list", action="store_true", help="name the bugs, and end")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the plans (default: 1)")
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="keep the histories")
    parser.add_argument("--no-control", action="store_true", help="not without a bug")
    chosen = parser.parse_args(arguments)
    for name in chosen.only or []:
        if name not in names:
            parser.error(f"--only: no bug {name!r}; there are: {', '.join(names)}")
    return chosen


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
