"""pgbouncer in transaction mode between doorward and PostgreSQL."""

from ..outcome import Outcome
from ..trial import trial
from ..world.pgbouncer import Pgbouncer
from ..world.world import Service, World
from .registry import scenario


async def _pooled(world: World) -> tuple[Pgbouncer, Service]:
    postgres = await world.postgres()
    pooler = await world.pgbouncer(postgres)
    url = postgres.url(pooler.port)
    without_names = {"DATABASE__PREPARED_STATEMENTS": "false"}
    instances = [world.doorward(url, name, **without_names) for name in ("one", "two")]
    for instance in instances:
        await instance.start()
    return pooler, world.service(*instances, outbox=postgres)


@scenario("pgbouncer", "two instances share five server connections in transaction mode")
async def pgbouncer(world: World) -> Outcome:
    _, service = await _pooled(world)
    outcome = Outcome("pgbouncer, pool_mode = transaction, 5 server connections, for 8 s")
    async with trial(world, service, outcome) as load:
        await load.load(8)
    return outcome


@scenario("pgbouncer-restart", "the pooler is killed, and started again")
async def restart(world: World) -> Outcome:
    pooler, service = await _pooled(world)
    outcome = Outcome("kill -9 to pgbouncer, 2 s without it; then again")
    async with trial(world, service, outcome) as load:
        for _ in range(2):
            await pooler.daemon.kill()
            await load.load(2)
            await pooler.start()
            await load.load(1)
        load.healed()
    return outcome
