"""What steps are made of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from .knowledge import Address, DeviceToken, Token
from .plan import Step
from .record import Call

if TYPE_CHECKING:
    from .workload import Workload

T = TypeVar("T")

# A token that nobody was given.
FORGED = Token(
    -1, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)


async def reset_with(
    load: Workload, client: int, step: Step, address: Address, token: str, width: int
) -> None:
    before, old = (address.tokens or [FORGED])[-1], address.password()
    calls = await together(
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
    await probe(load, client, step, address, before, old, calls)


async def probe(
    load: Workload,
    client: int,
    step: Step,
    address: Address,
    token: Token,
    password: str,
    calls: Sequence[Call],
) -> None:
    """Right after a change: the old token at every instance, the passwords of all who tried, and
    what was mailed before.
    """
    if not any(call.outcome == "yes" for call in calls):
        return
    given = {call.number for call in calls}
    older = [device for device in address.devices if device.number not in given][-3:]
    used = {call.one_time for call in calls}
    mailed = [one_time for one_time in address.resets if one_time not in used]
    await check_everywhere(load, client, address, token, None, step)
    losers = [call.new_password for call in calls if call.outcome == "no"]
    tried = [address.password(), *losers[:1]]
    if step.pick < 0.3:
        tried.append(password)
    # The first one shows a device that was known before, and is not any more.
    device = one_of(older, step) if older else None
    for number, password in enumerate(tried):
        instance = step.instance + 1 + number
        await load.call("login", client, instance, address, password=password, device=device)
        device = None
    if mailed and step.device > 0.4:
        new = load.new_password(client)
        instance = step.instance + 1
        await load.call("reset", client, instance, address, one_time=mailed[-1], new_password=new)


async def check_everywhere(
    load: Workload, client: int, address: Address, token: Token, most: int | None, step: Step
) -> None:
    count = most or len(load.base_urls)
    await together(
        load.call("check", client, step.instance + number, address, token=token)
        for number in range(count)
    )


async def together(calls: Iterable[Awaitable[T]]) -> list[T]:
    return list(await asyncio.gather(*calls))


def address_of(load: Workload, step: Step) -> Address:
    return load.addresses.places[step.slot]


def device_shown(address: Address, client: int, step: Step) -> DeviceToken | None:
    """The client's own, somebody's, or none."""
    if step.device < 0.4:
        return address.device_of(client)
    return one_of(address.devices, step) if address.devices and step.device < 0.55 else None


def how_many(step: Step, most: int) -> int:
    """One in half of the cases."""
    return 1 if step.width < 0.5 else 2 + int((step.width - 0.5) * 2 * (most - 1))


def one_of(known: Sequence[T], step: Step) -> T:
    return known[int(step.pick * len(known))]
