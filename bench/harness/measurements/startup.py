"""The cost of being there: memory before the first request, and time to the first answer."""

import statistics
import time

from ..targets import row
from .measurement import Result


def idle_memory(bench):
    """resident memory on SQLite, ready, before the first hash"""
    with bench.doorward(bench.database("sqlite")) as server:
        # Whatever happens after the start has happened.
        time.sleep(1)
        resident = server.memory_kib() / 1024
        raw = {"resident_mib": resident, "most_mib": server.memory_kib("VmHWM") / 1024}
    return Result([row("idle-memory", resident)], raw=raw)


def start(bench):
    """from exec to 200 of /health/ready, on an existing database"""
    result = Result()
    for engine in ("postgres", "sqlite"):
        database, times = bench.database(engine), []
        for _ in range(bench.pick(7, 21)):
            with bench.doorward(database) as server:
                times.append(server.started_in * 1_000)
        result.raw[engine] = times
        result.rows.append(row(f"start-{engine}", statistics.median(times)))
    return result
