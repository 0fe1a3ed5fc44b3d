"""Far more logins than the machine can hash: what is served, what is refused, what it costs."""

import json
import statistics
import time

from ..accounts import MEMORY_KIB, PASSWORD
from ..errors import BenchError
from ..load import expect_only, logins
from ..servers import ask
from ..targets import row
from .hashing import ceiling
from .measurement import Result

_CLIENTS = 2_000

# After this many seconds nobody believes in a recovery any more.
_GIVE_UP = 30


def overload(bench):
    """2,000 connections log in: goodput, refusals, memory, and how soon it is over"""
    bench.progress.note("the ceiling")
    before = ceiling(bench, bench.pick(1.5, 4))
    unruly = _storm(bench, "at-once")
    polite = _storm(bench, "retry-after")
    # With the usual setting nobody may be refused: that depends on the machine.
    tight = _storm(bench, "at-once", PASSWORD__HASH_WAIT="2s")
    after = ceiling(bench, bench.pick(1.5, 4))
    raw_rate = statistics.mean([before, after])
    storms = {"at once": unruly, "Retry-After": polite, "at once, hash_wait = 2s": tight}
    rows = []
    for of, suffix in (unruly, ""), (polite, "-polite"), (tight, "-tight"):
        goodput = of["storm"]["goodput"]
        figures = {"figure": f"{goodput:.0f}/s", "reference": f"{raw_rate:.0f}/s"}
        rows.append(row(f"overload-goodput{suffix}", goodput / raw_rate, **figures))
    refused = tight["storm"]["statuses"].get("503")
    if not refused:
        raise BenchError("nobody was refused: this machine needs a shorter hash_wait here")
    rows.append(row("overload-refusal", refused["p99_ms"]))
    rows.append(row("overload-memory", max(of["above_mib"] for of in storms.values())))
    rows.append(row("overload-recovery", max(of["recovery_ms"] for of in storms.values())))
    notes = [_note(name, of) for name, of in storms.items()]
    return Result(rows, notes, {"ceiling": [before, after], "storms": storms})


def _storm(bench, on_refusal, **settings):
    database = bench.database("postgres")
    with bench.doorward(database, **settings) as server:
        idle = server.memory_kib()
        normal = statistics.median(_login_ms(server) for _ in range(bench.pick(5, 15)))
        bench.progress.note(f"the storm, {on_refusal}")
        report = logins(
            *(bench.example, server, database.emails),
            connections=_CLIENTS,
            seconds=bench.pick(4, 15),
            # Until the queue has its length.
            warm_up=bench.pick(1, 5),
            on_refusal=on_refusal,
        )
        recovery = _recovery_ms(server, 2 * normal)
        peak = server.memory_kib("VmHWM")
    expect_only(report, "200", "503")
    above = (peak - idle - bench.threads * MEMORY_KIB) / 1024
    return {
        "storm": report,
        "normal_login_ms": normal,
        "recovery_ms": recovery,
        "idle_mib": idle / 1024,
        "peak_mib": peak / 1024,
        "above_mib": above,
    }


def _note(name, of):
    served = of["storm"]["statuses"].get("200", {"p50_ms": 0, "p99_ms": 0})
    refused = of["storm"]["statuses"].get("503", {"p50_ms": 0, "p99_ms": 0})
    codes = ", ".join(f"{count:,} {code}" for code, count in of["storm"]["codes"].items())
    return (
        f"{name}: {of['storm']['goodput']:.1f} logins/s, p50 {served['p50_ms']:.0f} ms; "
        f"refusals ({codes}) p50 {refused['p50_ms']:.1f} ms, p99 {refused['p99_ms']:.0f} ms; "
        f"at most {of['peak_mib']:.0f} MiB; full speed after {of['recovery_ms']:.0f} ms"
    )


def _login_ms(server):
    """How long one login takes on a new connection, which is the worse case; 503 is never."""
    body = json.dumps({"email": "user1@bench.example", "password": PASSWORD})
    started = time.perf_counter()
    with server.client() as client:
        status, _ = ask(client, "POST", "/user/login", body)
    took = (time.perf_counter() - started) * 1_000
    return took if status == 200 else float("inf")


def _recovery_ms(server, fast_enough):
    """From the end of the storm to the end of the first login that is fast enough."""
    started = time.perf_counter()
    while time.perf_counter() - started < _GIVE_UP:
        if _login_ms(server) <= fast_enough:
            return (time.perf_counter() - started) * 1_000
    raise BenchError(f"logins were still slow {_GIVE_UP} s after the storm")
