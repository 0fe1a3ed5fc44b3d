"""The command line of scripts/faults."""

import argparse
from pathlib import Path

from .scenarios import ALL

DESCRIPTION = """\
Breaks everything around doorward while clients use it, and checks what they were told: no wrong
answer, no acknowledged write lost, no mail lost or sent for a rollback, and within 5 seconds after
the fault all is well again, without help. Starts the real program on servers of its own, on
127.0.0.1 only, ends by itself, and leaves nothing behind, Ctrl-C included.
"""

EPILOG = """\
examples:
  scripts/faults                          everything: 15 minutes
  scripts/faults --quick                  some of it, short: less than a minute
  scripts/faults failover pgbouncer       two scenarios
  scripts/faults --list                   what there is
  scripts/faults --seed 7 --keep failover the same random choices again; logs stay if it fails
  scripts/faults --json | jq '.scenarios[] | select(.passed | not)'

Needs PostgreSQL, pgbouncer, haproxy, nginx and slowhttptest; on Debian and Ubuntu: apt-get install
--no-install-recommends postgresql pgbouncer haproxy nginx-light slowhttptest. What cannot be shown is skipped and
counted as such: a full disk needs root, to mount a small file system.

Exit codes: 0 all right, 1 a number is wrong or a scenario failed, 2 wrong usage, 130 Ctrl-C,
143 SIGTERM."""


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options; ends the program for --help and for wrong usage."""
    parser = argparse.ArgumentParser(
        prog="scripts/faults",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="these scenarios; all by default")
    parser.add_argument("--quick", action="store_true", help="a few scenarios, shorter")
    parser.add_argument("--list", action="store_true", help="name the scenarios, and end")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--seed", type=int, metavar="N", help="of the random choices of the clients")
    parser.add_argument(
        "--keep", action="store_true", help="keep the logs and the history of what failed"
    )
    parser.add_argument(
        "--binary", type=Path, metavar="PATH", help="this doorward; else it is built with cargo"
    )
    options = parser.parse_args(arguments)
    known = [scenario.name for scenario in ALL]
    for name in options.names:
        if name not in known:
            parser.error(f"no scenario {name!r}; there are: {', '.join(known)}")
    if options.binary and not options.binary.is_file():
        parser.error(f"--binary: {options.binary} is not a file")
    return options
