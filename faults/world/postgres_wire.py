"""PostgreSQL's protocol, as far as it takes to tell where one side waits for the other.

https://www.postgresql.org/docs/current/protocol-flow.html: a client waits after a query, a sync
or a flush, and after what it says first; a server waits once it is ready for a query.
"""

import re

# Query, Sync, Flush, Terminate; and ReadyForQuery, AuthenticationRequest but for its OK.
_CLIENT_WAITS = frozenset(b"QSHX")
_SERVER_WAITS = frozenset(b"Z")
_WORD = re.compile(rb"[A-Z]{4,}[ A-Za-z_]*")


class Turns:
    """Cuts the bytes of one direction into turns: all that one side says before it waits."""

    def __init__(self, *, to_client: bool) -> None:
        self._ends = _SERVER_WAITS if to_client else _CLIENT_WAITS
        # What a client says first has no type: its length, then the version.
        self._untyped = not to_client
        self._name = "reply" if to_client else "request"
        self._buffer = b""
        self._at = 0
        self._types = ""

    def feed(self, data: bytes) -> list[tuple[str, bytes]]:
        """Takes what arrived; the turns that are whole by now, each with a name for people."""
        self._buffer += data
        whole = []
        while (message := self._next()) is not None:
            kind, size = message
            self._at += size
            self._types += chr(kind) if kind else "startup"
            if kind is None or kind in self._ends:
                turn, self._buffer = self._buffer[: self._at], self._buffer[self._at :]
                whole.append((self._describe(turn), turn))
                self._at, self._types = 0, ""
        return whole

    def _next(self) -> tuple[int | None, int] | None:
        rest = self._buffer[self._at :]
        header = 0 if self._untyped else 1
        if len(rest) < header + 4:
            return None
        size = header + int.from_bytes(rest[header : header + 4])
        if len(rest) < size:
            return None
        kind = None if self._untyped else rest[0]
        self._untyped = False
        return kind, size

    def _describe(self, turn: bytes) -> str:
        said = _WORD.search(turn) if self._name == "request" else None
        words = f" {said.group().decode()[:40].strip()}" if said else ""
        return f"{self._name} {self._types}{words}"
