"""Many clients at once, each with its plan, and one history of all that they were told."""

from __future__ import annotations

import asyncio
from pathlib import Path

from . import steps
from .client import send
from .knowledge import Address, Addresses, Token
from .plan import steps as planned
from .record import Call, History, Lockout

# Seconds between two looks for mails, and before a server that is away is tried again.
_LOOK = 0.05
_AWAY = 0.05


class Workload:
    """The traffic of a run.

    `mail_dir` is where doorward's file transport, or a mail server, puts its .eml files. Each
    address holds the seed, so a database serves one run with each seed.
    """

    def __init__(
        self,
        base_urls: list[str],
        mail_dir: Path,
        seed: int,
        clients: int = 8,
        accounts: int = 20,
        lockout: Lockout = Lockout(failures=5, window_s=60.0, freeze_s=3.0),
    ) -> None:
        self.base_urls = base_urls
        self.addresses = Addresses.some(f"U{seed}".lower(), accounts)
        self.history = History(seed, clients, base_urls, lockout, mail_dir=mail_dir)
        self._set = [0] * clients

    async def run(self, until: asyncio.Event) -> History:
        """Sends traffic until the event is set, then tries everything once more."""
        watch = asyncio.create_task(self._watch_mails())
        try:
            async with asyncio.TaskGroup() as clients:
                for client in range(self.history.clients):
                    clients.create_task(self._be(client, until))
            await steps.sweep(self)
        finally:
            watch.cancel()
        self._take_mails()
        return self.history

    async def _be(self, client: int, until: asyncio.Event) -> None:
        places, instances = len(self.addresses.places), len(self.base_urls)
        for step in planned(self.history.seed, client, places, instances):
            if until.is_set():
                return
            before = len(self.history.calls)
            # Without an account there is little to do but to make one.
            is_known = self.addresses.places[step.slot].is_known or step.width > 0.9
            await getattr(steps, step.name if is_known else "register")(self, client, step)
            ours = [call for call in self.history.calls[before:] if call.client == client]
            is_away = any(call.error for call in ours)
            await asyncio.sleep(step.pause + (_AWAY if is_away else 0))

    async def call(
        self,
        kind: str,
        client: int,
        instance: int,
        address: Address,
        *,
        password: str | None = None,
        new_password: str | None = None,
        token: Token | None = None,
        one_time: str | None = None,
        typed: str | None = None,
    ) -> Call:
        """Makes one call, records it, and learns from it."""
        call = Call(
            number=len(self.history.calls),
            kind=kind,
            address=address.name,
            client=client,
            base_url=self.base_urls[instance % len(self.base_urls)],
            start=0.0,
            typed=typed or address.name,
            password=password,
            new_password=new_password,
            token=None if token is None or token.number < 0 else token.number,
            one_time=one_time,
        )
        self.history.calls.append(call)
        method, path, body = _request(call)
        fields = await send(call, method, path, body, token and token.text)
        _note_answer(call, fields)
        self._learn(call, address, fields)
        return call

    def new_password(self, client: int) -> str:
        """One that nobody has set before, so that it tells which call set it."""
        self._set[client] += 1
        return f"pass{client}word{self._set[client]}"

    def _learn(self, call: Call, address: Address, fields: dict) -> None:
        if call.got_token:
            address.tokens.append(Token(call.number, fields["token"]))
        wanted = call.password if call.kind == "register" else call.new_password
        if wanted is None:
            return
        if call.outcome == "yes":
            address.is_known = True
            address.passwords.append(wanted)
        else:
            address.doubtful.append(wanted)

    async def _watch_mails(self) -> None:
        while True:
            self._take_mails()
            await asyncio.sleep(_LOOK)

    def _take_mails(self) -> None:
        for mail in self.history.read_mails():
            address = self.addresses.by_name.get(mail.address)
            if address is not None and mail.token is not None:
                tokens = address.confirms if mail.kind == "confirm" else address.resets
                tokens.append(mail.token)


_PATHS = {
    "register": "/user/create",
    "login": "/user/login",
    "change": "/user/change_password",
    "forgot": "/user/forgot",
    "reset": "/user/reset_password",
    "confirm": "/user/confirm",
    "resend": "/user/confirm/resend",
}


def _request(call: Call) -> tuple[str, str, dict | None]:
    if call.kind == "check":
        return "GET", "/user", None
    body = {"email": call.typed}
    if call.password is not None:
        body["password"] = call.password
    if call.kind == "register":
        body["password_confirm"] = call.password
    if call.new_password is not None:
        body["new_password"] = body["new_password_confirm"] = call.new_password
    if call.one_time is not None:
        body["reset_token" if call.kind == "reset" else "confirm_token"] = call.one_time
    return "POST", _PATHS[call.kind], body


def _note_answer(call: Call, fields: dict) -> None:
    """What the checker needs of a 2xx, and what is wrong with its shape."""
    if call.status is None or call.status >= 300:
        return
    if call.kind == "check":
        call.id, call.email = fields.get("id"), fields.get("email")
        expected = set(fields) == {"id", "email"} and isinstance(call.id, int)
    elif call.kind in {"register", "login", "change"}:
        call.got_token = expected = isinstance(fields.get("token"), str)
    else:
        expected = isinstance(fields.get("message"), str)
    if not expected:
        call.complaint = f"a {call.status} with the fields {sorted(fields)}"
