"""From the command line to the verdict."""

import asyncio
import contextlib
import json
from argparse import Namespace
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.harness.errors import BenchError
from bench.harness.progress import Progress

from .. import interrupt
from ..world import postgres as clusters
from ..world.world import Supplies, World, temporary_folder, world
from . import options, sampling
from .comparisons import ALL, Comparison
from .welch import LIMIT, TRIMMED, Side, smallest, t

_RELEASE = Path(__file__).resolve().parents[2] / "target" / "release" / "doorward"
_MORE = 3
# Pairs between two looks at whether to stop.
_BATCH = 10


@dataclass(frozen=True)
class Verdict:
    """One comparison on one engine."""

    engine: str
    name: str
    about: str
    known: Side
    unknown: Side
    t: float
    # In milliseconds; on a busy machine it is large, and a pass says little.
    smallest_seen: float
    # Of the first attempt, when there were two.
    first_t: float | None

    @property
    def passed(self) -> bool:
        """Whether the two are not told apart."""
        return abs(self.t) < LIMIT


def main(arguments: list[str]) -> int:
    """Runs the program; its exit code."""
    chosen = options.parse(arguments)
    if chosen.list:
        for comparison in ALL:
            print(f"{comparison.name.ljust(12)}  {comparison.about}")
        return 0
    return interrupt.run("scripts/timing", _run(chosen))


async def _run(chosen: Namespace) -> int:
    binary = (chosen.binary or _RELEASE).resolve()
    if not binary.is_file():
        raise BenchError(f"{binary} is not there; cargo build --release, or --binary PATH")
    wanted = [of for of in ALL if of.name in chosen.names or not chosen.names]
    engines = ["sqlite", "postgres"] if chosen.engine == "both" else [chosen.engine]
    engines = ["postgres"] if chosen.database else engines
    steps = [(f"{of.name} on {engine}", 40.0) for engine in engines for of in wanted]
    progress = Progress(steps)
    verdicts: list[Verdict] = []
    with temporary_folder() as name, progress:
        folder = Path(name)
        owned = "postgres" in engines and not chosen.database
        template = await clusters.template(folder) if owned else folder
        for engine in engines:
            for of in wanted:
                step = f"{of.name} on {engine}"
                progress.begin(step)
                verdict = await _verdict(
                    of, engine, Supplies(binary, template, 0, False), folder, chosen
                )
                progress.finish(step)
                progress.say(_line(verdict))
                verdicts.append(verdict)
    print(_as_json(verdicts, chosen) if chosen.json else _text(verdicts))
    return 0 if all(verdict.passed for verdict in verdicts) else 1


async def _verdict(
    of: Comparison, engine: str, supplies: Supplies, folder: Path, chosen: Namespace
) -> Verdict:
    first_t = None
    samples = chosen.samples
    for attempt in range(2):
        own = folder / f"{engine}-{of.name}-{attempt}"
        own.mkdir(mode=0o755)
        async with world(supplies, own) as made, _service(of, engine, made, chosen) as port:
            sides = await _measured(of, port, samples, chosen.seed + attempt)
        known, unknown = map(Side.of, sides)
        found, seen = t(known, unknown), smallest(known, unknown)
        # A database that is given is not empty any more.
        if abs(found) < LIMIT or attempt or chosen.database:
            break
        first_t, samples = found, samples * _MORE
    return Verdict(engine, of.name, of.about, known, unknown, found, seen, first_t)


@contextlib.asynccontextmanager
async def _service(
    of: Comparison, engine: str, made: World, chosen: Namespace
) -> AsyncIterator[int]:
    url = f"sqlite://{made.folder / 'doorward.db'}"
    if engine == "postgres":
        url = chosen.database or (await made.postgres()).url()
    # A window and a freeze that outlast the comparison.
    settings = {"LOCKOUT__WINDOW": "1h", "LOCKOUT__FREEZE": "1h", **of.settings}
    instance = made.doorward(url, **settings)
    await instance.start()
    yield instance.port


async def _measured(
    of: Comparison, port: int, samples: int, seed: int
) -> tuple[list[float], list[float]]:
    """The times of both sides; between batches this can be stopped."""
    await asyncio.to_thread(sampling.prepare, of, port, samples)
    coming = sampling.pairs(of, port, samples, seed)
    known: list[float] = []
    unknown: list[float] = []
    while batch := await asyncio.to_thread(_some, coming):
        known += [pair[0] for pair in batch]
        unknown += [pair[1] for pair in batch]
    return known, unknown


def _some(coming: Iterator[sampling.Pair]) -> list[sampling.Pair]:
    return [pair for _, pair in zip(range(_BATCH), coming, strict=False)]


def _line(of: Verdict) -> str:
    again = f" (first attempt: {of.first_t:+.2f})" if of.first_t is not None else ""
    return (
        f"{of.engine:8}  {of.name:11}  n {of.known.count} + {of.unknown.count}"
        f"  mean {of.known.mean:.3f} / {of.unknown.mean:.3f} ms"
        f"  median {of.known.median:.3f} / {of.unknown.median:.3f} ms"
        f"  t {of.t:+.2f}  sees {of.smallest_seen:.3f} ms"
        f"  {'passed' if of.passed else 'TOLD APART'}{again}"
    )


def _text(verdicts: list[Verdict]) -> str:
    failed = [verdict for verdict in verdicts if not verdict.passed]
    return "\n".join(
        [
            f"known or taken address / unknown or new one, without the slowest {TRIMMED:.0%}",
            *map(_line, verdicts),
            f"{len(verdicts) - len(failed)} passed, {len(failed)} told apart; passed is"
            f" |t| < {LIMIT}; a difference smaller than what it sees is not found",
        ]
    )


def _as_json(verdicts: list[Verdict], chosen: Namespace) -> str:
    found = [{**asdict(verdict), "passed": verdict.passed} for verdict in verdicts]
    whole = {
        "limit": LIMIT,
        "trimmed": TRIMMED,
        "seed": chosen.seed,
        "passed": all(verdict.passed for verdict in verdicts),
        "comparisons": found,
    }
    return json.dumps(whole, indent=1)
