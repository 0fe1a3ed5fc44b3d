"""The command line of bench/run."""

import argparse

DESCRIPTION = """\
Measures doorward and what it is compared with, in one run on the same cores, and prints one
table with the ratios. It builds the release binary, starts its own PostgreSQL, drives load over
127.0.0.1 only, ends by itself, and leaves nothing behind, Ctrl-C included.
"""

EPILOG = """\
examples:
  bench/run --quick                       everything, short: 2 minutes after the build
  bench/run                               everything: 15 minutes at most
  bench/run --only check-postgres,login   two measurements
  bench/run --json bench.json             the table, and all raw figures in a file
  bench/run --quick --json | jq .rows     the figures alone; progress goes to standard error
  bench/run --soak 15                     15 minutes of mixed load, for the memory

As root on Debian or Ubuntu, what is missing (wrk, PostgreSQL, the C libraries of Argon2) is
installed first; elsewhere it is named. Set DOORWARD_TEST_POSTGRES_BIN to the folder of another
initdb to measure on that version. Close everything else that uses the machine: a ratio stands
more noise than a figure, and no figure stands a compiler next to it.

A missed target is no failure. Exit codes: 0 measured, 1 failed, 2 wrong usage, 130 Ctrl-C,
143 SIGTERM."""


def parse(arguments, measurements):
    """The options; ends the program for --help and for wrong usage."""
    parser = argparse.ArgumentParser(
        prog="bench/run",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="shorter and noisier: under 2 minutes")
    parser.add_argument(
        "--only",
        metavar="NAME[,NAME]",
        type=lambda text: _names(text, measurements, parser),
        help="these measurements; --list names them",
    )
    parser.add_argument("--list", action="store_true", help="name the measurements, and end")
    parser.add_argument(
        "--json",
        metavar="FILE",
        nargs="?",
        const="-",
        help="write all figures to FILE; without FILE to standard output, instead of the table",
    )
    parser.add_argument(
        "--soak",
        metavar="MINUTES",
        type=float,
        help="only this: mixed load, and how much the memory grows after the first minute",
    )
    options = parser.parse_args(arguments)
    if options.soak is not None and (options.only or options.quick):
        parser.error("--soak is a run of its own: not with --only or --quick")
    if options.soak is not None and options.soak < 2:
        parser.error("--soak: at least 2 minutes, the first one does not count")
    return options


def _names(text, measurements, parser):
    names = text.split(",")
    known = [measurement.name for measurement in measurements]
    for name in names:
        if name not in known:
            parser.error(f"--only: no measurement {name!r}; there are: {', '.join(known)}")
    return names
