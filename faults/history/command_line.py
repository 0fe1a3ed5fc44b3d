"""The operator of the run: `doorward user …` beside the instances, on the same database."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from .record import Call

_COMMANDS = {"lock": "lock", "unlock": "unlock", "revoke": "revoke-tokens"}
# As long as a client waits, in seconds.
_PATIENCE = 15.0
# The exit codes as the statuses that say the same.
_STATUSES: dict[int, tuple[int, str | None]] = {
    0: (200, None),
    1: (503, "unavailable"),
    2: (400, "wrong_usage"),
    3: (404, "no_account"),
}


@dataclass(frozen=True, slots=True)
class Operator:
    """The program as an instance has it: its settings, in its folder."""

    binary: Path
    environment: dict[str, str]
    folder: Path

    async def run(self, call: Call) -> None:
        """Runs the command, and notes its times and its end."""
        arguments = ["user", _COMMANDS[call.kind], call.address]
        if call.length_s is not None:
            arguments += ["--for", f"{call.length_s * 1000:.0f}ms"]
        call.start = time.monotonic()
        program = await asyncio.create_subprocess_exec(
            self.binary,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=self.folder,
            env=self.environment,
        )
        try:
            async with asyncio.timeout(_PATIENCE):
                code = await program.wait()
            call.status, call.code = _STATUSES.get(code, (500, f"exit_code_{code}"))
        except TimeoutError:
            call.error = "no end in time"
        finally:
            # Also when the run itself is cancelled.
            if program.returncode is None:
                program.kill()
                await program.wait()
            call.end = time.monotonic()
