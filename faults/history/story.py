"""Histories written by hand, for the tests of the checker."""

from __future__ import annotations

from .checker import check
from .record import Call, History, Lockout, Mail
from .verdict import Verdict

ADDRESS = "ann@example.com"
_GIVE_DEVICES = {"register", "login", "change", "reset"}


class Story:
    """Calls one after another, a second each, unless `at` says when."""

    def __init__(self, failures: int = 3, window_s: float = 100.0, freeze_s: float = 50.0) -> None:
        lockout = Lockout(failures, window_s, freeze_s)
        self.history = History(1, 1, ["http://127.0.0.1:1"], lockout)
        self._now = 100.0

    def call(
        self,
        kind: str,
        status: int | None = 200,
        code: str | None = None,
        at: tuple[float, float] | None = None,
        address: str = ADDRESS,
        **said: object,
    ) -> int:
        """Adds a call; its number."""
        start, end = at or (self._now, self._now + 0.9)
        self._now = max(self._now, end) + 0.1
        number = len(self.history.calls)
        call = Call(number, kind, address, 0, "http://127.0.0.1:1", start, end, status, code=code)
        call.error = None if status else "no answer in time"
        for name, value in said.items():
            setattr(call, name, value)
        if call.outcome == "yes" and kind in _GIVE_DEVICES and call.got_device is None:
            # As for a stranger.
            call.got_device = f"device{number}"
        self.history.calls.append(call)
        return number

    def device(self, number: int) -> str:
        """The number of the device that this call's device token is for."""
        return self.history.calls[number].got_device or ""

    def guesses(self, times: int, status: int = 400, **more: object) -> None:
        """Logins with passwords that nobody has set."""
        for number in range(times):
            self.login(f"guess{number}", status, **more)

    def login_from(self, device: int, password: str, **more: object) -> int:
        """A login that shows this call's device token, and is known."""
        return self.login(password, device=device, got_device=self.device(device), **more)

    def operate(self, kind: str, status: int | None = 200, **more: object) -> int:
        """An operator's command."""
        return self.call(kind, status, **more)

    def register(self, password: str = "first1", status: int | None = 201, **more: object) -> int:
        code = "email_taken" if status == 400 else None
        return self.call("register", status, code, password=password, **more)

    def login(self, password: str, status: int | None = 200, **more: object) -> int:
        more.setdefault("code", {400: "wrong_credentials", 403: "account_locked"}.get(status))
        return self.call("login", status, password=password, **more)

    def check(self, token: int | None, status: int | None = 200, **more: object) -> int:
        code = "invalid_token" if status == 400 else None
        if status == 200:
            more = {"id": 1, "email": ADDRESS, **more}
        return self.call("check", status, code, token=token, **more)

    def change(
        self, token: int, password: str, new: str, status: int | None = 200, **more: object
    ) -> int:
        if status == 400:
            more.setdefault("code", "invalid_token")
        return self.call(
            "change", status, token=token, password=password, new_password=new, **more
        )

    def reset(self, token: str, new: str, status: int | None = 200, **more: object) -> int:
        code = "invalid_one_time_token" if status == 400 else None
        return self.call("reset", status, code, one_time=token, new_password=new, **more)

    def confirm(self, token: str, status: int | None = 200, **more: object) -> int:
        code = "invalid_one_time_token" if status == 400 else None
        return self.call("confirm", status, code, one_time=token, **more)

    def forgot(self, status: int | None = 200, **more: object) -> int:
        return self.call("forgot", status, **more)

    def mail(
        self, kind: str, token: str | None = None, at: float | None = None, to: str = ADDRESS
    ) -> None:
        """Adds a mail that is seen now."""
        self.history.mails.append(Mail(at if at is not None else self._now, kind, to, token))
        self._now += 0.1

    def wait(self, seconds: float) -> None:
        self._now += seconds

    @property
    def now(self) -> float:
        return self._now

    def verdict(self) -> Verdict:
        return check(self.history)

    def kinds(self, *ignored: str) -> list[str]:
        """What is wrong, but for what the test is not about; mails are seldom."""
        ignored = ignored or ("mail_lost",)
        return [found.kind for found in self.verdict().wrong if found.kind not in ignored]
