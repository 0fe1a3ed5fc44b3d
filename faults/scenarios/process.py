"""doorward itself is killed, restarted, or starved of files."""

import asyncio

from ..outcome import Outcome
from ..sweep import Line, Operation, Sweep
from ..trial import trial
from ..world.haproxy import Haproxy
from ..world.world import World
from .registry import scenario

_OLD, _NEW = "abc123", "xyz789"


class Register(Operation):
    """POST /user/create"""

    subject = "Confirm your address"

    async def act(self) -> int | None:
        body = {"email": self.address, "password": _OLD, "password_confirm": _OLD}
        return (await self.line.ask("POST", "/user/create", body))[0]

    async def took_effect(self) -> bool:
        return await self.logs_in(_OLD)


class ChangePassword(Operation):
    """POST /user/change_password"""

    subject = "Your password for"

    async def prepare(self) -> None:
        self._token = await self.register(_OLD)

    async def act(self) -> int | None:
        body = {
            "email": self.address,
            "password": _OLD,
            "new_password": _NEW,
            "new_password_confirm": _NEW,
        }
        return (await self.line.ask("POST", "/user/change_password", body, self._token))[0]

    async def took_effect(self) -> bool:
        old, new = await self.logs_in(_OLD), await self.logs_in(_NEW)
        self.require(old != new, f"the old password works: {old}, the new one: {new}")
        status, _ = await self.line.answered("GET", "/user", token=self._token)
        self.require(status == (400 if new else 200), f"the older token is answered {status}")
        return new


class Reset(ChangePassword):
    """POST /user/reset_password"""

    async def prepare(self) -> None:
        await super().prepare()
        await self.line.done("POST", "/user/forgot", {"email": self.address})
        self._reset_token = await self.reset_token()

    async def act(self) -> int | None:
        return await self._reset(_NEW)

    async def took_effect(self) -> bool:
        done = await super().took_effect()
        status = await self._reset("third3")
        self.require(status == (400 if done else 200), f"the reset token is then answered {status}")
        return done

    async def _reset(self, password: str) -> int | None:
        body = {
            "email": self.address,
            "reset_token": self._reset_token,
            "new_password": password,
            "new_password_confirm": password,
        }
        return (await self.line.ask("POST", "/user/reset_password", body))[0]


class Mail(Operation):
    """POST /user/forgot, until the mail has been delivered and that was noted."""

    subject = "Choose a new password"

    async def prepare(self) -> None:
        await self.register(_OLD)

    async def act(self) -> int | None:
        status, _ = await self.line.ask("POST", "/user/forgot", {"email": self.address})
        await self.line.is_quiet()
        return status

    async def took_effect(self) -> bool:
        asked = await self.line.asked_for("reset", self.address)
        if asked and self.line.mails(self.subject, self.address):
            body = {
                "email": self.address,
                "reset_token": await self.reset_token(),
                "new_password": _NEW,
                "new_password_confirm": _NEW,
            }
            status, _ = await self.line.answered("POST", "/user/reset_password", body)
            self.require(status == 200, f"the newest mail's token is answered {status}")
        return asked


async def _sweep(world: World, operation: type[Operation], name: str) -> Outcome:
    sweep = Sweep(world, operation, name)
    return await sweep.run(lines=3, each=int(world.pick(5, 1)))


@scenario("kill9-register", "kill -9 at each step of a registration", 25)
async def kill_register(world: World) -> Outcome:
    return await _sweep(world, Register, "register")


@scenario("kill9-change", "kill -9 at each step of a password change", 40)
async def kill_change(world: World) -> Outcome:
    return await _sweep(world, ChangePassword, "change")


@scenario("kill9-reset", "kill -9 at each step of a reset", 40, quick=True)
async def kill_reset(world: World) -> Outcome:
    return await _sweep(world, Reset, "reset")


@scenario("kill9-mail", "kill -9 at each step of a mail, from the request to the note", 60)
async def kill_mail(world: World) -> Outcome:
    return await _sweep(world, Mail, "mail")


@scenario("kill9-load", "one of two instances is killed under load, again and again")
async def kill_under_load(world: World) -> Outcome:
    postgres = await world.postgres()
    instances = [world.doorward(postgres.url(), name) for name in ("one", "two")]
    for instance in instances:
        await instance.start()
    outcome = Outcome("SIGKILL to one of two instances, 4 times")
    async with trial(world, world.service(*instances, outbox=postgres), outcome) as load:
        for number in range(4):
            instance = instances[number % 2]
            await instance.kill()
            load.healed()
            await instance.start()
            await load.load(1)
    return outcome


@scenario("rolling-restart", "two instances behind haproxy are restarted one after the other", 30)
async def rolling_restart(world: World) -> Outcome:
    postgres = await world.postgres()
    names = ("first", "second")
    instances = [world.doorward(postgres.url(), name, HTTP__DRAIN_DELAY="1s") for name in names]
    proxy = world.haproxy(Haproxy.before_instances(world.folder, *(of.port for of in instances)))
    for instance in instances:
        await instance.start()
    await proxy.start(*names)
    outcome = Outcome("SIGTERM and start, each of two instances, twice")
    service = world.service_at([proxy.url], instances[0], outbox=postgres)
    async with trial(world, service, outcome) as load:
        load.nothing_may_fail = True
        for _ in range(2):
            for name, instance in zip(names, instances, strict=True):
                code = await instance.stop()
                outcome.require(code == 0, f"it ended with exit code {code}")
                await instance.start()
                await proxy.knows(name, "UP")
        load.healed()
    return outcome


@scenario("open-files", "ulimit -n 64, and somebody holds 100 connections", 20)
async def open_files(world: World) -> Outcome:
    postgres = await world.postgres()
    limited = ("/bin/sh", "-c", 'ulimit -n 64 && exec "$0" "$@"')
    instance = world.doorward(postgres.url(), prefix=limited)
    await instance.start()
    outcome = Outcome("ulimit -n 64, 100 idle connections for 5 s")
    async with trial(world, world.service(instance, outbox=postgres), outcome) as load:
        opened = [asyncio.open_connection("127.0.0.1", instance.port) for _ in range(100)]
        writers = [writer for _, writer in await asyncio.gather(*opened)]
        await load.load(5)
        for writer in writers:
            writer.close()
        load.healed()
    told = instance.daemon.log.read_text()
    outcome.require("limit of open files leaves room" in told, "it had files enough")
    outcome.require("a connection was not accepted" not in told, "it ran out of files")
    return outcome
