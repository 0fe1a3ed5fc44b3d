"""Times of requests, both kinds in turns whose order is drawn."""

import json
import random
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from bench.harness.errors import BenchError

from .comparisons import FEW, Comparison, Request, create, known, unknown

# Before it counts: caches are filled, prepared statements prepared, threads have their memory.
_WARM_UP = 30
_PATIENCE = 30
_AT_ONCE = 4

Pair = tuple[float, float]


class Client:
    """One connection that is kept."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """Ends it."""
        self._socket.close()

    def timed(self, asked: Request) -> tuple[float, int]:
        """Seconds from the first byte sent to the last one read, and the status."""
        path, content = asked
        body = json.dumps(content).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: timing.example\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        sent = head.encode() + body
        begun = time.perf_counter()
        self._socket.sendall(sent)
        answer = b""
        while not _is_whole(answer):
            more = self._socket.recv(65_536)
            if not more:
                raise BenchError(f"the connection was closed instead of an answer to {path}")
            answer += more
        return time.perf_counter() - begun, int(answer[9:12])


def _is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    length = head.lower().partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0]
    return len(body) >= int(length or 0)


def prepare(comparison: Comparison, port: int, samples: int) -> None:
    """Accounts, and what comes before."""
    count = samples + _WARM_UP if comparison.uses_up else FEW
    numbers = range(count)

    def some(part: int) -> None:
        client = Client(port)
        for number in numbers[part::_AT_ONCE]:
            client.timed(create(known(number)))
            for before in comparison.before:
                client.timed(before(known(number)))
                client.timed(before(unknown(number)))
        client.close()

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        list(threads.map(some, range(_AT_ONCE)))


def pairs(comparison: Comparison, port: int, samples: int, seed: int) -> Iterator[Pair]:
    """Seconds of a request about a known address, and of one about an unknown one."""
    order = random.Random(seed)
    clients = Client(port), Client(port)
    for number in range(samples + _WARM_UP):
        which = number if comparison.uses_up else number % FEW
        addresses = known(which), unknown(which)
        took = [0.0, 0.0]
        # Whatever the one before leaves behind meets both sides equally often.
        for side in order.sample((0, 1), 2):
            took[side], status = clients[side].timed(comparison.asks(addresses[side]))
            if status != comparison.status:
                raise BenchError(
                    f"{comparison.name}: {addresses[side]} was answered {status},"
                    f" not {comparison.status}"
                )
        if number >= _WARM_UP:
            yield took[0], took[1]
    for client in clients:
        client.close()
