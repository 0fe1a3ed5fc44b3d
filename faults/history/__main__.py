"""`python3 -m faults.history`: runs the workload, or judges a recorded history again."""

import argparse
import asyncio
import json
import sys
from pathlib import Path

from bench.harness.errors import BenchError

from ..world import postgres as clusters
from ..world.world import Supplies, temporary_folder, world
from .checker import check
from .experiment import FAULTS, Experiment
from .record import History
from .stop import Stopped, stoppable
from .verdict import Verdict

ROOT = Path(__file__).resolve().parents[2]

DESCRIPTION = """\
Many clients register, log in, change, recover and confirm at once, several of them with one token,
and everything that they are told is recorded; then a checker looks for whatever no correct service
could have answered. Servers of its own, on 127.0.0.1 only; nothing is left behind.
"""

EPILOG = """\
examples:
  python3 -m faults.history run --binary target/debug/doorward
  python3 -m faults.history run --engine postgres --instances 2 --seconds 20 --seed 7
  python3 -m faults.history run --engine postgres --fault terminate --save run.jsonl
  python3 -m faults.history check run.jsonl
  python3 -m faults.history check run.jsonl --json | jq .wrong

The seed gives each client the same plan again; what the service makes of it depends on the moment,
so keep the history of a run that went wrong.

Exit codes: 0 nothing is wrong, 1 something is, or a server did not start, 2 wrong usage, 130 Ctrl-C,
143 SIGTERM."""


def main(arguments: list[str]) -> int:
    """Runs the program; its exit code."""
    chosen = _parse(arguments)
    stoppable()
    try:
        if chosen.command == "run":
            history = asyncio.run(_run(chosen))
            if chosen.save:
                history.save(chosen.save)
        else:
            history = History.load(chosen.file)
    except (BenchError, OSError, ValueError) as error:
        print(f"faults.history: {error}", file=sys.stderr)
        return 1
    except Stopped as stopped:
        print("faults.history: stopped; everything that was started is ended", file=sys.stderr)
        return stopped.exit_code
    verdict = check(history)
    print(json.dumps(verdict.as_json(), indent=1) if chosen.json else _text(history, verdict))
    return 1 if verdict.wrong else 0


async def _run(chosen: argparse.Namespace) -> History:
    experiment = Experiment(
        chosen.engine,
        chosen.instances,
        chosen.seconds,
        chosen.fault,
        clients=chosen.clients,
        accounts=chosen.accounts,
    )
    with temporary_folder() as name:
        folder = Path(name)
        template = folder
        if chosen.engine == "postgres":
            template = await clusters.template(folder)
        supplies = Supplies(chosen.binary.resolve(), template, chosen.seed, quick=False)
        async with world(supplies, folder) as own:
            return await experiment.run(own)


def _text(history: History, verdict: Verdict) -> str:
    kinds = sorted({call.kind for call in history.calls})
    answers = {
        kind: [call.outcome for call in history.calls if call.kind == kind] for kind in kinds
    }
    lines = [
        f"  {kind.ljust(9)} {words.count('yes'):5} yes {words.count('no'):5} no "
        f"{words.count('maybe'):5} unknown"
        for kind, words in answers.items()
    ]
    return "\n".join([str(verdict), *lines, f"  mails     {len(history.mails):5}"])


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python3 -m faults.history",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="start instances, run the workload, judge the history")
    run.add_argument(
        "--binary",
        type=Path,
        default=ROOT / "target/debug/doorward",
        metavar="PATH",
        help="this doorward (default: target/debug/doorward)",
    )
    run.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")
    run.add_argument("--instances", type=_positive, default=1, metavar="N", help="default: 1")
    run.add_argument("--seconds", type=float, default=10.0, metavar="S", help="default: 10")
    run.add_argument("--seed", type=int, default=1, metavar="N", help="of the plans (default: 1)")
    run.add_argument("--clients", type=_positive, default=8, metavar="N", help="default: 8")
    run.add_argument("--accounts", type=_positive, default=20, metavar="N", help="default: 20")
    run.add_argument(
        "--fault",
        choices=FAULTS,
        default="none",
        help="; ".join(f"{name}: {about}" for name, about in FAULTS.items()),
    )
    run.add_argument("--save", type=Path, metavar="FILE", help="keep the history")
    judge = commands.add_parser("check", help="judge a recorded history again")
    judge.add_argument("file", type=Path, metavar="FILE")
    for command in (run, judge):
        command.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args(arguments)
    if chosen.command == "run" and not chosen.binary.is_file():
        parser.error(f"{chosen.binary} is not there: `cargo build`, or name it with --binary")
    if chosen.command == "run" and chosen.fault == "terminate" and chosen.engine != "postgres":
        parser.error("--fault terminate: needs --engine postgres")
    return chosen


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
