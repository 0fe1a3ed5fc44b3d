"""Password hashing: what the machine can do, and how much of it becomes logins."""

import json
from pathlib import Path
from statistics import median

from .. import native_hash, processes
from ..accounts import ITERATIONS, MEMORY_KIB
from ..errors import BenchError
from ..load import expect_only, logins
from ..targets import row
from .measurement import Result

# Engines of the example that give the same tags; the fastest is the ceiling.
ENGINES = ("argon2", "argon2-rust")
_NATIVE = ("libsodium", "libargon2")


def raw_rate(bench, engine, seconds):
    """Hashes a second of one of the example's engines, on as many threads as doorward has."""
    command = [bench.example, "hash", "--engine", engine, "--threads", str(bench.threads)]
    command += ["--memory-kib", str(MEMORY_KIB), "--iterations", str(ITERATIONS)]
    printed = processes.output([*command, "--seconds", str(seconds)], timeout=seconds + 30)
    return json.loads(printed)


def ceiling(bench, seconds):
    """Hashes a second of the fastest engine."""
    return max(raw_rate(bench, engine, seconds)["per_second"] for engine in ENGINES)


def login(bench):
    """logins on 64 connections beside raw Argon2id: the crates, libsodium, the C reference"""
    database = bench.database("postgres")
    rounds, seconds = bench.pick((1, 3), (4, 4))
    rates = {name: [] for name in (*ENGINES, *_NATIVE, "doorward")}
    reports = []
    with bench.doorward(database) as server:
        for number in range(rounds):
            bench.progress.note(f"round {number + 1} of {rounds}")
            hashed = {name: raw_rate(bench, name, seconds) for name in ENGINES}
            hashed |= {n: native_hash.rate(n, bench.threads, seconds) for n in _NATIVE}
            if len({of["tag"] for of in hashed.values()}) != 1:
                raise BenchError(f"the implementations do not agree: {hashed}")
            for name, of in hashed.items():
                rates[name].append(of["per_second"])
            options = {"connections": 64, "seconds": seconds}
            report = logins(bench.example, server, database.emails, **options)
            reports.append(expect_only(report, "200"))
            rates["doorward"].append(report["goodput"])
    fastest = max(ENGINES, key=lambda engine: median(rates[engine]))
    result = Result(raw={"rates": rates, "storms": reports, "fastest": fastest})
    result.rows = [_row(rates, "login", fastest)]
    if has_avx512():
        result.rows.append(_row(rates, "login-argon2", "argon2"))
    result.notes = [
        f"{name:10} {median(of):7.1f}/s   logins are {_ratio(rates, name):.2f} of it"
        for name, of in rates.items()
    ]
    return result


def _row(rates, key, name):
    figure, reference = f"{median(rates['doorward']):.0f}/s", f"{median(rates[name]):.0f}/s"
    return row(key, _ratio(rates, name), figure=figure, reference=reference)


def _ratio(rates, name):
    pairs = zip(rates["doorward"], rates[name], strict=True)
    return median(ours / theirs for ours, theirs in pairs)


def has_avx512():
    """Whether the processor has what the fastest engines use."""
    cpus = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    return any(line.startswith("flags") and " avx512f " in line for line in cpus)
