"""Compiles the copy, without the mutants that do not compile."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import source
from .mutant import Mutant
from .rewrite import Written

_ROUNDS = 25
_FILE = source.FOLDER / "dropped.json"
# The change may be right, but a choice at run time cannot stand there.
_NOT_HERE = set("E0004 E0005 E0010 E0015 E0499 E0502 E0505 E0506 E0597 E0658 E0716".split())
_TARGETS = ["--lib", "--test", "tests"]


@dataclass
class Built:
    """What came out of it."""

    programs: list[Path] = field(default_factory=list)
    # By number of the mutant: the compiler's complaint.
    unviable: dict[int, str] = field(default_factory=dict)
    # Those that cannot be chosen at run time, by number, with the reason.
    fixed: dict[int, str] = field(default_factory=dict)


def build(mutants: list[Mutant], say: Callable[[str], None]) -> Built:
    """Builds the test programs; each round drops the mutants that the compiler complains of."""
    built = _known(mutants)
    by_number = {mutant.number: mutant for mutant in mutants}
    for round_number in range(1, _ROUNDS):
        left = [
            mutant
            for mutant in mutants
            if mutant.number not in built.unviable and mutant.number not in built.fixed
        ]
        written, left_out = source.write(left)
        built.fixed |= {mutant.number: "no place for a choice was found" for mutant in left_out}
        errors = list(_errors(_cargo(["check", "--lib"])))
        if not errors:
            _keep(by_number, built)
            built.programs = test_programs()
            return built
        before = len(built.unviable) + len(built.fixed)
        for error in errors:
            _drop(error, written, by_number, built)
        dropped = len(built.unviable) + len(built.fixed) - before
        say(f"round {round_number}: {len(errors)} errors, {dropped} mutants dropped")
        if dropped == 0:
            raise RuntimeError("the copy does not compile:\n" + errors[0]["rendered"])
    raise RuntimeError("the copy does not compile after many rounds")


def _known(mutants: list[Mutant]) -> Built:
    """What the compiler said the last time of functions that are as they were."""
    said = json.loads(_FILE.read_text()) if _FILE.exists() else {}
    built = Built()
    for mutant in mutants:
        if mutant.key in said:
            is_unviable, reason = said[mutant.key]
            (built.unviable if is_unviable else built.fixed)[mutant.number] = reason
    return built


def _keep(by_number: dict[int, Mutant], built: Built) -> None:
    said = {by_number[number].key: (True, reason) for number, reason in built.unviable.items()}
    said |= {by_number[number].key: (False, reason) for number, reason in built.fixed.items()}
    _FILE.write_text(json.dumps(said))


def checks() -> bool:
    """Whether the copy compiles as it is."""
    return not list(_errors(_cargo(["check", "--lib"])))


def test_programs() -> list[Path]:
    """Builds the copy as it is."""
    return _programs(_cargo(["test", "--no-run", *_TARGETS]))


def _drop(
    error: dict[str, Any],
    written: dict[str, list[Written]],
    by_number: dict[int, Mutant],
    built: Built,
) -> None:
    code = (error.get("code") or {}).get("code", "")
    reason = f"{code} {error['message']}".strip()
    for span in _expanded(error["spans"]):
        if span["file_name"] not in written:
            continue
        start, end = _offsets(span)
        around = [
            part
            for part in written[span["file_name"]]
            if part.start <= start and end <= part.end
        ]
        if not around:
            continue
        length = min(part.end - part.start for part in around)
        for part in around:
            if part.end - part.start == length:
                is_mistake = part.is_change and code not in _NOT_HERE
                is_unviable = is_mistake and not by_number[part.mutant].is_opaque
                (built.unviable if is_unviable else built.fixed)[part.mutant] = reason
        return


def _expanded(spans: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    ordered = sorted(spans, key=lambda span: not span["is_primary"])
    for span in ordered:
        outer: dict[str, Any] | None = span
        while outer is not None:
            yield outer
            outer = (outer.get("expansion") or {}).get("span")


def _offsets(span: dict[str, Any]) -> tuple[int, int]:
    lines = (source.SOURCE / span["file_name"]).read_text().split("\n")
    before = [0]
    for line in lines:
        before.append(before[-1] + len(line) + 1)
    start = before[span["line_start"] - 1] + span["column_start"] - 1
    return start, before[span["line_end"] - 1] + span["column_end"] - 1


def _cargo(arguments: list[str]) -> list[dict[str, Any]]:
    command = ["nice", "-n", "5", "cargo", *arguments, "--locked", "--message-format", "json"]
    environment = dict(os.environ)
    if "CARGO_TARGET_DIR" not in environment:
        command += ["--profile", "mutants"]
        environment["CARGO_TARGET_DIR"] = str(source.FOLDER / "build")
    ran = subprocess.run(
        command, cwd=source.SOURCE, env=environment, stdout=subprocess.PIPE, text=True, check=False,
        stderr=subprocess.PIPE,
    )
    messages = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    if ran.returncode != 0 and not list(_errors(messages)):
        raise RuntimeError(f"cargo {arguments[0]} failed:\n{ran.stderr[-3000:]}")
    return messages


def _errors(messages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for message in messages:
        inner = message.get("message")
        if message["reason"] == "compiler-message" and inner["level"] == "error" and inner["spans"]:
            yield inner


def _programs(messages: list[dict[str, Any]]) -> list[Path]:
    if errors := list(_errors(messages)):
        raise RuntimeError("the tests do not compile:\n" + errors[0]["rendered"])
    made = [
        Path(message["executable"])
        for message in messages
        if message["reason"] == "compiler-artifact"
        and message["profile"]["test"]
        and message["executable"]
    ]
    if len(made) != 2:
        raise RuntimeError(f"two test programs were expected: {made}")
    return made
