"""HTTP/1 request smuggling: requests that doorward and a proxy could read in two ways.

What must hold: sent directly, whatever is ambiguous is refused and the connection closed; behind a
proxy, whatever one client sends, the next one gets its own answer.
"""

from collections.abc import Sequence
from pathlib import Path

from ..outcome import Outcome, Skipped
from ..smuggling import behind, direct
from ..smuggling.case import Case
from ..smuggling.corpus import GROUPS
from ..smuggling.front_ends import KINDS, NGINX, FrontEnd, Kind
from ..world.doorward import Doorward, request
from ..world.world import World
from .registry import scenario

_EMAIL, _PASSWORD = "ann@faults.example", "abc123"
_LANES = 8


async def _doorward(world: World) -> Doorward:
    instance = world.doorward(f"sqlite://{world.folder / 'doorward.db'}")
    await instance.start()
    return instance


def _cases(world: World) -> list[Case]:
    cases = [case for group in GROUPS.values() for case in group]
    return cases[:: int(world.pick(4, 1))]


@scenario("smuggling", "hostile HTTP/1 requests, sent directly", 15, quick=True)
async def directly(world: World) -> Outcome:
    instance = await _doorward(world)
    cases = _cases(world)
    outcome = Outcome(f"{len(cases)} hostile requests, and one after each", recovers=False)
    found = await direct.attempt_all(cases, instance.port)
    outcome.requests = len(found) + sum(1 for of in found if of.next)
    outcome.succeeded = sum(1 for of in found for answer in of.answers if answer.status < 300)
    outcome.wrong = [_told(of.case, f"{of.wrong()}: {of}") for of in found if of.wrong()]
    refused = sum(1 for of in found if of.closed and of.answers and of.answers[-1].status >= 400)
    outcome.notes.append(f"{refused} of {len(found)} were refused and the connection closed")
    outcome.require(outcome.succeeded > 0, "no legal request was served, so nothing was shown")
    _write(world.folder / "requests.log", [(of.case, str(of)) for of in found])
    return outcome


async def _behind(world: World, kinds: list[Kind]) -> Outcome:
    instance = await _doorward(world)
    token = await _token(instance)
    cases = _cases(world)
    names = " and ".join(kind.name for kind in kinds)
    outcome = Outcome(f"{len(cases)} hostile requests through {names}", recovers=False)
    seen: list[tuple[Case, str]] = []
    for kind in kinds:
        met = await _through(world, instance, kind, token, cases)
        forwarded = sum(1 for of in met if of.forwarded)
        followed = sum(1 for of in met if of.followed)
        outcome.requests += 4 * len(met)
        outcome.succeeded += sum(1 for of in met for answer in of.answers if answer.status < 300)
        outcome.wrong += [
            _told(of.case, f"{kind.name}: {why}; it: {of}") for of in met for why in of.wrong
        ]
        outcome.notes.append(
            f"{kind.name}: {forwarded} of {len(met)} came to doorward,"
            f" {followed} times an honest request came after it on the same connection"
        )
        outcome.require(followed > 10 or world.quick, f"{kind.name} did not use connections again")
        seen += [(of.case, f"{kind.name}: {of}") for of in met]
    _write(world.folder / "requests.log", seen)
    return outcome


async def _through(
    world: World, instance: Doorward, kind: Kind, token: str, cases: list[Case]
) -> list[behind.Met]:
    recorders = [behind.Recorder() for _ in range(_LANES)]
    taps = [await world.proxy(instance.port, recorder) for recorder in recorders]
    front_end = FrontEnd(kind, world.folder, [tap.port for tap in taps])
    world.closes(front_end.daemon)
    await front_end.start()
    lanes = [
        behind.Lane(port, recorder, token, _EMAIL)
        for port, recorder in zip(front_end.ports, recorders, strict=True)
    ]
    met = await behind.attempt_all(cases, lanes)
    front_end.daemon.close()
    return met


@scenario("smuggling-haproxy", "hostile HTTP/1 requests behind haproxy, strict and lax", 50)
async def behind_haproxy(world: World) -> Outcome:
    return await _behind(world, [kind for kind in KINDS if not kind.is_nginx])


@scenario("smuggling-nginx", "hostile HTTP/1 requests behind nginx, strict and lax", 50)
async def behind_nginx(world: World) -> Outcome:
    if not Path(NGINX).exists():
        raise Skipped(f"{NGINX} is not there (apt-get install --no-install-recommends nginx)")
    return await _behind(world, [kind for kind in KINDS if kind.is_nginx])


async def _token(instance: Doorward) -> str:
    body = {"email": _EMAIL, "password": _PASSWORD, "password_confirm": _PASSWORD}
    return (await request(instance.url, "POST", "/user/create", body))[1]["token"]


def _told(case: Case, what: str) -> str:
    return f"{case.name}: {what}; sent: {_shown(case)}"


def _shown(case: Case) -> str:
    text = " … ".join(repr(part)[2:-1] for part in case.parts)
    return text if len(text) < 700 else f"{text[:500]}[…]{text[-150:]}"


def _write(file: Path, seen: Sequence[tuple[Case, str]]) -> None:
    """All of it, for who wants to look: --keep keeps it when something is wrong."""
    file.write_text("".join(f"{case.name}\n  {_shown(case)}\n  {what}\n" for case, what in seen))
