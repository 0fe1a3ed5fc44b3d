"""The scenarios, a file for each thing that breaks."""

from . import network, pooler, postgres, process, slow, smtp, smuggling, sqlite
from .registry import ALL, Scenario

__all__ = [
    "ALL",
    "Scenario",
    "network",
    "pooler",
    "postgres",
    "process",
    "slow",
    "smtp",
    "smuggling",
    "sqlite",
]
