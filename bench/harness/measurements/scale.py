"""Whether a thousand times as many accounts make an answer slower."""

from contextlib import ExitStack
from statistics import median

from ..accounts import ROTATION
from ..load import expect_only, logins, token_checks
from ..targets import row
from .measurement import Result


def scale(bench):
    """p50 of GET /user and of login with 1,000,000 accounts (50,000 if quick) beside 1,000"""
    many, result = bench.pick(50_000, 1_000_000), Result()
    for engine in ("postgres", "sqlite"):
        checks, logged_in = _measure(bench, engine, many)
        result.raw[engine] = {"accounts": many, "checks": checks, "logins": logged_in}
        for what, of in ("check", checks), ("login", logged_in):
            figures = {
                "figure": f"{median(of[many]):.2f} ms",
                "reference": f"{median(of[ROTATION]):.2f} ms",
            }
            key = f"scale-{what}-{engine}"
            result.rows.append(row(key, _ratio(of, many), **figures, big=f"{many:,}"))
    return result


def _measure(bench, engine, many):
    """For each size the p50 of each round, in milliseconds: of token checks and of logins."""
    rounds, seconds = bench.pick((1, 1), (5, 2))
    databases = {count: bench.database(engine, count) for count in (ROTATION, many)}
    checks, logged_in = ({count: [] for count in databases} for _ in range(2))
    with ExitStack() as stack:
        running = {n: stack.enter_context(bench.doorward(of)) for n, of in databases.items()}
        for count, server in running.items():
            token_checks(server, databases[count].tokens, seconds=1)
        for number in range(rounds):
            bench.progress.note(f"{engine}, round {number + 1} of {rounds}")
            for count, server in running.items():
                report = token_checks(server, databases[count].tokens, seconds=seconds)
                checks[count].append(report["p50_ms"])
                # One client: what a login takes, not what a queue takes.
                options = {"connections": 1, "seconds": seconds, "warm_up": 0.2}
                report = logins(bench.example, server, databases[count].emails, **options)
                logged_in[count].append(expect_only(report, "200")["statuses"]["200"]["p50_ms"])
    return checks, logged_in


def _ratio(of, many):
    return median(large / small for large, small in zip(of[many], of[ROTATION], strict=True))
