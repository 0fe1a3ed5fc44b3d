"""What a client can do in one step. Several of them make races on purpose."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from .moves import (
    FORGED,
    address_of,
    check_everywhere,
    device_shown,
    how_many,
    one_of,
    probe,
    reset_with,
    together,
)
from .plan import Step

if TYPE_CHECKING:
    from .workload import Workload

# How long a client waits for the mail that it asked for, in seconds.
_MAIL = 2.0


async def check(load: Workload, client: int, step: Step) -> None:
    """A token: the newest, any, or a forged one; sometimes at every instance at once."""
    address = address_of(load, step)
    token = FORGED
    if address.tokens and step.variety < 0.95:
        token = address.tokens[-1] if step.variety < 0.5 else one_of(address.tokens, step)
    await check_everywhere(load, client, address, token, 1 if step.width < 0.7 else None, step)


async def login(load: Workload, client: int, step: Step) -> None:
    """The password that should work, one that should not any more, or a guess."""
    address = address_of(load, step)
    old = address.passwords[:-1] + address.doubtful
    if step.variety < 0.7 or not old:
        password = address.password()
    else:
        password = one_of(old, step) if step.variety < 0.9 else "wrong1guess"
    typed = address.name.upper() if step.width < 0.1 else None
    device = device_shown(address, client, step)
    await load.call(
        "login", client, step.instance, address, password=password, device=device, typed=typed
    )


async def register(load: Workload, client: int, step: Step) -> None:
    """A new address, by one to three at once; now and then one that is taken."""
    address = address_of(load, step)
    if address.is_known and step.variety < 0.7:
        address = load.addresses.renew(step.slot)
    calls = await together(
        load.call(
            "register",
            client,
            step.instance + number,
            address,
            password=load.new_password(client),
            typed=address.name.capitalize() if number else None,
        )
        for number in range(how_many(step, 3))
    )
    # Acknowledged is there at once, and everywhere.
    if any(call.got_token for call in calls):
        await check_everywhere(load, client, address, address.tokens[-1], None, step)


async def change(load: Workload, client: int, step: Step) -> None:
    """With the right password and token, several at once, or with one of them wrong."""
    address = address_of(load, step)
    if not address.tokens:
        return
    token, password, device = (
        address.tokens[-1],
        address.password(),
        device_shown(address, client, step),
    )
    width = 1
    if step.variety < 0.1:
        password = "wrong1guess"
    elif step.variety < 0.25:
        token = one_of(address.tokens, step)
    else:
        width = how_many(step, 3)
    calls = await together(
        load.call(
            "change",
            client,
            step.instance + number,
            address,
            password=password,
            new_password=load.new_password(client),
            token=token,
            device=device,
        )
        for number in range(width)
    )
    await probe(load, client, step, address, token, password, calls)


async def forgot(load: Workload, client: int, step: Step) -> None:
    """A reset mail."""
    await load.call("forgot", client, step.instance, address_of(load, step))


async def resend(load: Workload, client: int, step: Step) -> None:
    """Another confirm mail."""
    await load.call("resend", client, step.instance, address_of(load, step))


async def reset(load: Workload, client: int, step: Step) -> None:
    """The token of a mail, often by several at once; now and then an old one."""
    address = address_of(load, step)
    if not address.resets:
        await load.call("forgot", client, step.instance, address)
        return
    newest = step.variety < 0.8
    token = address.resets[-1] if newest else one_of(address.resets, step)
    await reset_with(load, client, step, address, token, how_many(step, 4))


async def recover(load: Workload, client: int, step: Step) -> None:
    """Asks for a mail, waits for it, chooses a new password, and logs in with it."""
    address = address_of(load, step)
    known = len(address.resets)
    asked = await load.call("forgot", client, step.instance, address)
    deadline = time.monotonic() + _MAIL
    while address.is_known and asked.outcome == "yes" and time.monotonic() < deadline:
        if len(address.resets) > known:
            await reset_with(load, client, step, address, address.resets[-1], how_many(step, 2))
            return
        await asyncio.sleep(0.02)


async def confirm(load: Workload, client: int, step: Step) -> None:
    """The token of a mail, often by several at once; now and then an old one, or a reset's."""
    address = address_of(load, step)
    tokens = address.resets if step.variety > 0.95 and address.resets else address.confirms
    if not tokens:
        return
    token = tokens[-1] if step.variety < 0.6 else one_of(tokens, step)
    await together(
        load.call("confirm", client, step.instance + number, address, one_time=token)
        for number in range(how_many(step, 3))
    )


async def sweep(load: Workload) -> None:
    """When everything is over: what is known of each address, once more."""
    queue = list(load.addresses.by_name.values())

    async def work(client: int) -> None:
        while queue:
            address = queue.pop()
            # Two at most that should not work: more would lock it.
            for password in [address.password(), *address.passwords[-2:-1], *address.doubtful[-1:]]:
                await load.call("login", client, client, address, password=password)
            for number, token in enumerate(address.tokens[-6:]):
                await load.call("check", client, client + number, address, token=token)

    await together(work(client) for client in range(load.history.clients))
    await _each_kind(load)


async def _each_kind(load: Workload) -> None:
    """Whatever failed during a fault is seen to be answered again."""
    address = load.addresses.renew(0)
    password, new = load.new_password(0), load.new_password(0)
    await load.call("register", 0, 0, address, password=password)
    for kind in ("forgot", "resend"):
        await load.call(kind, 0, 0, address)
    for kind in ("reset", "confirm"):
        # Looks like one, and is none.
        choice = new if kind == "reset" else None
        await load.call(kind, 0, 0, address, one_time="A" * 43, new_password=choice)
    await load.call("login", 0, 0, address, password=address.password())
    token = address.tokens[-1] if address.tokens else FORGED
    await load.call("check", 0, 0, address, token=token)
    await load.call(
        "change",
        0,
        0,
        address,
        password=password,
        new_password=load.new_password(0),
        token=token,
    )
    for kind in ("lock", "unlock", "revoke"):
        await load.operate(kind, 0, address, 1.0 if kind == "lock" else None)
