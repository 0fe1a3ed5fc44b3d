"""From the command line to the report, and to a clean end in any case."""

import asyncio
import contextlib
import random
import shutil
import time
import traceback
from argparse import Namespace
from pathlib import Path

from bench.harness import processes, tools
from bench.harness.errors import BenchError
from bench.harness.progress import Progress

from . import interrupt, options, report
from .outcome import Outcome, Skipped
from .scenarios import ALL, Scenario
from .world import haproxy, pgbouncer
from .world import postgres as clusters
from .world.world import Supplies, temporary_folder, world

ROOT = Path(__file__).resolve().parents[1]

# No scenario should come near it; one that hangs shall not keep the others.
_LONGEST = 240.0
_BUILD = 3_600


def main(arguments: list[str]) -> int:
    """Runs the program; its exit code."""
    chosen = options.parse(arguments)
    if chosen.list:
        width = max(len(of.name) for of in ALL)
        for of in ALL:
            print(f"{of.name.ljust(width)}  {'quick' if of.quick else '     '}  {of.about}")
        return 0
    return interrupt.run("scripts/faults", _run(chosen))


async def _run(chosen: Namespace) -> int:
    seed = chosen.seed if chosen.seed is not None else random.randrange(1_000_000)
    wanted = [of for of in ALL if of.name in chosen.names or not chosen.names]
    if chosen.quick and not chosen.names:
        wanted = [of for of in wanted if of.quick]
    progress = Progress([(of.name, _estimate(of, chosen.quick)) for of in wanted])
    _require_programs()
    binary = chosen.binary.resolve() if chosen.binary else _built(progress)
    outcomes: dict[str, Outcome] = {}
    with temporary_folder() as name, progress:
        folder = Path(name)
        template = await clusters.template(folder)
        supplies = Supplies(binary, template, seed, chosen.quick)
        for of in wanted:
            progress.begin(of.name)
            own = folder / of.name
            own.mkdir(mode=0o755)
            outcomes[of.name] = await _outcome(of, supplies, own)
            progress.finish(of.name)
            for line in report.told(of.name, outcomes[of.name]):
                progress.say(line)
            if chosen.keep and outcomes[of.name].problems():
                progress.say(f"  kept: {_kept(own)}")
            shutil.rmtree(own)
    print(report.as_json(outcomes, seed) if chosen.json else report.text(outcomes, seed))
    return 1 if any(outcome.problems() for outcome in outcomes.values()) else 0


async def _outcome(of: Scenario, supplies: Supplies, folder: Path) -> Outcome:
    """Runs it; one that fails takes nothing from the others."""
    begun = time.monotonic()
    try:
        async with asyncio.timeout(_LONGEST), world(supplies, folder) as made:
            outcome = await of.run(made)
    except Skipped as skipped:
        outcome = Outcome(of.about, skipped=str(skipped))
    except BenchError as error:
        outcome = Outcome(of.about, failures=[str(error)])
    except Exception:
        # A bug of the suite; it must not look like a pass, nor end the others.
        outcome = Outcome(of.about, failures=[traceback.format_exc()])
    outcome.seconds = time.monotonic() - begun
    return outcome


def _estimate(of: Scenario, quick: bool) -> float:
    return 8 if quick else of.estimate


def _kept(folder: Path) -> Path:
    """A copy of the logs, the history and the mails that stays."""
    kept = Path(f"{folder.parent}.kept") / folder.name
    kept.mkdir(parents=True)
    for file in folder.glob("*"):
        if file.suffix in {".log", ".jsonl", ".json", ".cfg", ".ini"}:
            shutil.copy(file, kept)
    with contextlib.suppress(FileNotFoundError):
        shutil.copytree(folder / "mails", kept / "mails")
    return kept


def _built(progress: Progress) -> Path:
    progress.say("building doorward")
    with processes.running(["cargo", "build", "--locked"], cwd=ROOT) as cargo:
        if cargo.wait(_BUILD) != 0:
            raise BenchError("cargo build failed, see above")
    return ROOT / "target" / "debug" / "doorward"


def _require_programs() -> None:
    found = {
        "PostgreSQL's server programs (postgresql)": tools.postgres_bin(),
        f"{pgbouncer.PROGRAM} (pgbouncer)": Path(pgbouncer.PROGRAM).exists(),
        f"{haproxy.PROGRAM} (haproxy)": Path(haproxy.PROGRAM).exists(),
    }
    if missing := [what for what, is_there in found.items() if not is_there]:
        raise BenchError(
            f"missing: {', '.join(missing)}; on Debian and Ubuntu: sudo apt-get install"
            " --no-install-recommends postgresql pgbouncer haproxy"
        )
