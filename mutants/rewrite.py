"""Turns the mutants of a file into choices at run time.

`a < b` becomes `(if on(7) { a <= b } else if on(8) { a > b } else { a < b })`. Of nested places,
the changed copies hold the text as it was: one mutant at a time is enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from . import operands
from .mutant import Mutant
from .tokens import Tokens

SWITCH = "crate::mutant_switch::on"


@dataclass
class Place:
    """A part of the source and what to write instead of it."""

    start: int
    end: int
    mutants: list[Mutant] = field(default_factory=list)
    inner: list[Place] = field(default_factory=list)


@dataclass(frozen=True)
class Written:
    """Characters of the changed file that stand there because of a mutant."""

    start: int
    end: int
    mutant: int
    # The changed code itself, and not what chooses it or what it stands in.
    is_change: bool


class Rewriter:
    """Writes one file."""

    def __init__(self, source: str, mutants: Iterable[Mutant]) -> None:
        self._source = source
        self._tokens = Tokens(source)
        self.left_out: list[Mutant] = []
        self._text: list[str] = []
        self._length = 0
        self._written: list[Written] = []
        places: dict[tuple[int, int, str], Place] = {}
        for mutant in mutants:
            found = self._place(mutant)
            if found is None:
                self.left_out.append(mutant)
                continue
            kind = mutant.genre if mutant.genre in {"FnValue", "MatchArm"} else ""
            places.setdefault((*found, kind), Place(*found)).mutants.append(mutant)
        self._top = self._nested(list(places.values()))

    def result(self) -> tuple[str, list[Written]]:
        """The new text and where its mutants are."""
        self._copy(0, len(self._source), self._top)
        return "".join(self._text), self._written

    def _place(self, mutant: Mutant) -> tuple[int, int] | None:
        try:
            match mutant.genre:
                case "FnValue":
                    return mutant.start, mutant.start
                case "BinaryOperator":
                    return operands.binary(self._tokens, self._tokens.at(mutant.start))
                case "UnaryOperator":
                    return operands.unary(self._tokens, self._tokens.at(mutant.start))
                case "MatchArmGuard":
                    return mutant.start, mutant.end
                case "MatchArm":
                    return self._before_arrow(mutant)
                case "StructField":
                    return self._field(mutant)
        except LookupError:
            pass
        return None

    def _before_arrow(self, mutant: Mutant) -> tuple[int, int]:
        """The guard of an arm with its `if`, or the place where one could be."""
        at = self._tokens.at(mutant.start)
        guard = None
        while self._tokens.all[at].text != "=>":
            if self._tokens.all[at].text == "if":
                guard = self._tokens.all[at].end
            at = self._tokens.partner.get(at, at) + 1
        end = self._tokens.all[at - 1].end
        return (end, end) if guard is None else (guard, end)

    def _field(self, mutant: Mutant) -> tuple[int, int]:
        """The value of a field of a struct that takes the others from a base."""
        at = self._tokens.at(mutant.start)
        has_value = self._tokens.all[at + 1].text == ":"
        value = self._tokens.all[at + 2 if has_value else at].start
        # What is deleted takes its comma along.
        return value, mutant.end - self._source[: mutant.end].endswith(",")

    def _nested(self, places: list[Place]) -> list[Place]:
        top: list[Place] = []
        open_ones: list[Place] = []
        for place in sorted(places, key=_outermost_first):
            while open_ones and open_ones[-1].end <= place.start:
                open_ones.pop()
            if open_ones and place.end > open_ones[-1].end:
                self.left_out += place.mutants
                continue
            (open_ones[-1].inner if open_ones else top).append(place)
            if place.end > place.start:
                open_ones.append(place)
        return top

    def _copy(self, start: int, end: int, places: list[Place]) -> None:
        at = start
        for place in places:
            self._write(self._source[at : place.start])
            start = self._length
            self._choice(place)
            for mutant in place.mutants:
                self._written.append(Written(start, self._length, mutant.number, is_change=False))
            at = place.end
        self._write(self._source[at:end])

    def _choice(self, place: Place) -> None:
        match place.mutants[0].genre:
            case "FnValue":
                for mutant in place.mutants:
                    self._write(" if ")
                    self._switch(mutant)
                    self._write(" { ")
                    self._change(mutant, f"return {mutant.replacement};")
                    self._write(" }")
                self._write(" ")
            case "MatchArm":
                [mutant] = place.mutants
                self._write(" if !" if place.start == place.end else " !")
                self._switch(mutant)
                if place.start != place.end:
                    self._write(" && (")
                    self._copy(place.start, place.end, place.inner)
                    self._write(")")
            case genre:
                if genre == "StructField" and place.start == place.mutants[0].start:
                    # `field` alone, for `field: field`.
                    self._write(self._source[place.start : place.end] + ": ")
                self._write("(")
                for mutant in place.mutants:
                    self._write("if ")
                    self._switch(mutant)
                    self._write(" { ")
                    self._change(mutant, self._changed(place, mutant))
                    self._write(" } else ")
                self._write("{ ")
                self._copy(place.start, place.end, place.inner)
                self._write(" })")

    def _changed(self, place: Place, mutant: Mutant) -> str:
        if mutant.genre == "MatchArmGuard":
            return mutant.replacement
        if mutant.genre == "StructField":
            return self._base(mutant)
        before = self._source[place.start : mutant.start]
        return before + mutant.replacement + self._source[mutant.end : place.end]

    def _base(self, mutant: Mutant) -> str:
        """The field of the base instead of the one that is given."""
        at = self._tokens.at(mutant.start)
        name = self._tokens.all[at].text
        while self._tokens.all[at].text != "{":
            at = self._tokens.partner.get(at, at) - 1
        opener, closer = at, self._tokens.partner[at]
        while self._tokens.all[at].text != "..":
            at = self._tokens.partner[at] + 1 if at in self._tokens.partner and at != opener else at + 1
        base = self._source[self._tokens.all[at].end : self._tokens.all[closer].start].strip(" ,\n")
        path = opener
        while self._tokens.all[path - 1].kind == "word" or self._tokens.all[path - 1].text == "::":
            path -= 1
        kind = self._source[self._tokens.all[path].start : self._tokens.all[opener].start].strip()
        if base == "Default::default()":
            base = f"<{kind} as Default>::default()"
        return f"({base}).{name}"

    def _switch(self, mutant: Mutant) -> None:
        self._marked(f"{SWITCH}({mutant.number})", mutant, is_change=False)

    def _change(self, mutant: Mutant, text: str) -> None:
        self._marked(text, mutant, is_change=True)

    def _marked(self, text: str, mutant: Mutant, *, is_change: bool) -> None:
        start = self._length
        self._write(text)
        self._written.append(Written(start, self._length, mutant.number, is_change))

    def _write(self, text: str) -> None:
        self._text.append(text)
        self._length += len(text)


def _outermost_first(place: Place) -> tuple[int, int, bool]:
    return place.start, -place.end, place.mutants[0].genre != "MatchArm"
