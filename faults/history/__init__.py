"""A workload whose every call is recorded, and a checker that no wrong history passes."""

from .checker import Verdict, Violation, check
from .record import Call, History, Lockout, Mail
from .workload import Workload

__all__ = ["Call", "History", "Lockout", "Mail", "Verdict", "Violation", "Workload", "check"]
