"""Clients that no program of others is needed for."""

import asyncio
import contextlib
import socket

# The longest answer that anybody can have, and a short one.
_LONG = b"GET /openapi.json HTTP/1.1\r\nHost: faults.example\r\n\r\n"
_SHORT = b"GET /health/live HTTP/1.1\r\nHost: faults.example\r\n\r\n"
_AT_ONCE = 100


async def say_nothing(port: int, count: int, within: float) -> int:
    """Connects so many times and waits to be thrown out; how many were not."""

    async def one() -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(OSError), contextlib.closing(writer):
            async with asyncio.timeout(within):
                await reader.read()
        return True

    done = await asyncio.gather(*(one() for _ in range(count)), return_exceptions=True)
    return sum(1 for of in done if of is not True)


async def never_read(port: int, count: int, within: float) -> int:
    """Sends requests without end and reads no answer; how many could still send at last."""

    async def one() -> bool:
        loop = asyncio.get_running_loop()
        with socket.socket() as connection:
            connection.setblocking(False)
            # The answers shall not disappear into a large buffer of ours.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            await loop.sock_connect(connection, ("127.0.0.1", port))
            try:
                async with asyncio.timeout(within):
                    while True:
                        await loop.sock_sendall(connection, _LONG * 50)
                        # Good clients live in this process as well.
                        await asyncio.sleep(0.1)
            except TimeoutError:
                return False
            except OSError:
                return True

    done = await asyncio.gather(*(one() for _ in range(count)), return_exceptions=True)
    return sum(1 for of in done if of is not True)


async def come_and_go(port: int, count: int) -> int:
    """Connects and leaves, with nothing, half a request, or a whole one; how many got in."""
    said = [b"", _SHORT[:20], _SHORT]
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int) -> bool:
        async with places:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(said[number % len(said)])
            writer.close()
        return True

    done = await asyncio.gather(*map(one, range(count)), return_exceptions=True)
    return sum(1 for of in done if of is True)
