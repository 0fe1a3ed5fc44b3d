"""The programs under test, built as they are shipped."""

import json
import subprocess
from pathlib import Path

from . import processes
from .errors import BenchError

ROOT = Path(__file__).resolve().parents[2]

# A first build on a small machine takes its time, in seconds.
_PATIENCE = 3600


def release():
    """Paths of the binary and of the example with references and load generators."""
    # One after the other: together, the binary would get the features of the test libraries.
    return _built(["--bin", "doorward"]), _built(["--example", "bench"])


def _built(target):
    command = [
        "cargo",
        "build",
        "--release",
        "--locked",
        "--message-format=json-render-diagnostics",
    ]
    # cargo's own progress belongs to standard error, where ours is.
    with processes.running(
        [*command, *target], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as cargo:
        try:
            printed, _ = cargo.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired as error:
            raise BenchError("cargo did not end within an hour") from error
        if cargo.returncode != 0:
            raise BenchError("cargo build failed, see above")
    messages = (json.loads(line) for line in printed.splitlines() if line.startswith("{"))
    executables = [message["executable"] for message in messages if message.get("executable")]
    return Path(executables[-1])
