"""Ports that stay free while their server is away."""

import contextlib
import random
import socket

from bench.harness.errors import BenchError

_given: set[int] = set()


def fixed() -> int:
    """A free port below those that Linux hands out by itself, so that a server that is started
    again finds it free."""
    for _ in range(200):
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            if port not in _given:
                _given.add(port)
                return port
    raise BenchError("no free port between 20000 and 32000")
