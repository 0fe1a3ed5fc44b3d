"""Many clients at once, each with its plan, and one history of all that they were told."""

from __future__ import annotations

import asyncio
from pathlib import Path

from . import attacks, device_tokens, steps
from .client import Answer, send
from .command_line import Operator
from .knowledge import Address, Addresses, DeviceToken, Token
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
        operator: Operator | None = None,
    ) -> None:
        self.base_urls = base_urls
        self.addresses = Addresses.some(f"U{seed}".lower(), accounts)
        self.history = History(seed, clients, base_urls, lockout, mail_dir=mail_dir)
        self._operator = operator
        self._set = [0] * clients
        # The device token that each client was given last, and for which address.
        self._last: list[tuple[str, str]] = [("", "")] * clients

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
            name = step.name if is_known else "register"
            await getattr(steps if hasattr(steps, name) else attacks, name)(self, client, step)
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
        device: DeviceToken | None = None,
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
            device=device and device.number,
        )
        self.history.calls.append(call)
        method, path, body = _request(call)
        devices = self._devices_shown(call, device)
        answer = await send(call, method, path, body, token and token.text, devices)
        _note_answer(call, answer)
        self._learn(call, address, answer)
        return call

    async def operate(
        self, kind: str, client: int, address: Address, length_s: float | None = None
    ) -> Call | None:
        """An operator's command for this address, where there is an operator."""
        if self._operator is None:
            return None
        number = len(self.history.calls)
        call = Call(number, kind, address.name, client, "operator", start=0.0, length_s=length_s)
        self.history.calls.append(call)
        await self._operator.run(call)
        return call

    def _devices_shown(self, call: Call, device: DeviceToken | None) -> list[str]:
        """The token, and now and then the browser's for another address, which must not matter."""
        shown = [device.text] if device else []
        address, other = self._last[call.client]
        if other and address != call.address and call.number % 3 == 0:
            shown.insert(call.number % 2, other)
        return shown

    def new_password(self, client: int) -> str:
        """One that nobody has set before, so that it tells which call set it."""
        self._set[client] += 1
        return f"pass{client}word{self._set[client]}"

    def _learn(self, call: Call, address: Address, answer: Answer) -> None:
        if call.got_token:
            address.tokens.append(Token(call.number, answer.fields["token"]))
        if call.got_device:
            text = answer.device_token
            address.devices.append(DeviceToken(call.number, call.client, text))
            self._last[call.client] = (call.address, text)
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


_GIVE_DEVICES = {"register", "login", "change", "reset"}
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


def _note_answer(call: Call, answer: Answer) -> None:
    """What the checker needs of a 2xx, and what is wrong with its shape."""
    if call.status is None or call.status >= 300:
        return
    fields = answer.fields
    if answer.device_token is not None:
        call.got_device = device_tokens.number_of(answer.device_token)
    if (call.kind in _GIVE_DEVICES) != (call.got_device is not None):
        call.complaint = f"a {call.status} with the device token {answer.device_token!r}"
    if call.kind == "check":
        call.id, call.email = fields.get("id"), fields.get("email")
        expected = set(fields) == {"id", "email"} and isinstance(call.id, int)
    elif call.kind in {"register", "login", "change"}:
        call.got_token = expected = isinstance(fields.get("token"), str)
    else:
        expected = isinstance(fields.get("message"), str)
    if not expected:
        call.complaint = f"a {call.status} with the fields {sorted(fields)}"
