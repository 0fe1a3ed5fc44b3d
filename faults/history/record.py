"""What happened: every call with its start and end, every mail, as JSON lines."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .mails import read_new

_FORMAT = 2


@dataclass(frozen=True, slots=True)
class Lockout:
    """The lockout that the instances run with."""

    failures: int
    window_s: float
    freeze_s: float


@dataclass(slots=True)
class Call:
    """One request. Times are `time.monotonic()`, which is the same clock for every client.

    `address` is the canonical one, `typed` how it was spelt. `token` is the number of the call
    that gave the bearer token; `None` is a token that nobody was given. `password` is the one that
    was presented, at a registration the new one. `device` is the number of the call that gave the
    device token; `None` is none, or none for this address.
    """

    number: int
    kind: str
    address: str
    client: int
    base_url: str
    start: float
    end: float = 0.0
    status: int | None = None
    # Why there is no answer.
    error: str | None = None
    code: str | None = None
    typed: str | None = None
    password: str | None = None
    new_password: str | None = None
    token: int | None = None
    one_time: str | None = None
    device: int | None = None
    # Of an operator's lock, in seconds.
    length_s: float | None = None
    # From the answer.
    got_token: bool = False
    # The number of the device that a device token was given for.
    got_device: str | None = None
    id: int | None = None
    email: str | None = None
    complaint: str | None = None

    @property
    def outcome(self) -> str:
        """What is known of the effect: "yes", "no", or "maybe", then or at any later time."""
        if self.error == REFUSED:
            return "no"
        if self.status is None or self.status >= 500:
            return "maybe"
        return "yes" if self.status < 300 else "no"

    def __str__(self) -> str:
        words = [f"#{self.number}", self.kind, self.address]
        words += [f"{name}={value}" for name in _SHOWN if (value := getattr(self, name)) is not None]
        answer = f"{self.status} {self.code or ''}".strip() if self.status else str(self.error)
        port = self.base_url.rpartition(":")[2]
        return f"[{self.start:.3f}, {self.end:.3f}] :{port} {' '.join(words)} -> {answer}"


# A connection that was refused: nothing was sent.
REFUSED = "refused"
_SHOWN = ("password", "new_password", "token", "one_time", "device", "length_s", "got_device")
_SHOWN += ("id", "email", "complaint")


@dataclass(slots=True)
class Mail:
    """A mail that was delivered before `seen`."""

    seen: float
    kind: str
    address: str
    token: str | None


@dataclass
class History:
    """Everything that a run did and saw."""

    seed: int
    clients: int
    base_urls: list[str]
    lockout: Lockout
    calls: list[Call] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    notes: list[tuple[float, str]] = field(default_factory=list)
    # From then on the pauses of the outbox are cut short, so a mail may come twice at once.
    hurried_at: float | None = None
    mail_dir: Path | None = None
    _read: set[str] = field(default_factory=set)

    def note(self, text: str) -> None:
        """Remembers what somebody else did, as the injection of a fault."""
        self.notes.append((time.monotonic(), text))

    def hurry(self) -> None:
        """To be called before the times in the outbox are put forward."""
        self.hurried_at = self.hurried_at or time.monotonic()

    def read_mails(self) -> list[Mail]:
        """Takes in the mails that came since the last time; they are given back too."""
        if self.mail_dir is None:
            return []
        found = [
            Mail(time.monotonic(), kind, address, token)
            for kind, address, token in read_new(self.mail_dir, self._read)
        ]
        self.mails += found
        return found

    def recovery(self, healed_at: float) -> float | None:
        """Seconds from `healed_at` until the last request had failed; `None` when a kind that
        failed was never answered again. The workload tries each kind once more at its end.
        """
        last = healed_at
        for kind in {call.kind for call in self.calls}:
            tried = [call for call in self.calls if call.kind == kind and call.start >= healed_at]
            failed = max((call.end for call in tried if not _is_answered(call)), default=healed_at)
            if failed > healed_at and not any(
                _is_answered(call) and call.end > failed for call in tried
            ):
                return None
            last = max(last, failed)
        return last - healed_at

    def save(self, path: Path) -> None:
        """Writes it as JSON lines: what it was, then calls, mails and notes."""
        with path.open("w", encoding="utf-8") as file:
            for line in self._lines():
                file.write(json.dumps(line) + "\n")

    @classmethod
    def load(cls, path: Path) -> History:
        """What was saved."""
        history = None
        with path.open(encoding="utf-8") as file:
            for text in file:
                what, *line = json.loads(text)
                if what == "history":
                    number, seed, clients, base_urls, lockout, hurried_at = line
                    if number != _FORMAT:
                        raise ValueError(f"{path}: format {number}, this program reads {_FORMAT}")
                    history = cls(seed, clients, base_urls, Lockout(*lockout), hurried_at=hurried_at)
                elif history is None:
                    break
                elif what == "call":
                    history.calls.append(Call(**line[0]))
                elif what == "mail":
                    history.mails.append(Mail(**line[0]))
                else:
                    history.notes.append((line[0], line[1]))
        if history is None:
            raise ValueError(f"{path}: not a history")
        return history

    def _lines(self) -> Iterator[list[object]]:
        lockout = [self.lockout.failures, self.lockout.window_s, self.lockout.freeze_s]
        of = [self.seed, self.clients, self.base_urls, lockout, self.hurried_at]
        yield ["history", _FORMAT, *of]
        for call in self.calls:
            # Not `in`: 0 is a number.
            said = {n: v for n, v in asdict(call).items() if v is not None and v is not False}
            yield ["call", said]
        for mail in self.mails:
            yield ["mail", asdict(mail)]
        for at, text in self.notes:
            yield ["note", at, text]


def _is_answered(call: Call) -> bool:
    return call.status is not None and call.status < 500
