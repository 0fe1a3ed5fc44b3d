"""Steps of those who attack, of owners who are attacked, and of operators."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from .knowledge import Address, DeviceToken
from .moves import FORGED, address_of, check_everywhere, together
from .plan import Step
from .record import Call
from .steps import recover

if TYPE_CHECKING:
    from .workload import Workload


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
        await together(guess(number) for number in range(guesses))
    else:
        for number in range(guesses):
            await guess(number)
    # The last one shows a device that the lock does not touch, if its token is not too old.
    for number, device in enumerate([None, None, *address.devices[-1:]]):
        instance = step.instance + number
        password = address.password()
        await load.call("login", client, instance, address, password=password, device=device)
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


async def besiege(load: Workload, client: int, step: Step) -> None:
    """Strangers lock the address of somebody who goes on logging in from a known device; nobody
    else uses it, so that all is certain.
    """
    address = await _own_account(load, client, step)
    most, instances = load.history.lockout.failures, itertools.count(step.instance)

    async def login(device: DeviceToken | None, password: str | None = None) -> Call:
        password = password or address.password()
        return await load.call(
            "login", client, next(instances), address, password=password, device=device
        )

    guesses = [login(None, f"wrong{number}guess") for number in range(most - 1)]
    await together(guesses)
    # This ends no count of theirs.
    await login(address.device_of(client))
    await login(None, "wrong9guess")
    await together([login(None), login(address.device_of(client))])
    if step.variety < 0.3 or not address.tokens:
        return
    before = address.device_of(client)
    new = load.new_password(client)
    changed = await load.call(
        "change",
        client,
        next(instances),
        address,
        password=address.password(),
        new_password=new,
        token=address.tokens[-1],
        device=before,
    )
    # The older token is dead, and the lock still there.
    await login(before)
    await login(address.device_of(client))
    if step.variety > 0.8 and changed.outcome == "yes":
        await login(None)


async def estrange(load: Workload, client: int, step: Step) -> None:
    """A known device that fails too often, one after another or at once, or nearly so."""
    address = await _own_account(load, client, step)
    device = address.device_of(client)
    most = load.history.lockout.failures
    guesses = most - 1 if step.variety < 0.3 else most + int(step.pick * 3)

    def login(number: int, password: str) -> Awaitable[Call]:
        instance = step.instance + number
        return load.call("login", client, instance, address, password=password, device=device)

    for _ in range(2):
        attempts = [login(number, f"wrong{number}guess") for number in range(guesses)]
        if step.width < 0.5:
            await together(attempts)
        else:
            for attempt in attempts:
                await attempt
        # Known, with its count ended; or else a stranger, and each of its guesses the address's.
        for number in range(2):
            await login(number, address.password())
        if guesses >= most:
            break
    device = address.device_of(client)
    await login(0, address.password())


async def operate(load: Workload, client: int, step: Step) -> None:
    """An operator locks the address, devices included, or kills all that was given for it."""
    address = address_of(load, step)
    if step.variety < 0.6 or not address.is_known:
        address = await _own_account(load, client, step)
    device = address.devices[-1] if address.devices else None

    async def attempts() -> None:
        await together(
            load.call(
                "login", client, step.instance, address, password=address.password(), device=shown
            )
            for shown in (device, None)
        )

    if step.pick < 0.4:
        await load.operate("revoke", client, address)
        await check_everywhere(load, client, address, (address.tokens or [FORGED])[-1], 1, step)
        await attempts()
        return
    length = load.history.lockout.freeze_s * (0.4 + step.width)
    await load.operate("lock", client, address, length)
    await attempts()
    if step.pick < 0.8:
        await load.operate("unlock", client, address)
        await attempts()


async def _own_account(load: Workload, client: int, step: Step) -> Address:
    """An account that nobody else knows, and a device that is known for it."""
    address = Address(f"{load.addresses.prefix}.{client}.{len(load.history.calls)}@example.com")
    password = load.new_password(client)
    await load.call("register", client, step.instance, address, password=password)
    return address
