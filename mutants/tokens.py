"""Rust's tokens, as far as they are needed to find where an operator's operands begin and end."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
      | (?P<text>b?c?r(?P<hashes>\#*)".*?"(?P=hashes)|[bc]?"(?:\\.|[^"\\])*"
            |b?'(?:\\(?:u\{[^}]*\}|x..|.)|[^'\\])')
      | (?P<lifetime>'\w+)
      | (?P<number>\d\w*(?:\.\d[\w]*)?)
      | (?P<word>(?:r\#)?[^\W\d]\w*)
      | (?P<sign><<=|>>=|\.\.=|\.\.\.|::|->|=>|==|!=|<=|>=|&&|\|\||[-+*/%^&|]=|<<|>>|\.\.|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_CLOSERS = {"(": ")", "[": "]", "{": "}"}

# What an expression cannot begin or go on with when it is seen from an operator in it.
_WORDS = set("as async await break const continue dyn else enum extern fn for if impl in let loop match".split())
_WORDS |= set("mod move mut pub ref return static struct trait type unsafe use where while".split())
_ENDS = {"await"}


@dataclass(frozen=True)
class Token:
    """One token and where it is."""

    text: str
    kind: str
    start: int
    end: int


class Tokens:
    """The tokens of a file, with brackets, generic arguments and closures recognized."""

    def __init__(self, source: str) -> None:
        self.all = _split(source)
        self.source = source
        self.partner: dict[int, int] = {}
        self.pipes: set[int] = set()
        self._brackets()
        self._generics()
        self._closures()

    def at(self, offset: int) -> int:
        """The number of the token that begins there."""
        for number, token in enumerate(self.all):
            if token.start == offset:
                return number
        raise LookupError(f"no token begins at {offset}")

    def ends_operand(self, number: int) -> bool:
        """Whether an operand can end with this token, so that an operator after it has two."""
        token = self.all[number]
        if token.kind == "word":
            return token.text not in _WORDS or token.text in _ENDS
        is_end = token.kind in {"text", "number"} or token.text in {")", "]", "?"}
        return is_end or (token.text in {">", ">>", "}"} and number in self.partner)

    def is_binary(self, number: int) -> bool:
        """Whether this sign has an operand on its left."""
        before = number - 1
        if before < 0 or not self.ends_operand(before):
            return False
        apart = self.source[self.all[before].end : self.all[number].start]
        # What begins a line after a block is another statement.
        return not (self.all[before].text == "}" and "\n" in apart)

    def _brackets(self) -> None:
        open_ones: list[int] = []
        for number, token in enumerate(self.all):
            if token.kind != "sign":
                continue
            if token.text in _CLOSERS:
                open_ones.append(number)
            elif token.text in _CLOSERS.values():
                opener = open_ones.pop()
                self.partner |= {opener: number, number: opener}

    def _generics(self) -> None:
        for number, token in enumerate(self.all):
            if token.text != "<" or number in self.partner:
                continue
            # `::<T>`, or `<T as Trait>::f` where an expression begins.
            if self.all[number - 1].text != "::" and self.is_binary(number):
                continue
            depth, at = 0, number
            while at < len(self.all) and self.all[at].text not in {";", "{", "}"}:
                text = self.all[at].text
                depth += {"<": 1, "<<": 2, ">": -1, ">>": -2}.get(text, 0)
                if depth <= 0:
                    self.partner |= {number: at, at: number}
                    break
                at = self.partner[at] + 1 if text in _CLOSERS else at + 1

    def _closures(self) -> None:
        for number, token in enumerate(self.all):
            if number in self.pipes or token.kind != "sign" or self.is_binary(number):
                continue
            if token.text == "||":
                self.pipes.add(number)
            if token.text == "|":
                at = number + 1
                while at < len(self.all) and self.all[at].text != "|":
                    at = self.partner.get(at, at) + 1 if self.all[at].text in _CLOSERS else at + 1
                self.pipes |= {number, at}


def _split(source: str) -> list[Token]:
    tokens, at = [], 0
    while at < len(source):
        if source.startswith("/*", at):
            at = source.index("*/", at) + 2
            continue
        match = _TOKEN.match(source, at)
        assert match is not None and match.lastgroup is not None, "the last sign is any character"
        kind = next(kind for kind in _KINDS if match.group(kind) is not None)
        if kind != "space":
            tokens.append(Token(match.group(), kind, match.start(), match.end()))
        at = match.end()
    return tokens


_KINDS = ("space", "text", "lifetime", "number", "word", "sign")
