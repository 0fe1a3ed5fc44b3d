"""A TCP proxy between doorward and PostgreSQL, which can be a bad network."""

import asyncio
import contextlib
import itertools
import socket
import struct

_CHUNK = 65_536
# Closing with this sends a reset instead of a goodbye.
_RESET = struct.pack("ii", 1, 0)


class Connection:
    """One client and its server."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client = client
        self.server = server

    def reset(self) -> None:
        """Both ends see a reset."""
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, _RESET
                )
            end.transport.abort()


class Network:
    """How bytes travel; this one is a good network, the others are made of it."""

    async def carry(self, connection: Connection, data: bytes, to_client: bool) -> None:
        """Passes on what came from one end."""
        end = connection.client if to_client else connection.server
        end.write(data)
        await end.drain()

    def heal(self) -> None:
        """Whatever waits in here goes on."""


class Blackhole(Network):
    """Everything is taken and nothing comes out, until it is healed."""

    def __init__(self) -> None:
        self._healed = asyncio.Event()

    async def carry(self, connection: Connection, data: bytes, to_client: bool) -> None:
        await self._healed.wait()
        # Long after the ends gave up; what they said then must not count now.
        connection.reset()

    def heal(self) -> None:
        self._healed.set()


class ResetInReply(Network):
    """Every so many replies, half of one arrives and then a reset."""

    def __init__(self, each: int) -> None:
        self._each = each
        self._replies = itertools.count(1)
        self.resets = 0

    async def carry(self, connection: Connection, data: bytes, to_client: bool) -> None:
        if to_client and next(self._replies) % self._each == 0:
            self.resets += 1
            await super().carry(connection, data[: len(data) // 2], to_client)
            connection.reset()
        else:
            await super().carry(connection, data, to_client)


class Delay(Network):
    """Everything takes so many seconds longer, in both directions."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def carry(self, connection: Connection, data: bytes, to_client: bool) -> None:
        await asyncio.sleep(self._seconds)
        await super().carry(connection, data, to_client)


class Trickle(Network):
    """Replies arrive a few bytes at a time, in packets of their own."""

    def __init__(self, size: int, pause: float) -> None:
        self._size = size
        self._pause = pause

    async def carry(self, connection: Connection, data: bytes, to_client: bool) -> None:
        if not to_client:
            await super().carry(connection, data, to_client)
            return
        for start in range(0, len(data), self._size):
            await super().carry(connection, data[start : start + self._size], to_client)
            await asyncio.sleep(self._pause)


class TcpProxy:
    """Listens on a port of its own, and carries to the target as its network does."""

    def __init__(self, target: int, network: Network | None = None) -> None:
        self._target = target
        self.network = network or Network()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """Where clients connect to."""
        assert self._server is not None, "started by now"
        return self._server.sockets[0].getsockname()[1]

    async def start(self) -> None:
        """Takes connections."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def close(self) -> None:
        """Ends every connection, and takes no more."""
        if self._server is not None:
            self._server.close()
        for task in [*self._connections]:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def becomes(self, network: Network) -> None:
        """From now on it is like this, also for connections that are open."""
        self.network, old = network, self.network
        old.heal()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a task of the server"
        self._connections.add(task)
        try:
            await self._between(reader, writer)
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._connections.discard(task)

    async def _between(self, from_client: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        from_server, server = await asyncio.open_connection("127.0.0.1", self._target)
        for end in (client, server):
            end.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(client, server)
        directions = [
            asyncio.create_task(self._carry(connection, from_client, to_client=False)),
            asyncio.create_task(self._carry(connection, from_server, to_client=True)),
        ]
        try:
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for direction in directions:
                direction.cancel()
            await asyncio.gather(*directions, return_exceptions=True)
            # The goodbye, after everything that was written.
            client.close()
            server.close()

    async def _carry(
        self, connection: Connection, source: asyncio.StreamReader, *, to_client: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(_CHUNK):
                await self.network.carry(connection, data, to_client)
