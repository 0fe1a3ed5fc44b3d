"""doorward and the references, running on ports of 127.0.0.1."""

import contextlib
import http.client
import os
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import processes
from .errors import BenchError

# Within this many seconds a server answers, or something is wrong.
_PATIENCE = 20


@dataclass
class Server:
    """One that answers requests; `started_in` is from its start to ready, in seconds."""

    name: str
    port: int
    process: subprocess.Popen
    started_in: float

    def memory_kib(self, field="VmRSS"):
        """A line of /proc/PID/status: VmRSS is resident now, VmHWM the most so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition(f"{field}:")[2].split()[0])

    def client(self):
        """A connection to it that is kept."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return contextlib.closing(connection)


def doorward(binary, database_url, secret, name, settings):
    """The release binary with its defaults, but for mail; its log is written, and thrown away."""
    environment = {
        **{f"DOORWARD__{key}": value for key, value in settings.items()},
        "DOORWARD_ENV": "production",
        "DATABASE_URL": database_url,
        "JWT_SECRET": secret,
        "HOST": "127.0.0.1",
        "DOORWARD__HTTP__DRAIN_DELAY": "0s",
        "DOORWARD__LINKS__BASE_URL": "https://bench.example",
        "DOORWARD__MAIL__TRANSPORT": "off",
        # All of the load comes from one address.
        "DOORWARD__LIMITS__ENABLED": "false",
    }
    return _running(name, [binary], "/health/ready", environment)


def migrate(binary, database_url, secret):
    """Makes the schema in an empty database."""
    environment = {"DATABASE_URL": database_url, "JWT_SECRET": secret}
    processes.output([binary, "migrate"], timeout=60, env=_environment(environment))


def reference(example, kind, database_url, secret):
    """One of the examples' servers."""
    command = [example, "serve", kind, "--secret", secret, "--database", database_url]
    return _running(kind, command, "/user", {})


def ask(client, method, path, body=None, headers=None):
    """Sends one request; the status and the body."""
    headers = {"content-type": "application/json", **(headers or {})}
    client.request(method, path, body, headers)
    response = client.getresponse()
    return response.status, response.read()


@contextlib.contextmanager
def _running(name, command, path, environment):
    port = _free_port()
    if path == "/health/ready":
        environment["PORT"] = str(port)
    else:
        command = [*command, "--port", str(port)]
    environment = _environment(environment)
    started = time.perf_counter()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with processes.running(command, env=environment, **quiet) as process:
        while not _answers(port, path):
            if process.poll() is not None:
                # Its complaint went where the log goes; once more, to hear it.
                processes.output(command, timeout=_PATIENCE, env=environment)
            if time.perf_counter() - started > _PATIENCE:
                raise BenchError(f"{name} was not ready within {_PATIENCE} s")
            time.sleep(0.001)
        yield Server(name, port, process, time.perf_counter() - started)


def _environment(extra):
    """Ours, without settings of a developer's own."""
    ours = {name: value for name, value in os.environ.items() if "DOORWARD" not in name}
    return {**ours, **extra}


def _answers(port, path):
    """Whether there is somebody who answers; 4xx of a reference is an answer too."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            status = connection.recv(4096)[9:12]
    except OSError:
        return False
    return status in {b"200", b"401"}


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]
