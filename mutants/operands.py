"""Where the expression around an operator begins and ends."""

from __future__ import annotations

from .tokens import Tokens

_LEVELS = ("* / %", "+ -", "<< >>", "&", "^", "|", "== != < > <= >=", "&&", "||", ".. ..=")
_BINDS = {sign: 10 - level for level, signs in enumerate(_LEVELS) for sign in signs.split()}
_ASSIGNS = set("= += -= *= /= %= &= |= ^= <<= >>=".split())
_UNARY = {"!", "-", "*", "&", "&&"}
_OPENERS = {"(", "[", "{"}
_CLOSERS = {")", "]", "}"}
_BOUNDARY_SIGNS = {";", ",", "=>", ":", "->", "@", "#", *_ASSIGNS}
_BOUNDARY_WORDS = set("return break if while match in let else loop move unsafe async for".split())


def binary(tokens: Tokens, operator: int) -> tuple[int, int]:
    """The characters from the beginning of the left operand to the end of the right one."""
    sign = tokens.all[operator].text
    binds = _BINDS.get(sign, 0)
    return _left(tokens, operator, binds), _right(tokens, operator, binds)


def unary(tokens: Tokens, operator: int) -> tuple[int, int]:
    """The characters from the operator to the end of its operand."""
    return tokens.all[operator].start, _right(tokens, operator, 11)


def _left(tokens: Tokens, operator: int, binds: int) -> int:
    at, first = operator - 1, operator
    while at >= 0:
        token = tokens.all[at]
        if at in tokens.pipes or _is_boundary(token.text, token.kind) or token.text in _OPENERS:
            break
        if token.text == "}":
            # A block of a statement before, but where it is used at once.
            if first != operator and tokens.all[first].text not in {".", "?"}:
                break
        elif at not in tokens.partner and _BINDS.get(token.text, 99) < binds and tokens.is_binary(at):
            break
        first = tokens.partner.get(at, at)
        at = first - 1
    return tokens.all[first].start


def _right(tokens: Tokens, operator: int, binds: int) -> int:
    at, last = operator + 1, operator
    while at < len(tokens.all):
        token = tokens.all[at]
        if _is_boundary(token.text, token.kind) or token.text in {"{", *_CLOSERS}:
            break
        if at not in tokens.partner and token.kind == "sign" and tokens.is_binary(at):
            if _BINDS.get(token.text, 99) <= binds and last != operator:
                break
        if binds == 11 and token.text == "as":
            break
        last = tokens.partner.get(at, at)
        at = last + 1
    return tokens.all[last].end


def _is_boundary(text: str, kind: str) -> bool:
    return text in _BOUNDARY_SIGNS if kind == "sign" else text in _BOUNDARY_WORDS
