"""The processes that a run starts, and their certain end.

Each has a session of its own, so that a Ctrl-C in the terminal reaches this program alone, which
then ends the others in order. Should this program be killed itself, the kernel ends them.
"""

import contextlib
import ctypes
import os
import signal
import subprocess

from .errors import BenchError

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)

# How long a process may take to end when it is asked, in seconds.
_PATIENCE = 5


def start(command, *, end_with=signal.SIGTERM, **options):
    """Starts a process that ends with this program at the latest."""
    options.setdefault("stdin", subprocess.DEVNULL)
    try:
        process = subprocess.Popen(
            command,
            start_new_session=True,
            # Runs after the change of user, which would undo it.
            preexec_fn=lambda: _LIBC.prctl(_PR_SET_PDEATHSIG, end_with),
            **options,
        )
    except FileNotFoundError as error:
        raise BenchError(f"{command[0]} is not there") from error
    return process


def end(process, with_signal=signal.SIGTERM):
    """Asks it to end, and sees that it does, its children included."""
    if process.poll() is None:
        process.send_signal(with_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE)
    # A group exists as long as one of its processes does.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def running(command, *, end_with=signal.SIGTERM, **options):
    """A process for as long as the block lasts."""
    process = start(command, end_with=end_with, **options)
    try:
        yield process
    finally:
        end(process, end_with)


def output(command, *, timeout, **options):
    """What a program prints; an exception with its complaint when it fails."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with running(command, **pipes, **options) as process:
        return result(process, command, timeout)


def result(process, command, timeout):
    """Waits for a program whose output is piped; what it printed."""
    try:
        printed, complaint = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"{command[0]} did not end within {timeout:.0f} s") from error
    if process.returncode != 0:
        tail = "\n".join((complaint or printed or "").strip().splitlines()[-20:])
        raise BenchError(f"{' '.join(map(str, command[:4]))} failed:\n{tail}")
    return printed
