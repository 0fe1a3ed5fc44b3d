"""The command line of scripts/timing."""

import argparse
from pathlib import Path

from .comparisons import ALL
from .welch import LIMIT, TRIMMED

DESCRIPTION = f"""\
Asks whether the time of an answer tells who has an account: sends two kinds of requests in turns,
in an order that is drawn, each on a connection of its own, and compares the times with Welch's
t-test. |t| below {LIMIT} is passed. The slowest {TRIMMED:.0%} of each side do not count. What is
not passed is measured once more, with three times the samples, and that counts. Starts the real
program and PostgreSQL on 127.0.0.1, ends by itself, and leaves nothing behind.
"""

EPILOG = """\
examples:
  scripts/timing                       all comparisons on SQLite and PostgreSQL: 10 minutes
  scripts/timing login forgot          two comparisons
  scripts/timing --engine sqlite --samples 2000 create
  scripts/timing --database postgres://user@host/empty_database login
  scripts/timing --json | jq '.comparisons[] | select(.passed | not)'

Not a test: it needs a quiet machine. Whoever finds a difference should see it again with more
samples before it is believed. Build with cargo build --release, or name the program (--binary).

Exit codes: 0 no difference, 1 a difference or a failure, 2 wrong usage, 130 Ctrl-C, 143 SIGTERM."""


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options; ends the program for --help and for wrong usage."""
    parser = argparse.ArgumentParser(
        prog="scripts/timing",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="these comparisons")
    parser.add_argument("--list", action="store_true", help="name the comparisons, and end")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument(
        "--samples", type=int, default=500, metavar="N", help="of each side; 500 by default"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the order")
    parser.add_argument(
        "--engine", choices=["sqlite", "postgres", "both"], default="both", help="by default both"
    )
    parser.add_argument(
        "--database", metavar="URL", help="an empty PostgreSQL database, instead of one of its own"
    )
    parser.add_argument(
        "--binary", type=Path, metavar="PATH", help="this doorward; target/release/doorward else"
    )
    options = parser.parse_args(arguments)
    known = [comparison.name for comparison in ALL]
    for name in options.names:
        if name not in known:
            parser.error(f"no comparison {name!r}; there are: {', '.join(known)}")
    if options.samples < 100:
        parser.error("--samples: at least 100, fewer show nothing")
    if options.database and (len(options.names) != 1 or options.engine == "sqlite"):
        # Each comparison has accounts that the next one must not find.
        parser.error("--database: name one comparison, and an empty database for it")
    return options
