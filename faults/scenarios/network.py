"""A bad network between doorward and PostgreSQL."""

from ..outcome import Outcome
from ..trial import trial
from ..world.proxy import Blackhole, Delay, Network, ResetInReply, TcpProxy, Trickle
from ..world.world import Service, World
from .registry import scenario


async def _through_proxy(world: World) -> tuple[TcpProxy, Service]:
    postgres = await world.postgres()
    proxy = await world.proxy(postgres.port)
    instance = world.doorward(postgres.url(proxy.port))
    await instance.start()
    return proxy, world.service(instance, outbox=postgres)


async def _becomes(world: World, network: Network, seconds: float, injected: str) -> Outcome:
    proxy, service = await _through_proxy(world)
    outcome = Outcome(f"{injected}, for {seconds:.0f} s")
    async with trial(world, service, outcome) as load:
        proxy.becomes(network)
        await load.load(seconds)
        proxy.becomes(Network())
        load.healed()
    return outcome


@scenario("network-blackhole", "packets to and from PostgreSQL vanish, connections stay", 18)
async def blackhole(world: World) -> Outcome:
    return await _becomes(world, Blackhole(), 6, "every byte between the two vanishes")


@scenario("network-reset", "connections are reset in the middle of a reply", quick=True)
async def reset(world: World) -> Outcome:
    network, seconds = ResetInReply(each=40), world.pick(2, 5)
    outcome = await _becomes(world, network, seconds, "a reset in the middle of each 40th reply")
    outcome.notes.append(f"{network.resets} connections were reset")
    outcome.require(network.resets > 3, "hardly a connection was reset, so nothing was shown")
    return outcome


@scenario("network-delay", "PostgreSQL is on another continent")
async def delay(world: World) -> Outcome:
    return await _becomes(world, Delay(0.15), 6, "150 ms more in each direction")


@scenario("network-trickle", "replies arrive 5 bytes at a time")
async def trickle(world: World) -> Outcome:
    network = Trickle(size=5, pause=0.002)
    return await _becomes(world, network, 6, "replies in packets of 5 bytes, 2 ms apart")
