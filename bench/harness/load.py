"""The two load generators: wrk for token checks, our own for logins."""

import contextlib
import json
import subprocess
from pathlib import Path

from . import accounts, processes
from .errors import BenchError

_SCRIPT = Path(__file__).with_name("tokens.lua")

# Threads of wrk; the same for every server.
_THREADS = 2


def token_checks(server, tokens, *, connections=64, seconds):
    """GET /user with the tokens in rotation: requests/s and percentiles in milliseconds."""
    command = wrk_command(server, tokens, connections=connections, seconds=seconds)
    return wrk_report(server, processes.output(command, timeout=seconds + 30))


def wrk_command(server, tokens, *, connections, seconds):
    """How wrk is called."""
    url = f"http://127.0.0.1:{server.port}/user"
    command = ["wrk", f"-t{_THREADS}", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
    return [*command, "-s", _SCRIPT, url, "--", tokens, str(_THREADS)]


def wrk_report(server, printed):
    """What wrk found; an error when anything was not answered with 2xx."""
    report = json.loads(printed.strip().splitlines()[-1])
    if any(report["errors"].values()) or not report["requests"]:
        raise BenchError(f"{server.name} did not answer everything with 2xx: {report}")
    return report


@contextlib.contextmanager
def login_storm(example, server, emails, *, connections, seconds, on_refusal="at-once", warm_up=1):
    """Clients that log in over and over; yields a function that waits for their report."""
    command = [example, "storm", "--port", str(server.port), "--connections", str(connections)]
    command += ["--seconds", str(seconds), "--warm-up", str(warm_up), "--on-refusal", on_refusal]
    command += ["--accounts", emails, "--password", accounts.PASSWORD]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with processes.running(command, **pipes) as storm:
        yield lambda: json.loads(processes.result(storm, command, warm_up + seconds + 30))


def logins(*arguments, **options):
    """A login storm from begin to end: its report."""
    with login_storm(*arguments, **options) as report:
        return report()


def expect_only(report, *allowed):
    """An error when there was any other status or a broken connection."""
    others = {status for status in report["statuses"] if status not in allowed}
    if others or report["connection_errors"] or report["without_retry_after"]:
        raise BenchError(f"the logins were not answered as they should be: {report}")
    return report
