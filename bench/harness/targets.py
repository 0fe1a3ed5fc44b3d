"""What doorward has to reach: for each figure the least, and the aim."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """`at_least` and `aim` bound from below, or from above where `lower_is_better`."""

    what: str
    at_least: float
    aim: float
    unit: str = ""
    lower_is_better: bool = False


def _at_most(what, at_least, aim, unit):
    return Target(what, at_least, aim, unit, lower_is_better=True)


TARGETS = {
    "check-postgres": Target("GET /user, PostgreSQL, of bare", 0.45, 0.65, "x"),
    "check-postgres-select": Target("GET /user, PostgreSQL, of a SELECT each", 2, 3.5, "x"),
    "check-sqlite": Target("GET /user, SQLite, of bare", 0.5, 0.75, "x"),
    "statements": _at_most("statements for 1,000 token checks", 60, 25, ""),
    "login": Target("login, of the fastest raw Argon2id", 0.93, 0.98, "x"),
    "login-argon2": Target("login, AVX-512, of the crate argon2", 1.3, 2, "x"),
    "storm-p99": _at_most("GET /user p99 while 256 log in", 20, 5, "ms"),
    "storm-rate": Target("GET /user then, of its rate alone", 0.35, 0.5, "x"),
    "overload-goodput": Target("2,000 log in, at once again, of raw", 0.85, 0.95, "x"),
    "overload-goodput-polite": Target("2,000 log in, Retry-After, of raw", 0.85, 0.95, "x"),
    "overload-goodput-tight": Target("the same at once, hash_wait = 2s", 0.85, 0.95, "x"),
    "overload-refusal": _at_most("refusal p99 then", 250, 50, "ms"),
    "overload-memory": _at_most("resident then, above idle + threads x m", 60, 25, "MiB"),
    "overload-recovery": _at_most("login at full speed after that", 1_000, 1_000, "ms"),
    "idle-memory": _at_most("resident idle, SQLite, before a hash", 30, 15, "MiB"),
    "start-postgres": _at_most("start to ready, PostgreSQL", 250, 60, "ms"),
    "start-sqlite": _at_most("start to ready, SQLite", 250, 60, "ms"),
    "scale-check-postgres": _at_most("check p50, {big}:1,000, PostgreSQL", 1.3, 1.1, "x"),
    "scale-check-sqlite": _at_most("check p50, {big}:1,000, SQLite", 1.3, 1.1, "x"),
    "scale-login-postgres": _at_most("login p50, {big}:1,000, PostgreSQL", 1.3, 1.1, "x"),
    "scale-login-sqlite": _at_most("login p50, {big}:1,000, SQLite", 1.3, 1.1, "x"),
    "soak": _at_most("growth of memory after a minute", 5, 1, "%"),
}


def row(key, value, *, figure=None, reference=None, **fill):
    """One line of the table: `value` is what is compared with the target."""
    target = TARGETS[key]
    return {
        "key": key,
        "what": target.what.format(**fill),
        "figure": figure,
        "reference": reference,
        "value": value,
        "unit": target.unit,
        "at_least": target.at_least,
        "aim": target.aim,
        "verdict": _verdict(target, value),
    }


def _verdict(target, value):
    def reached(bound):
        return value <= bound if target.lower_is_better else value >= bound

    if reached(target.aim):
        return "aim"
    return "reached" if reached(target.at_least) else "MISSED"
