"""Kills a process at the N-th step of what it says and hears, instead of failpoints in its code.

Each turn of its conversation with PostgreSQL and each command and answer of SMTP is a step: between
two steps it waits for nobody outside. Killed before the N-th step, for every N, it is stopped at
each await on the network.
"""

import enum
from collections.abc import Awaitable, Callable

from .postgres_wire import Turns
from .proxy import Connection, Network


class Side(enum.Enum):
    """On which side of a step the process dies."""

    BEFORE = "before"
    AFTER = "after"


class KillPoints(Network):
    """Carries turns, counts them once armed, and kills at the chosen one."""

    def __init__(self, kill: Callable[[], Awaitable[None]]) -> None:
        self._kill = kill
        self._turns: dict[tuple[Connection, bool], Turns] = {}
        self._at: int | None = None
        self._side = Side.BEFORE
        self._armed = False
        self.steps: list[str] = []
        self.killed = False

    def arm(self, at: int | None, side: Side = Side.BEFORE) -> None:
        """Counts from here on; kills at step `at`, counted from 1, if there is one."""
        self._at, self._side, self._armed = at, side, True
        self.steps, self.killed = [], False

    def disarm(self) -> None:
        """Counts no more, and does not hinder who comes next."""
        self._armed = self.killed = False

    async def carry(self, connection: Connection, data: bytes, to_client: bool) -> None:
        key = (connection, to_client)
        turns = self._turns.setdefault(key, Turns(to_client=to_client))
        for name, turn in turns.feed(data):
            is_last = await self._counted(name)
            if self.killed and not is_last:
                # Nobody is there to say it or to hear it.
                connection.reset() if to_client else connection.server.close()
                return
            if is_last and self._side is Side.BEFORE:
                await self._kill()
                return
            await super().carry(connection, turn, to_client)
            if is_last:
                await self._kill()
                return

    async def step(self, name: str) -> None:
        """For the mail server: called before a command is acted on or an answer sent."""
        if await self._counted(name):
            await self._kill()
            raise ConnectionResetError("the client was killed")

    async def _counted(self, name: str) -> bool:
        """Counts the step; whether it is the one."""
        if not self._armed or self.killed:
            return False
        self.steps.append(name)
        self.killed = len(self.steps) == self._at
        return self.killed
