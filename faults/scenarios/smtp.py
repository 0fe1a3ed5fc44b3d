"""The mail server is busy, refuses, falls silent, or hangs up at the worst moment.

Whatever it does, no request may notice: mails leave from the outbox.
"""

from ..outcome import Outcome
from ..trial import trial
from ..world.smtp import Mood
from ..world.world import World
from .registry import scenario


async def _in_a_mood(world: World, mood: Mood, seconds: float) -> Outcome:
    postgres = await world.postgres()
    sink = await world.smtp()
    instance = world.doorward(postgres.url(), smtp=sink)
    await instance.start()
    outcome = Outcome(f"SMTP: {mood.value}, for {seconds:.0f} s")
    async with trial(world, world.service(instance, outbox=postgres), outcome) as load:
        load.nothing_may_fail = True
        sink.mood = mood
        await load.load(seconds)
        sink.mood = Mood.GOOD
        # Those that wait for an answer see the server's restart.
        await sink.hang_up()
        load.healed()
    outcome.notes.append(f"{sink.spoilt} mails met it")
    outcome.require(sink.spoilt > 0, "no mail met it, so nothing was shown")
    return outcome


@scenario("smtp-421", "the mail server is busy")
async def busy(world: World) -> Outcome:
    return await _in_a_mood(world, Mood.BUSY, 4)


@scenario("smtp-550", "the mail server refuses every recipient")
async def refusing(world: World) -> Outcome:
    return await _in_a_mood(world, Mood.REFUSING, 4)


@scenario("smtp-hangs", "the mail server falls silent after DATA")
async def silent(world: World) -> Outcome:
    return await _in_a_mood(world, Mood.SILENT, 4)


@scenario("smtp-drops", "the mail server takes the mail and hangs up before it says so", quick=True)
async def rude(world: World) -> Outcome:
    return await _in_a_mood(world, Mood.RUDE, world.pick(2, 4))
