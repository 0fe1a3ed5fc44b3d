"""What a client can do in one step. Several of them make races on purpose."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, TypeVar

from .knowledge import Address, Token
from .plan import Step
from .record import Call

if TYPE_CHECKING:
    from .workload import Workload

T = TypeVar("T")

# A token that nobody was given.
_FORGED = Token(-1, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
# How long a client waits for the mail that it asked for, in seconds.
_MAIL = 2.0


async def check(load: Workload, client: int, step: Step) -> None:
    """A token: the newest, any, or a forged one; sometimes at every instance at once."""
    address = _address(load, step)
    token = _FORGED
    if address.tokens and step.variety < 0.95:
        token = address.tokens[-1] if step.variety < 0.5 else _one_of(address.tokens, step)
    await _check_everywhere(load, client, address, token, 1 if step.width < 0.7 else None, step)


async def login(load: Workload, client: int, step: Step) -> None:
    """The password that should work, one that should not any more, or a guess."""
    address = _address(load, step)
    old = address.passwords[:-1] + address.doubtful
    if step.variety < 0.7 or not old:
        password = address.password()
    else:
        password = _one_of(old, step) if step.variety < 0.9 else "wrong1guess"
    typed = address.name.upper() if step.width < 0.1 else None
    await load.call("login", client, step.instance, address, password=password, typed=typed)


async def register(load: Workload, client: int, step: Step) -> None:
    """A new address, by one to three at once; now and then one that is taken."""
    address = _address(load, step)
    if address.is_known and step.variety < 0.7:
        address = load.addresses.renew(step.slot)
    await _together(
        load.call(
            "register",
            client,
            step.instance + number,
            address,
            password=load.new_password(client),
            typed=address.name.capitalize() if number else None,
        )
        for number in range(_width(step, 3))
    )


async def change(load: Workload, client: int, step: Step) -> None:
    """With the right password and token, several at once, or with one of them wrong."""
    address = _address(load, step)
    if not address.tokens:
        return
    token, password = address.tokens[-1], address.password()
    width = 1
    if step.variety < 0.1:
        password = "wrong1guess"
    elif step.variety < 0.25:
        token = _one_of(address.tokens, step)
    else:
        width = _width(step, 3)
    calls = await _together(
        load.call(
            "change",
            client,
            step.instance + number,
            address,
            password=password,
            new_password=load.new_password(client),
            token=token,
        )
        for number in range(width)
    )
    await _probe(load, client, step, address, token, password, calls)


async def forgot(load: Workload, client: int, step: Step) -> None:
    """A reset mail."""
    await load.call("forgot", client, step.instance, _address(load, step))


async def resend(load: Workload, client: int, step: Step) -> None:
    """Another confirm mail."""
    await load.call("resend", client, step.instance, _address(load, step))


async def reset(load: Workload, client: int, step: Step) -> None:
    """The token of a mail, often by several at once; now and then an old one."""
    address = _address(load, step)
    if not address.resets:
        await load.call("forgot", client, step.instance, address)
        return
    newest = step.variety < 0.8
    token = address.resets[-1] if newest else _one_of(address.resets, step)
    await _reset(load, client, step, address, token, _width(step, 4))


async def recover(load: Workload, client: int, step: Step) -> None:
    """Asks for a mail, waits for it, chooses a new password, and logs in with it."""
    address = _address(load, step)
    known = len(address.resets)
    asked = await load.call("forgot", client, step.instance, address)
    deadline = time.monotonic() + _MAIL
    while address.is_known and asked.outcome == "yes" and time.monotonic() < deadline:
        if len(address.resets) > known:
            await _reset(load, client, step, address, address.resets[-1], _width(step, 2))
            return
        await asyncio.sleep(0.02)


async def confirm(load: Workload, client: int, step: Step) -> None:
    """The token of a mail, often by several at once; now and then an old one, or a reset's."""
    address = _address(load, step)
    tokens = address.resets if step.variety > 0.95 and address.resets else address.confirms
    if not tokens:
        return
    token = tokens[-1] if step.variety < 0.6 else _one_of(tokens, step)
    await _together(
        load.call("confirm", client, step.instance + number, address, one_time=token)
        for number in range(_width(step, 3))
    )


async def attack(load: Workload, client: int, step: Step) -> None:
    """Wrong guesses, one after another or at once, until the address must be locked; and then the
    right password, which must not be looked at.
    """
    if step.variety < 0.25:
        await _siege(load, client, step)
        return
    # A few addresses are enough; the others shall not be locked most of the time.
    address = load.addresses.places[step.slot // 4]
    guesses = load.history.lockout.failures + int(step.pick * 3)

    def guess(number: int) -> Awaitable[Call]:
        instance = step.instance + number
        return load.call("login", client, instance, address, password=f"wrong{number}guess")

    if step.variety < 0.5:
        await _together(guess(number) for number in range(guesses))
    else:
        for number in range(guesses):
            await guess(number)
    for number in range(2):
        instance = step.instance + number
        await load.call("login", client, instance, address, password=address.password())
    if step.variety > 0.7:
        await recover(load, client, step)


async def _siege(load: Workload, client: int, step: Step) -> None:
    """An address that nobody else knows is locked, and tried until it is open again."""
    lockout = load.history.lockout
    address = Address(f"{load.addresses.prefix}.{client}.{len(load.history.calls)}@example.com")
    deadline = time.monotonic() + lockout.freeze_s + 2.0
    for number in range(1000):
        call = await load.call(
            "login", client, step.instance + number, address, password=f"wrong{number}guess"
        )
        is_locked = call.code == "account_locked"
        if number > lockout.failures and (not is_locked or time.monotonic() > deadline):
            return
        if is_locked:
            await asyncio.sleep(0.2)


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

    await _together(work(client) for client in range(load.history.clients))


async def _reset(
    load: Workload, client: int, step: Step, address: Address, token: str, width: int
) -> None:
    before, old = (address.tokens or [_FORGED])[-1], address.password()
    calls = await _together(
        load.call(
            "reset",
            client,
            step.instance + number,
            address,
            one_time=token,
            new_password=load.new_password(client),
        )
        for number in range(width)
    )
    await _probe(load, client, step, address, before, old, calls)


async def _probe(
    load: Workload,
    client: int,
    step: Step,
    address: Address,
    token: Token,
    password: str,
    calls: Sequence[Call],
) -> None:
    """Right after a change: the old token at every instance, and the passwords of all who tried."""
    if not any(call.outcome == "yes" for call in calls):
        return
    await _check_everywhere(load, client, address, token, None, step)
    losers = [call.new_password for call in calls if call.outcome == "no"]
    tried = [address.password(), *losers[:1]]
    if step.pick < 0.3:
        tried.append(password)
    for number, password in enumerate(tried):
        instance = step.instance + 1 + number
        await load.call("login", client, instance, address, password=password)


async def _check_everywhere(
    load: Workload, client: int, address: Address, token: Token, most: int | None, step: Step
) -> None:
    count = most or len(load.base_urls)
    await _together(
        load.call("check", client, step.instance + number, address, token=token)
        for number in range(count)
    )


async def _together(calls: object) -> list:
    return list(await asyncio.gather(*calls))


def _address(load: Workload, step: Step) -> Address:
    return load.addresses.places[step.slot]


def _width(step: Step, most: int) -> int:
    """One in half of the cases."""
    return 1 if step.width < 0.5 else 2 + int((step.width - 0.5) * 2 * (most - 1))


def _one_of(known: Sequence[T], step: Step) -> T:
    return known[int(step.pick * len(known))]
