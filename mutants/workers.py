"""Several at a time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

from .cluster import Cluster

_Job = TypeVar("_Job")
# A database has 8 MB or so.
_TIDY_EVERY = 40


class Worker:
    """One of those who run tests, with a PostgreSQL of its own."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._runs = 0

    def tidy(self) -> None:
        """Called after each run that made databases."""
        self._runs += 1
        if self._runs % _TIDY_EVERY == 0:
            self.cluster.tidy()


def spread(
    jobs: Iterable[_Job], workers: list[Worker], work: Callable[[_Job, Worker], None]
) -> None:
    """Does all jobs; the first exception ends it when the jobs in hand are done."""
    waiting: queue.SimpleQueue[_Job] = queue.SimpleQueue()
    for job in jobs:
        waiting.put(job)
    failures: list[BaseException] = []

    def loop(worker: Worker) -> None:
        while not failures:
            try:
                job = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                work(job, worker)
            except BaseException as error:
                failures.append(error)

    threads = [threading.Thread(target=loop, args=(worker,), daemon=True) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
