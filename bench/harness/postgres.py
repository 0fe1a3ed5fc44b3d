"""A throwaway PostgreSQL, with the durability it has by default."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

from . import processes, tools
from .errors import BenchError

SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
shared_preload_libraries = 'pg_stat_statements'
# Counting costs a little; it is switched on where it is the measurement.
pg_stat_statements.track = 'none'
"""


class Postgres:
    """A running server; `url` names a database of it."""

    def __init__(self, folder, stack):
        self._bin = tools.postgres_bin()
        self._data = folder / "postgres"
        self._make()
        self._port, self.process = self._start(stack)
        self.psql("CREATE EXTENSION pg_stat_statements")

    def url(self, database):
        """For doorward and the references."""
        return f"postgres://postgres@127.0.0.1:{self._port}/{database}"

    def psql(self, sql, database="postgres"):
        """Runs statements; the rows as texts, columns apart by `|`."""
        command = [self._bin / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.url(database)]
        return processes.output([*command, "-c", sql], timeout=600).strip()

    def cpu_seconds(self):
        """CPU time of all its processes so far."""
        ticks = 0
        for process in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = process.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            # Session, then user and system time, of the process and of its ended children.
            if int(fields[3]) == self.process.pid or int(fields[1]) == self.process.pid:
                ticks += sum(map(int, fields[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def _as_its_user(self):
        user = tools.postgres_user()
        if user is None:
            return {}
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def _make(self):
        self._data.mkdir(mode=0o700)
        if user := tools.postgres_user():
            os.chown(self._data, user.pw_uid, user.pw_gid)
        arguments = "--username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync"
        command = [self._bin / "initdb", "-D", self._data, *arguments.split()]
        processes.output(command, timeout=120, cwd=self._data, **self._as_its_user())
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS)

    def _start(self, stack):
        log = self._data.parent / "postgres.log"
        for _ in range(20):
            # Ports that Linux does not hand out by itself.
            port = random.randrange(20_000, 32_000)
            with log.open("w") as errors:
                process = stack.enter_context(
                    processes.running(
                        [self._bin / "postgres", "-D", self._data, "-p", str(port)],
                        # "Fast" would wait for nobody either, but writes everything first.
                        end_with=signal.SIGQUIT,
                        stdout=errors,
                        stderr=subprocess.STDOUT,
                        cwd=self._data,
                        **self._as_its_user(),
                    )
                )
            if self._is_up(process):
                return port, process
            if "Address already in use" not in log.read_text():
                break
        raise BenchError(f"PostgreSQL did not start:\n{log.read_text()}")

    def _is_up(self, process):
        # Its own file and not the port, where another server could answer.
        state = self._data / "postmaster.pid"
        for _ in range(600):
            if process.poll() is not None:
                return False
            if state.exists() and "\nready" in state.read_text():
                return True
            time.sleep(0.05)
        return False
