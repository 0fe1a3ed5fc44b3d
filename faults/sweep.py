"""One operation over and over, its process killed at each step in turn, and what is left of it.

Committed means at least one mail, rolled back means none, and what was acknowledged is there.
"""

import asyncio
import email
import itertools
import re
import signal
import time
from collections.abc import Callable
from email.policy import default as rules

from bench.harness.errors import BenchError

from .outcome import Outcome
from .world.doorward import Doorward, request
from .world.kill_points import KillPoints, Side
from .world.outbox import PostgresOutbox
from .world.postgres import Postgres
from .world.smtp import SmtpSink
from .world.wait import until
from .world.world import World

_TOKEN = re.compile(r"^Token: (\S+)", re.MULTILINE)
_MAILS = 20.0

# So many operations that nobody was killed in are the end of a sweep.
_ENDS = 3


class Line:
    """A database, a mail server and an instance that is killed and started again and again."""

    def __init__(self, postgres: Postgres, database: str, sink: SmtpSink) -> None:
        self._postgres = postgres
        self._database = database
        self._sink = sink
        self._outbox = PostgresOutbox(postgres, database)
        self.kill_points = KillPoints(self._kill)
        sink.on_step = self.kill_points.step
        self.instance: Doorward
        self.requests = 0
        self.succeeded = 0

    @classmethod
    async def new(cls, world: World, postgres: Postgres, name: str) -> "Line":
        """One that is ready for the first operation."""
        await postgres.sql(f"CREATE DATABASE {name} OWNER doorward", "postgres")
        sink = await world.smtp(name)
        line = cls(postgres, name, sink)
        proxy = await world.proxy(postgres.port, line.kill_points)
        url = postgres.url(proxy.port, name)
        # With the faster engine each start would compare the two first.
        line.instance = world.doorward(url, name, smtp=sink, PASSWORD__ENGINE="portable")
        await line.instance.start()
        return line

    async def ask(
        self, method: str, path: str, body: dict[str, str] | None = None, token: str = ""
    ) -> tuple[int | None, dict[str, str]]:
        """One request."""
        status, answer = await request(self.instance.url, method, path, body, token)
        self.requests += 1
        self.succeeded += status in (200, 201)
        return status, answer

    async def answered(
        self, method: str, path: str, body: dict[str, str] | None = None, token: str = ""
    ) -> tuple[int | None, dict[str, str]]:
        """A request that is made again for a while when it is answered 503, as it may be on a
        busy machine; for what is not itself under test."""
        begun = time.monotonic()
        while True:
            status, answer = await self.ask(method, path, body, token)
            if status != 503 or time.monotonic() - begun > _MAILS:
                return status, answer

    async def done(self, method: str, path: str, body: dict[str, str]) -> dict[str, str]:
        """A request that has to succeed."""
        status, answer = await self.answered(method, path, body)
        if status not in (200, 201):
            raise BenchError(f"{method} {path} was answered {status} {answer.get('code', '')}")
        return answer

    async def is_quiet(self) -> None:
        """Waits until every mail has left, or nobody is there to send it."""

        async def none_waits() -> bool:
            return self.kill_points.killed or not await self._outbox.waiting()

        await until(none_waits, _MAILS, "every mail has left the outbox")

    async def is_gone(self) -> None:
        """After a kill: PostgreSQL has finished what it was told before."""
        sessions = "pg_stat_activity WHERE application_name = 'doorward'"
        await self._postgres.holds(
            f"NOT EXISTS (SELECT 1 FROM {sessions} AND datname = '{self._database}')",
            "PostgreSQL has noticed the kill",
        )

    async def start_again(self) -> float:
        """What the killed one had in hand goes out; how long until it was ready, in seconds."""
        await self._outbox.pass_time()
        self.kill_points.disarm()
        begun = time.monotonic()
        await self.instance.start()
        took = time.monotonic() - begun
        await self.is_quiet()
        return took

    async def asked_for(self, kind: str, address: str) -> bool:
        """Whether a mail of this kind is, or was, in the outbox."""
        where = f"kind = '{kind}' AND email_key = '{address}'"
        count = await self._postgres.sql(f"SELECT count(*) FROM outbox WHERE {where}", self._database)
        return count != "0"

    def mails(self, subject: str, address: str) -> list[str]:
        """The texts of the mails to an address whose subject begins so, oldest first."""
        texts = []
        for file in self._sink.mails():
            mail = email.message_from_bytes(file.read_bytes(), policy=rules)
            text = mail.get_body(("plain",))
            if mail["to"] == address and mail["subject"].startswith(subject) and text:
                texts.append(text.get_content())
        return texts

    async def _kill(self) -> None:
        self.instance.daemon.signal(signal.SIGKILL)
        await self.instance.daemon.ended()


class Operation:
    """Something that an account's owner does, on an account of its own."""

    name = ""
    subject = ""

    def __init__(self, line: Line, address: str) -> None:
        self.line = line
        self.address = address
        self.problems: list[str] = []

    async def prepare(self) -> None:
        """Everything before the operation."""

    async def act(self) -> int | None:
        """The operation itself; its status."""
        raise NotImplementedError

    async def took_effect(self) -> bool:
        """Whether it did, as anybody can see."""
        raise NotImplementedError

    async def logs_in(self, password: str) -> bool:
        """Whether the password is right."""
        body = {"email": self.address, "password": password}
        status, _ = await self.line.answered("POST", "/user/login", body)
        self.require(status in (200, 400), f"login was answered {status}")
        return status == 200

    async def register(self, password: str) -> str:
        """An account, and its access token."""
        body = {"email": self.address, "password": password, "password_confirm": password}
        status, answer = await self.line.answered("POST", "/user/create", body)
        if status == 400 and answer["code"] == "email_taken":
            # The one before was answered 503, and had been committed all the same.
            answer = await self.line.done("POST", "/user/login", body)
        return answer["token"]

    async def reset_token(self) -> str:
        """From the newest mail."""
        await self.line.is_quiet()
        found = _TOKEN.search(self.line.mails("Choose a new password", self.address)[-1])
        if not found:
            raise BenchError("the mail has no token")
        return found.group(1)

    def require(self, holds: bool, otherwise: str) -> None:
        """Something that has to be, whatever happened."""
        if not holds:
            self.problems.append(otherwise)


class Sweep:
    """One operation, at each step and on both sides of it."""

    def __init__(self, world: World, operation: Callable[[Line, str], Operation], name: str) -> None:
        self._world = world
        self._operation = operation
        self._name = name
        self.outcome = Outcome(f"SIGKILL before and after each step of {name}", recovery=0.0)
        self._kills = self._committed = self._unharmed = 0
        self._numbers = itertools.count(1)

    async def run(self, lines: int, each: int = 1) -> Outcome:
        """Sweeps on so many lines at once; only each so-manieth step, if that is asked for."""
        postgres = await self._world.postgres()
        names = [f"line{number}" for number in range(1, lines + 1)]
        made = [await Line.new(self._world, postgres, name) for name in names]
        waiting = itertools.count(1, each)

        async def work(line: Line) -> None:
            # How many steps there are depends on which connections are open; the end is reached
            # when nobody was killed any more, more than once.
            while self._unharmed < _ENDS:
                at = next(waiting)
                step = await self._kill_at(line, at, Side.BEFORE)
                # After a request comes its reply, before which it is killed as well.
                if step and not step.startswith("request"):
                    await self._kill_at(line, at, Side.AFTER)

        await asyncio.gather(*map(work, made))
        outcome = self.outcome
        outcome.requests = sum(line.requests for line in made)
        outcome.succeeded = sum(line.succeeded for line in made)
        outcome.notes.append(f"{self._kills} kills, {self._committed} of them after the commit")
        rolled_back = self._kills - self._committed
        outcome.require(self._kills > 0, "nobody was killed")
        # A sweep that leaves steps out may leave out all after the commit.
        whole = each == 1
        both = min(self._committed, rolled_back) > 0
        outcome.require(both or not whole, "no kill on one side of the commit")
        return outcome

    async def _kill_at(self, line: Line, at: int, side: Side) -> str:
        """Kills it there, and judges; the step, empty when it was never reached."""
        operation = self._new(line)
        await operation.prepare()
        await line.is_quiet()
        points = line.kill_points
        points.arm(at, side)
        status = await operation.act()
        step = points.steps[-1] if points.killed else ""
        where = f"killed {side.value} step {at} ({step})" if step else "not killed"
        if step:
            self._kills += 1
            await line.instance.daemon.ended()
            await line.is_gone()
            took = await line.start_again()
            self.outcome.recovery = max(self.outcome.recovery or 0.0, took)
        else:
            points.disarm()
            await line.is_quiet()
            self._unharmed += 1
        committed = await self._judge(operation, status, where)
        self._committed += bool(step) and committed
        return step

    async def _judge(self, operation: Operation, status: int | None, where: str) -> bool:
        # Counted first: finding out what took effect may cause mails of its own.
        mails = len(operation.line.mails(operation.subject, operation.address))
        committed = await operation.took_effect()
        outcome, told = self.outcome, f"{self._name}, {where}, answered {status}"
        outcome.wrong += [f"{told}: {problem}" for problem in operation.problems]
        if status in (200, 201) and not committed:
            outcome.lost_writes += 1
            outcome.notes.append(f"LOST WRITE: {told}")
        if committed and not mails:
            outcome.mails_lost += 1
            outcome.notes.append(f"LOST MAIL: {told}")
        if not committed and mails:
            outcome.mails_for_rollback += 1
            outcome.notes.append(f"MAIL FOR A ROLLBACK: {told}")
        if status is not None and status >= 500 and status != 503:
            outcome.failures.append(told)
        return committed

    def _new(self, line: Line) -> Operation:
        return self._operation(line, f"{self._name}{next(self._numbers)}@faults.example")
