"""PostgreSQL goes away, stands still, is full, is locked, or refuses."""

import signal

from ..outcome import Outcome
from ..trial import trial
from ..world.haproxy import Haproxy
from ..world.postgres import Postgres
from ..world.session import Sessions
from ..world.tmpfs import Ballast
from ..world.world import World
from .registry import scenario


async def _stopped(world: World, how: signal.Signals) -> Outcome:
    postgres = await world.postgres()
    instance = world.doorward(postgres.url())
    await instance.start()
    seconds = world.pick(1, 4)
    outcome = Outcome(f"{how.name} to PostgreSQL, {seconds:.0f} s without it")
    async with trial(world, world.service(instance, outbox=postgres), outcome) as load:
        await postgres.stop(how)
        await load.load(seconds)
        await postgres.start()
        load.healed()
    return outcome


@scenario("postgres-immediate", "PostgreSQL is stopped as by a crash, and started again", quick=True)
async def immediate(world: World) -> Outcome:
    return await _stopped(world, signal.SIGQUIT)


@scenario("postgres-fast", "PostgreSQL is stopped by its operator, and started again")
async def fast(world: World) -> Outcome:
    return await _stopped(world, signal.SIGINT)


@scenario("postgres-frozen", "PostgreSQL stands still with its connections open", 18)
async def frozen(world: World) -> Outcome:
    postgres = await world.postgres()
    instance = world.doorward(postgres.url())
    await instance.start()
    outcome = Outcome("SIGSTOP to all of PostgreSQL for 6 s")
    async with trial(world, world.service(instance, outbox=postgres), outcome) as load:
        postgres.freeze()
        await load.load(6)
        postgres.thaw()
        load.healed()
    return outcome


@scenario("backends-terminated", "every connection is ended each 500 ms")
async def terminated(world: World) -> Outcome:
    postgres = await world.postgres()
    instance = world.doorward(postgres.url())
    await instance.start()
    ended, times = 0, int(world.pick(3, 10))
    outcome = Outcome(f"pg_terminate_backend of all, {times} times, 500 ms apart")
    async with trial(world, world.service(instance, outbox=postgres), outcome) as load:
        for _ in range(times):
            ended += await postgres.terminate()
            await load.load(0.5)
        load.healed()
    outcome.notes.append(f"{ended} connections were ended")
    outcome.require(ended > times, "hardly a connection was ended, so nothing was shown")
    return outcome


@scenario("too-many-connections", "others have all of PostgreSQL's connections")
async def too_many(world: World) -> Outcome:
    postgres = await world.postgres(max_connections="30")
    instance = world.doorward(postgres.url())
    await instance.start()
    outcome = Outcome("all connections taken by others for 5 s, doorward's own ended")
    async with trial(world, world.service(instance, outbox=postgres), outcome) as load:
        async with Sessions(postgres.port) as others:
            await others.take_all()
            # The operator has connections that PostgreSQL keeps for its superuser.
            ended = await postgres.terminate()
            await others.take_all()
            outcome.require(ended > 0, "doorward had no connection to lose")
            await load.load(5)
            outcome.notes.append(f"others had {others.count} connections")
        load.healed()
    return outcome


@scenario("failover", "the primary dies; haproxy leads to the standby, which is promoted later", 22)
async def failover(world: World) -> Outcome:
    primary = await world.postgres()
    standby = await world.standby_of(primary)
    # An acknowledged commit is on the standby, and can be read there.
    await primary.sql(
        "ALTER SYSTEM SET synchronous_standby_names = 'standby'",
    )
    await primary.sql("ALTER SYSTEM SET synchronous_commit = 'remote_apply'")
    await primary.sql("SELECT pg_reload_conf()")
    await primary.holds(
        "EXISTS (SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync')",
        "the standby follows synchronously",
    )
    proxy = world.haproxy(Haproxy.before_databases(world.folder, primary.port, standby.port))
    await proxy.start("first", "second")
    instance = world.doorward(primary.url(port=proxy.port))
    await instance.start()
    outcome = Outcome("the primary is killed; 3 s read-only on the standby; then pg_promote()")
    async with trial(world, world.service(instance, outbox=standby), outcome) as load:
        await primary.stop(signal.SIGQUIT)
        await proxy.knows("first", "DOWN")
        await load.load(3)
        await standby.sql("SELECT pg_promote()")
        load.healed()
    return outcome


_LOCKS = "(SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted)"


async def _locked(world: World, table: str) -> Outcome:
    postgres = await world.postgres()
    instance = world.doorward(postgres.url())
    await instance.start()
    outcome = Outcome(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE for 5 s")
    async with trial(world, world.service(instance, outbox=postgres), outcome) as load:
        lock = f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60)"
        with postgres.session(lock):
            await postgres.holds(f"{_LOCKS} > 0", "the tables are locked")
            await load.load(5)
            # Its client's end alone would not end it.
            await postgres.terminate("operator")
        await postgres.holds(f"{_LOCKS} = 0", "the tables are free")
        load.healed()
    return outcome


@scenario("lock-table", "an operator's session has all tables locked")
async def lock_table(world: World) -> Outcome:
    return await _locked(world, "users, account_epoch, one_time_tokens, outbox, login_failures")


# Says no to one statement in four, as other transactions would; a deadlock is found after a wait.
_REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF random() < 0.25 THEN
        RAISE EXCEPTION 'injected' USING ERRCODE = TG_ARGV[0];
    END IF;
    RETURN NULL;
END $$;
"""
_TABLES = ("users", "login_failures", "one_time_tokens", "outbox")


async def _refused(world: World, code: str, injected: str) -> Outcome:
    postgres = await world.postgres()
    instance = world.doorward(postgres.url())
    await instance.start()
    await postgres.sql(_REFUSE)
    outcome = Outcome(f"{injected} by triggers, one changing statement in four")
    async with trial(world, world.service(instance, outbox=postgres), outcome) as load:
        for table in _TABLES:
            # At the commit: the latest moment that there is.
            await postgres.sql(
                f"CREATE CONSTRAINT TRIGGER refuse AFTER INSERT OR UPDATE OR DELETE ON {table}"
                " DEFERRABLE INITIALLY DEFERRED"
                f" FOR EACH ROW EXECUTE FUNCTION refuse('{code}')"
            )
        await load.load(world.pick(2, 6))
        for table in _TABLES:
            await postgres.sql(f"DROP TRIGGER refuse ON {table}")
        load.healed()
    return outcome


@scenario("serialization-failures", "40001 at the commit of a quarter of all changes")
async def serialization(world: World) -> Outcome:
    return await _refused(world, "40001", "40001 (serialization_failure)")


@scenario("deadlocks", "40P01 at the commit of a quarter of all changes")
async def deadlocks(world: World) -> Outcome:
    return await _refused(world, "40P01", "40P01 (deadlock_detected)")


@scenario("serializable", "default_transaction_isolation = serializable, two instances")
async def serializable(world: World) -> Outcome:
    postgres = await world.postgres(default_transaction_isolation="serializable")
    instances = [world.doorward(postgres.url(), name) for name in ("one", "two")]
    for instance in instances:
        await instance.start()
    outcome = Outcome("SERIALIZABLE as the default, two instances, for 8 s")
    async with trial(world, world.service(*instances, outbox=postgres), outcome) as load:
        await load.load(8)
    return outcome


@scenario("postgres-disk-full", "the file system of PostgreSQL is full", 22)
async def disk_full(world: World) -> Outcome:
    small = world.tmpfs("160m")
    postgres = await world.postgres(small)
    instance = world.doorward(postgres.url())
    await instance.start()
    ballast = Ballast(small)
    outcome = Outcome("a tmpfs without a free byte for 6 s")
    async with trial(world, world.service(instance, outbox=postgres), outcome) as load:
        ballast.take()
        await load.load(6)
        ballast.give_back()
        # It crashes when there is no room for its log, and may have given up.
        outcome.notes.append(await _up_again(postgres))
        load.healed()
    return outcome


async def _up_again(postgres: Postgres) -> str:
    """Waits for PostgreSQL, not for doorward; what it took."""
    if not postgres.daemon.is_running():
        await postgres.start()
        return "PostgreSQL ended itself and was started again"
    await postgres.answers()
    return "PostgreSQL went on by itself"
