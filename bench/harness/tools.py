"""The programs and libraries that a run needs: found, or installed, or named."""

import contextlib
import ctypes
import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

from .errors import BenchError

# Debian's package would make a database and start its server; only the programs are wanted.
_NO_CLUSTER = Path("/etc/postgresql-common/createcluster.d/doorward-bench.conf")


def require(say):
    """Installs what is missing where that is possible; an error that names it otherwise."""
    if not shutil.which("cargo"):
        raise BenchError("missing: cargo; Rust comes from https://rustup.rs")
    if os.geteuid() == 0 and shutil.which("apt-get") and _missing():
        packages = [package for _, package in _missing()]
        say(f"installing {' '.join(packages)}")
        _install(packages)
    if missing := _missing():
        names = "".join(f"\n  {what}" for what, _ in missing)
        packages = " ".join(package for _, package in missing)
        raise BenchError(
            f"missing:{names}\non Debian and Ubuntu: "
            f"sudo apt-get install --no-install-recommends {packages}"
        )


def postgres_bin():
    """The folder with PostgreSQL's server programs; of several versions the newest."""
    if chosen := os.environ.get("DOORWARD_TEST_POSTGRES_BIN"):
        return Path(chosen)
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda bin: int(bin.parent.name))
    if in_path := shutil.which("initdb"):
        found.insert(0, Path(in_path).resolve().parent)
    complete = [bin for bin in found if all((bin / name).exists() for name in _POSTGRES_PROGRAMS)]
    return complete[-1] if complete else None


def postgres_user():
    """Whom PostgreSQL runs as: it refuses to run as root. `None` is whoever we are."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")


def library(name):
    """A shared library of C, or `None`."""
    with contextlib.suppress(OSError):
        return ctypes.CDLL(name)
    return None


LIBSODIUM = "libsodium.so.23"
LIBARGON2 = "libargon2.so.1"
_POSTGRES_PROGRAMS = ("initdb", "postgres", "psql")


def _missing():
    needs = [
        (shutil.which("cc"), "cc, a C compiler", "gcc libc6-dev"),
        (shutil.which("wrk"), "wrk, in PATH", "wrk"),
        (postgres_bin(), "initdb and postgres, of the PostgreSQL server", "postgresql"),
        (library(LIBSODIUM), f"{LIBSODIUM}, the library libsodium", "libsodium23"),
        (library(LIBARGON2), f"{LIBARGON2}, the C reference of Argon2", "libargon2-1"),
    ]
    return [(what, package) for found, what, package in needs if not found]


def _install(packages):
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    _NO_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
    _NO_CLUSTER.write_text("create_main_cluster = false\n")
    names = " ".join(packages).split()
    try:
        for command in ["update"], ["install", "-y", "--no-install-recommends", *names]:
            subprocess.run([*apt, *command], env=environment, check=True, stdout=subprocess.DEVNULL)
    except subprocess.CalledProcessError as error:
        raise BenchError(f"apt-get could not install {' '.join(names)}") from error
    finally:
        _NO_CLUSTER.unlink()
        with contextlib.suppress(OSError):
            _NO_CLUSTER.parent.rmdir()


def versions():
    """The versions of what takes part, for the report."""
    return {
        "postgres": _first_line([postgres_bin() / "postgres", "--version"]),
        "wrk": re.sub(r" Copyright.*", "", _first_line(["wrk", "--version"])),
        "rustc": _first_line(["rustc", "--version"]),
    }


def _first_line(command):
    # wrk answers --version with its usage and exit code 1.
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return (ran.stdout or ran.stderr).splitlines()[0]
