"""Token checks while others only log in."""

import time
from statistics import mean

from ..load import expect_only, login_storm, token_checks
from ..targets import row
from .measurement import Result

_LOGINS = 256


def latency(bench):
    """GET /user on 64 connections, and on 8, while 256 connections only log in"""
    database = bench.database("postgres")
    alone_for, seconds, gentle_for = bench.pick((2, 4, 2), (5, 12, 6))
    with bench.doorward(database) as server:
        tokens = database.tokens
        token_checks(server, tokens, seconds=1)
        before = token_checks(server, tokens, seconds=alone_for)
        # Long enough for both runs of wrk and what lies between.
        storm_for = seconds + gentle_for + 1
        options = {"connections": _LOGINS, "seconds": storm_for, "warm_up": 1}
        with login_storm(bench.example, server, database.emails, **options) as report:
            bench.progress.note("in the storm")
            time.sleep(1)
            stormy = token_checks(server, tokens, seconds=seconds)
            gentle = token_checks(server, tokens, connections=8, seconds=gentle_for)
            storm = expect_only(report(), "200", "503")
        after = token_checks(server, tokens, seconds=alone_for)
    alone = mean([before["per_second"], after["per_second"]])
    names = ("alone_before", "in_storm", "gentle_in_storm", "alone_after", "storm")
    raw = dict(zip(names, (before, stormy, gentle, after, storm), strict=True))
    rows = [
        row("storm-p99", stormy["p99_ms"]),
        row(
            "storm-rate",
            stormy["per_second"] / alone,
            figure=f"{stormy['per_second']:,.0f}/s",
            reference=f"{alone:,.0f}/s",
        ),
    ]
    notes = [
        f"GET /user {name:20} {of['per_second']:8,.0f}/s   p50 {of['p50_ms']:7.2f} ms"
        f"   p99 {of['p99_ms']:7.2f} ms"
        for name, of in (("alone, 64 conn.", before), ("storm, 64", stormy), ("storm, 8", gentle))
    ]
    notes.append(f"logins meanwhile {storm['goodput']:.1f}/s")
    return Result(rows, notes, raw)
