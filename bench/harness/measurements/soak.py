"""Hours in minutes: whether the memory grows under a load of everything."""

import json
import random
import statistics
import subprocess
import threading
import time

from .. import processes
from ..accounts import PASSWORD
from ..load import expect_only, login_storm, wrk_command, wrk_report
from ..servers import ask
from ..targets import row
from .measurement import Result

# Changes of passwords, registrations and wrong guesses in a second, all together.
_OTHERS_PER_SECOND = 6


def soak(bench, minutes):
    """mixed load for some minutes: growth of resident memory after the first"""
    database, seconds = bench.database("postgres"), minutes * 60
    with bench.doorward(database) as server:
        idle, begun = server.memory_kib(), time.monotonic()
        checks = wrk_command(server, database.tokens, connections=16, seconds=round(seconds))
        options = {"connections": 8, "seconds": seconds, "on_refusal": "retry-after"}
        pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with (
            processes.running(checks, **pipe) as wrk,
            login_storm(bench.example, server, database.emails, **options) as report,
            _Others(server) as others,
        ):
            samples = []
            while (at := time.monotonic() - begun) < seconds:
                samples.append((at, server.memory_kib()))
                bench.progress.note(f"{samples[-1][1] / 1024:.1f} MiB")
                time.sleep(1)
            storm = expect_only(report(), "200", "503")
            checked = wrk_report(server, processes.result(wrk, checks, 60))
    minute = statistics.median(kib for at, kib in samples if 50 <= at < 70)
    end = statistics.median(kib for at, kib in samples if at >= seconds - 20)
    growth = (end - minute) / minute * 100
    figures = {"figure": f"{end / 1024:.1f} MiB", "reference": f"{minute / 1024:.1f} MiB"}
    notes = [
        f"{checked['requests']:,} token checks, {storm['statuses']['200']['count']:,} logins, "
        f"{dict(others.statuses)} of other requests; idle {idle / 1024:.1f} MiB"
    ]
    raw = {"samples": samples, "storm": storm, "checks": checked, "others": others.statuses}
    return Result([row("soak", growth, **figures)], notes, raw)


class _Others:
    """What else people do, a few times a second, while a block runs; counts the statuses."""

    def __init__(self, server):
        self.statuses = {}
        self._server = server
        self._stop = threading.Event()
        self._worker = threading.Thread(target=self._work, daemon=True)

    def __enter__(self):
        self._worker.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._worker.join()

    def _work(self):
        number = 0
        while not self._stop.wait(random.uniform(0, 2 / _OTHERS_PER_SECOND)):
            number += 1
            with self._server.client() as client:
                for status in _someone(client, number):
                    self.statuses[status] = self.statuses.get(status, 0) + 1


def _someone(client, number):
    """A newcomer who registers and changes the password, or one who only guesses."""
    email = f"new{number}@bench.example"
    if number % 3 == 0:
        guess = {"email": email, "password": "wrong1"}
        yield ask(client, "POST", "/user/login", json.dumps(guess))[0]
        return
    twice = {"password": PASSWORD, "password_confirm": PASSWORD}
    status, answer = ask(client, "POST", "/user/create", json.dumps({"email": email, **twice}))
    yield status
    if status != 201:
        return
    bearer = {"authorization": f"Bearer {json.loads(answer)['token']}"}
    new = {"email": email, "password": PASSWORD, "new_password": "xyz789"}
    body = json.dumps({**new, "new_password_confirm": "xyz789"})
    yield ask(client, "POST", "/user/change_password", body, bearer)[0]
    yield ask(client, "GET", "/user", headers=bearer)[0]
