"""The measurements, in the order in which they run."""

from . import check, hashing, instructions, overload, scale, soak, startup, storm
from .measurement import Measurement

ALL = [
    Measurement("idle-memory", startup.idle_memory, quick=2, whole=3),
    Measurement("start", startup.start, quick=5, whole=10),
    Measurement("check-postgres", check.on_postgres, quick=16, whole=95),
    Measurement("check-sqlite", check.on_sqlite, quick=16, whole=95),
    Measurement("statements", check.statements, quick=3, whole=8),
    Measurement("login", hashing.login, quick=14, whole=80),
    Measurement("storm-latency", storm.latency, quick=14, whole=50),
    Measurement("overload", overload.overload, quick=16, whole=60),
    Measurement("scale", scale.scale, quick=16, whole=110),
    Measurement("instructions", instructions.instructions, quick=12, whole=25),
]

SOAK = Measurement("soak", soak.soak, quick=0, whole=0)
