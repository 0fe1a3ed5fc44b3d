"""A mail server of the suite's own, which writes each mail it took as an .eml, and can be bad."""

import asyncio
import enum
import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path


class Mood(enum.Enum):
    """How it treats its clients."""

    GOOD = "takes every mail"
    BUSY = "421 as its greeting"
    REFUSING = "550 for every recipient"
    SILENT = "silence after the mail was sent, the mail is not taken"
    RUDE = "takes the mail and hangs up before the 250"


async def _nothing(_: str) -> None:
    """Nobody looks."""


class SmtpSink:
    """Listens on a port of its own; `folder` holds the mails."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.mood = Mood.GOOD
        # How often somebody met with another mood than GOOD.
        self.spoilt = 0
        # Told of each command before it is acted on, and of each answer before it is sent.
        self.on_step: Callable[[str], Awaitable[None]] = _nothing
        self._numbers = itertools.count(1)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """For mail.smtp_url."""
        assert self._server is not None, "started by now"
        return f"smtp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def start(self) -> None:
        """Takes connections."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def close(self) -> None:
        """Ends every conversation, and takes no more."""
        if self._server is not None:
            self._server.close()
        await self.hang_up()

    async def hang_up(self) -> None:
        """Ends every conversation, as a server that is restarted."""
        for task in [*self._open]:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def mails(self) -> list[Path]:
        """What it took so far."""
        return sorted(self.folder.glob("*.eml"))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a task of the server"
        self._open.add(task)
        try:
            await self._converse(reader, writer)
        except (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(task)
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def answer(text: str) -> None:
            await self.on_step(f"SMTP {text[:3]}")
            writer.write(f"{text}\r\n".encode())
            await writer.drain()

        if self.mood is Mood.BUSY:
            self.spoilt += 1
            await answer("421 too busy")
            return
        await answer("220 sink")
        while line := await reader.readline():
            command = line.split(maxsplit=1)[0].decode(errors="replace").upper() if line.strip() else ""
            await self.on_step(f"SMTP {command}")
            if command == "QUIT":
                await answer("221 bye")
                return
            if command == "RCPT" and self.mood is Mood.REFUSING:
                self.spoilt += 1
                await answer("550 nobody of that name")
            elif command == "DATA":
                await answer("354 go on")
                mail = await reader.readuntil(b"\r\n.\r\n")
                await self.on_step("SMTP the mail")
                if self.mood is Mood.SILENT:
                    self.spoilt += 1
                    await asyncio.Event().wait()
                self._keep(mail.removesuffix(b".\r\n"))
                if self.mood is Mood.RUDE:
                    self.spoilt += 1
                    return
                await answer("250 taken")
            else:
                await answer("250 ok")

    def _keep(self, mail: bytes) -> None:
        text = mail.replace(b"\r\n..", b"\r\n.")
        draft = self.folder / f"{next(self._numbers):06}.part"
        draft.write_bytes(text)
        # Who looks into the folder sees it whole or not at all.
        draft.rename(draft.with_suffix(".eml"))
