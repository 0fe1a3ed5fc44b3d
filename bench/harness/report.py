"""The report: a table for people, everything for programs."""

import os
import platform
import time
from pathlib import Path

from . import tools

_HEADINGS = ("what", "doorward", "reference", "result", "at least", "aim", "verdict")


def machine():
    """Where it was measured."""
    cpus = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    model = next((line for line in cpus if line.startswith("model name")), ": unknown")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": model.partition(":")[2].strip(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory, 1),
        "kernel": ".".join(platform.release().split(".")[:2]),
        **tools.versions(),
    }


def whole(mode, where, results):
    """Everything, for a program; `results` are by the measurement's name."""
    return {
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "mode": mode,
        "machine": where,
        "rows": [row for result in results.values() for row in result.rows],
        "measurements": {name: vars(result) for name, result in results.items()},
    }


def text(report):
    """The table, in 100 columns."""
    where = report["machine"]
    lines = [
        f"doorward, {report['date']}, {report['mode']}",
        f"{where['cpu']}, {where['cores']} cores, {where['memory_gib']} GiB, Linux "
        f"{where['kernel']}, shared with the load generator and PostgreSQL",
        f"{where['postgres']}; {where['wrk']}; {where['rustc']}",
        "",
    ]
    lines += _table([_HEADINGS, *map(_cells, report["rows"])]) if report["rows"] else []
    for name, result in report["measurements"].items():
        if result["notes"]:
            lines += ["", name, *(f"  {note}" for note in result["notes"])]
    return "\n".join(lines)


def _cells(row):
    unit = row["unit"]
    result, at_least, aim = (_number(row[key], unit) for key in ("value", "at_least", "aim"))
    return (
        row["what"],
        row["figure"] or "",
        row["reference"] or "",
        *(result, at_least, aim),
        row["verdict"],
    )


def _number(value, unit):
    if unit == "x":
        return f"{value:.2f} x"
    return f"{value:.4g} {unit}".strip()


def _table(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = []
    for row in rows:
        name, *numbers, verdict = row
        cells = [name.ljust(widths[0])]
        cells += [n.rjust(width) for n, width in zip(numbers, widths[1:-1], strict=True)]
        lines.append("  ".join([*cells, verdict]).rstrip())
    return [lines[0], "-" * max(map(len, lines)), *lines[1:]]
