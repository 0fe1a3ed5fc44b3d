"""All hostile requests, by what they are about."""

from . import chunks, encodings, heads, hidden, lengths
from .case import Case

GROUPS: dict[str, list[Case]] = {
    "length": lengths.CASES,
    "encoding": encodings.CASES,
    "chunk": chunks.CASES,
    "head": heads.CASES,
    "hidden": hidden.CASES,
}
