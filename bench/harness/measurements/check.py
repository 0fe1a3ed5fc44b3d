"""The token check: GET /user against servers that do less or do it in the usual way."""

from contextlib import ExitStack
from statistics import median

from ..load import token_checks
from ..targets import row
from .measurement import Result

_REFERENCES = ("bare", "jwt", "select")


def on_postgres(bench):
    """GET /user on PostgreSQL, 64 connections, beside bare, jwt and one SELECT a request"""
    result = _check(bench, "postgres")
    result.rows.append(_row(result, "check-postgres-select", "select"))
    return result


def on_sqlite(bench):
    """the same on SQLite"""
    return _check(bench, "sqlite")


def _check(bench, engine):
    database = bench.database(engine)
    rounds, seconds = bench.pick((3, 1), (7, 3))
    with ExitStack() as stack:
        running = [stack.enter_context(bench.reference(kind, database)) for kind in _REFERENCES]
        # Each account read at each check: as bad as it gets with more accounts than memory.
        unkept = bench.doorward(database, "uncached", DATABASE__CACHED_ACCOUNTS="0")
        running += [stack.enter_context(unkept), stack.enter_context(bench.doorward(database))]
        for server in running:
            token_checks(server, database.tokens, seconds=1)
        reports = {server.name: [] for server in running}
        # In turn, so that whatever disturbs the machine disturbs all of them.
        for number in range(rounds):
            bench.progress.note(f"round {number + 1} of {rounds}")
            for server in running:
                report = token_checks(server, database.tokens, seconds=seconds)
                reports[server.name].append(report)
    result = Result(raw={"rounds": reports})
    result.rows.append(_row(result, f"check-{engine}", "bare"))
    result.notes = [
        f"{engine}: {name:8} {_rate(result, name):8,.0f}/s   p50 {_median(of, 'p50_ms'):6.2f} ms"
        f"   p99 {_median(of, 'p99_ms'):6.2f} ms   doorward is {_ratio(result, name):.2f} of it"
        for name, of in reports.items()
    ]
    return result


def _row(result, key, name):
    figure, reference = (f"{_rate(result, name):,.0f}/s" for name in ("doorward", name))
    return row(key, _ratio(result, name), figure=figure, reference=reference)


def _median(reports, field):
    return median(report[field] for report in reports)


def _rate(result, name):
    return _median(result.raw["rounds"][name], "per_second")


def _ratio(result, name):
    """The median of the rounds' ratios: a round's runs are neighbours in time."""
    rounds = result.raw["rounds"]
    pairs = zip(rounds["doorward"], rounds[name], strict=True)
    return median(ours["per_second"] / theirs["per_second"] for ours, theirs in pairs)


_COUNTED = """
SELECT (SELECT coalesce(sum(calls), 0) FROM pg_stat_statements
        WHERE dbid = d.oid AND query NOT LIKE '%pg_stat%')
    || '|' || pg_stat_get_db_xact_commit(d.oid)
FROM pg_database AS d WHERE datname = '{}'"""


def statements(bench):
    """what 1,000 token checks at 64 connections ask of PostgreSQL: statements and CPU time"""
    database, server = bench.database("postgres"), bench.postgres
    name = database.url.rpartition("/")[2]
    server.psql(f"ALTER DATABASE {name} SET pg_stat_statements.track = 'top'")
    with bench.doorward(database) as doorward:
        token_checks(doorward, database.tokens, seconds=1)
        # Nobody sends anything while these are read.
        before, cpu_before = _counters(server, name), server.cpu_seconds()
        report = token_checks(doorward, database.tokens, seconds=bench.pick(2, 5))
        after, cpu_after = _counters(server, name), server.cpu_seconds()
    server.psql(f"ALTER DATABASE {name} RESET pg_stat_statements.track")
    thousands = report["requests"] / 1_000
    calls, commits = ((b - a) / thousands for a, b in zip(before, after, strict=True))
    cpu_ms = (cpu_after - cpu_before) * 1_000 / thousands
    raw = {"per_1000": {"statements": calls, "commits": commits, "postgres_cpu_ms": cpu_ms}}
    notes = [
        f"1,000 token checks: {calls:.1f} statements and {cpu_ms:.1f} ms of PostgreSQL's CPU time"
        f" at {report['per_second']:,.0f}/s"
    ]
    return Result([row("statements", calls)], notes, {**raw, "load": report})


def _counters(server, name):
    return [int(text) for text in server.psql(_COUNTED.format(name)).split("|")]
