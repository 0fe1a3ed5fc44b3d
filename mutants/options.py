"""The command line of scripts/mutants."""

from __future__ import annotations

import argparse

DESCRIPTION = """\
Plants mistakes and looks whether a test finds them: cargo-mutants names the changes, such as a `<`
into a `<=`, in the folders of .cargo/mutants.toml. All that can be chosen at run time are compiled
into one program, in a copy of the source; each test notes which of them it reaches; then a mutant
costs a run of the tests that reach it, and no build. The others are built one by one, at the end.

A change that no test notices is a survivor; docs/MUTANTS.md lists those that are known, with the
reason. It takes an hour or two, so neither scripts/test nor CI runs it.
"""

EPILOG = """\
examples:
  scripts/mutants                          everything
  scripts/mutants --re 'src/domain/'       the mutants whose name matches
  scripts/mutants --no-single              without those that need a build each
  scripts/mutants --list                   only says which there are
  scripts/mutants --json | jq '.survivors[].name'

Everything is in target/schemata. A run that was broken off goes on where it stopped. What was
caught stays caught as long as its function stays as it is; survivors are tried with the tests that
are new. When a test has changed, --retry tries survivors with all of them; --fresh forgets all.

Needs PostgreSQL's server programs and cargo-mutants: cargo install --locked cargo-mutants
Exit codes: 0 all caught, 1 survivors or a failure, 2 wrong usage, 130 Ctrl-C."""


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options; ends the program for --help and for wrong usage."""
    parser = argparse.ArgumentParser(
        prog="scripts/mutants",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--re", metavar="PATTERN", default="", help="only those whose name matches")
    parser.add_argument("--jobs", type=int, metavar="N", default=2, help="at the same time; 2")
    parser.add_argument(
        "--threads", type=int, metavar="N", default=2, help="of the tests of a job; 2"
    )
    parser.add_argument(
        "--tests",
        metavar="KINDS",
        default="unit,sqlite,other,postgres",
        help="what is tried, one after the other; unit,sqlite,other,postgres",
    )
    parser.add_argument(
        "--most", type=int, metavar="N", default=10_000, help="tests of a kind for a mutant; all"
    )
    parser.add_argument("--retry", action="store_true", help="try survivors with all tests again")
    parser.add_argument("--no-single", action="store_true", help="only those in one program")
    parser.add_argument("--fresh", action="store_true", help="forget what is known")
    parser.add_argument("--list", action="store_true", help="name the mutants, and end")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    return parser.parse_args(arguments)
