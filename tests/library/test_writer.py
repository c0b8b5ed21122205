"""The single writer: order, time, the mailbox's bound, the journal's seam, and what happens when something breaks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from router.core.facts import PlanAdopted
from router.core.outcome import Outcome
from router.errors import InvariantError, OverloadedError, RouterError, SignalError, StoreError
from router.ports import Entry, digest
from router.service.writer import BATCH, Writer
from router.testing import ManualClock
from tests.library.cores import Echo, beat


class Desk:
    """A writer with an echo behind it, and everything that came out of it."""

    def __init__(self, *, mailbox: int = 1_000, journal: Slow | None = None) -> None:
        self.clock = ManualClock(0)
        self.core = Echo()
        self.out: list[tuple[int, str]] = []
        self.failures: list[RouterError] = []
        self.reported: list[str] = []
        self.breaks = False
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: self.reported.append(context["message"])
        )
        self.writer = Writer(
            self.core, self.clock, self._deliver, self.failures.append, mailbox=mailbox, journal=journal
        )

    def _deliver(self, outcome: Outcome) -> None:
        if self.breaks:
            raise KeyError("a bug of ours")
        self.out += [(fact.at, fact.version) for fact in outcome.facts if isinstance(fact, PlanAdopted)]


class Slow:
    """A journal that takes as long as the test wants."""

    def __init__(self) -> None:
        self.kept: list[list[Entry]] = []
        self.gate = asyncio.Event()
        self.breaks: Exception | None = None

    async def append(self, entries: Sequence[Entry]) -> None:
        """Keep the entries once the gate is open."""
        await self.gate.wait()
        self.gate.clear()
        if self.breaks is not None:
            raise self.breaks
        self.kept.append(list(entries))


def echoed(name: str) -> Entry:
    """The entry of a signal at time 0."""
    return Entry(0, beat(name), digest([PlanAdopted(0, name, "")]))


async def turns(count: int = 5) -> None:
    """Let the event loop turn."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_signals_are_taken_in_order_and_answered() -> None:
    """What was posted first is decided first, and everybody gets the own answer."""
    desk = Desk()
    answers = await asyncio.gather(*(desk.writer.post(beat(f"s{n}")) for n in range(3)))
    assert answers == ["s0", "s1", "s2"]
    assert desk.out == [(0, "s0"), (0, "s1"), (0, "s2")]


async def test_nothing_is_decided_inside_post() -> None:
    """Posting from within a callback of the router cannot overtake what is being told."""
    desk = Desk()
    reply = desk.writer.post(beat("s"))
    assert desk.core.calls == []
    assert await reply == "s"


async def test_a_signals_time_is_that_of_its_posting() -> None:
    """A reply that was there in time is not late because others were taken first."""
    desk = Desk()
    desk.core.deadlines.append(10)
    desk.clock.set(9)
    reply = desk.writer.post(beat("in-time"))
    desk.clock.set(15)
    await reply
    await turns()
    assert desk.out == [(9, "in-time"), (10, "deadline")]


async def test_the_timer_fires_what_is_due_and_never_early() -> None:
    """One timer at the earliest deadline; deadlines that move are followed."""
    desk = Desk()
    desk.core.deadlines += [10, 20]
    await desk.writer.post(beat("s"))
    desk.clock.step(9)
    assert desk.out == [(0, "s")]
    desk.clock.step(10)
    assert desk.out == [(0, "s"), (10, "deadline")]
    desk.core.deadlines = [15, 40]
    await desk.writer.post(beat("t"))
    desk.clock.step(15)
    assert desk.out[2:] == [(10, "t"), (15, "deadline")]
    desk.core.deadlines = [60]
    while desk.clock.step(100):
        pass
    assert desk.out[4:] == [(60, "deadline")]


async def test_a_refused_signal_is_an_error_for_its_sender_only() -> None:
    """What the passing of time had brought before it gets out all the same."""
    desk = Desk()
    desk.core.deadlines.append(5)
    desk.clock.set(7)
    refused = desk.writer.post(beat("illegal"))
    taken = desk.writer.post(beat("s"))
    with pytest.raises(SignalError) as error:
        await refused
    assert (error.value.code, error.value.state) == ("illegal-state", "asleep")
    assert await taken == "s"
    assert desk.out == [(5, "deadline"), (7, "s")]


async def test_a_full_mailbox_refuses_and_recovers() -> None:
    """Never a silent drop: the error comes from `post` itself."""
    desk = Desk(mailbox=2)
    replies = [desk.writer.post(beat("a")), desk.writer.post(beat("b"))]
    with pytest.raises(OverloadedError, match="2 signals"):
        desk.writer.post(beat("c"))
    assert await asyncio.gather(*replies) == ["a", "b"]
    assert await desk.writer.post(beat("c")) == "c"


async def test_a_mailbox_without_room_makes_no_sense() -> None:
    """The bound is at least one."""
    with pytest.raises(ValueError, match="at least 1"):
        Desk(mailbox=0)


async def test_a_long_mailbox_is_taken_in_batches() -> None:
    """Others get their turn of the event loop in between."""
    desk = Desk()
    replies = [desk.writer.post(beat(f"s{n}")) for n in range(BATCH + 1)]
    await asyncio.sleep(0)
    assert len(desk.out) == BATCH
    await asyncio.gather(*replies)
    assert len(desk.out) == BATCH + 1


async def test_a_withdrawn_signal_is_not_taken() -> None:
    """Cancelling the reply before the writer's turn."""
    desk = Desk()
    withdrawn, taken = desk.writer.post(beat("a")), desk.writer.post(beat("b"))
    withdrawn.cancel()
    assert await taken == "b"
    assert desk.out == [(0, "b")]
    assert (withdrawn.is_taken, taken.is_taken) == (False, True)


async def test_nothing_gets_out_before_the_journal_has_it() -> None:
    """Neither answers nor facts; what comes meanwhile is the next group."""
    journal = Slow()
    desk = Desk(journal=journal)
    first = desk.writer.post(beat("a"))
    await turns()
    later = [desk.writer.post(beat("b")), desk.writer.post(beat("c"))]
    await turns()
    assert (desk.out, first.done()) == ([], False)
    journal.gate.set()
    assert await first == "a"
    assert journal.kept == [[echoed("a")]]
    await turns()
    assert desk.out == [(0, "a")]
    journal.gate.set()
    assert await asyncio.gather(*later) == ["b", "c"]
    assert journal.kept[1:] == [[echoed("b"), echoed("c")]]


async def test_time_is_kept_in_the_journal_too() -> None:
    """Deadlines and the time of refused signals are entries without a signal."""
    journal = Slow()
    desk = Desk(journal=journal)
    desk.core.deadlines.append(5)
    journal.gate.set()
    await desk.writer.post(beat("a"))
    desk.clock.step(5)
    journal.gate.set()
    await turns()
    desk.clock.set(8)
    journal.gate.set()
    with pytest.raises(SignalError):
        await desk.writer.post(beat("illegal"))
    assert journal.kept == [
        [echoed("a")],
        [Entry(5, None, digest([PlanAdopted(5, "deadline", "")]))],
        [Entry(8, None, 0)],
    ]
    assert desk.out == [(0, "a"), (5, "deadline")]


async def test_a_deadline_during_a_commit_fires_after_it() -> None:
    """The timer does not start a second batch beside the one that is being written."""
    journal = Slow()
    desk = Desk(journal=journal)
    desk.core.deadlines.append(5)
    desk.writer.post(beat("a"))
    await turns()
    desk.clock.step(5)
    assert desk.core.calls == [("a", 0)]
    journal.gate.set()
    await turns()
    assert desk.core.calls == [("a", 0), ("", 5)]
    journal.gate.set()
    await turns()
    assert desk.out == [(0, "a"), (5, "deadline")]


async def test_a_journal_that_fails_stops_the_writer() -> None:
    """What had been decided does not get out; everybody who waits gets the journal's own error."""
    journal = Slow()
    desk = Desk(journal=journal)
    journal.breaks = StoreError("the disk is full")
    first = desk.writer.post(beat("a"))
    await turns()
    second = desk.writer.post(beat("b"))
    journal.gate.set()
    for reply in (first, second):
        with pytest.raises(StoreError, match="disk is full"):
            await reply
    assert desk.out == []
    assert desk.failures == [journal.breaks]
    assert desk.reported == ["the router has stopped"]
    with pytest.raises(StoreError, match="disk is full"):
        desk.writer.post(beat("c"))
    await desk.writer.close()


async def test_a_core_that_breaks_stops_the_writer() -> None:
    """Our bug: no further work is taken, and the last signals are kept for the report."""
    desk = Desk()
    replies = [desk.writer.post(beat(name)) for name in ("a", "broken", "c")]
    for reply in replies:
        with pytest.raises(InvariantError, match="an engine's bug"):
            await reply
    with pytest.raises(InvariantError):
        desk.writer.post(beat("d"))
    assert list(desk.writer.recent) == [(0, beat("a")), (0, beat("broken"))]
    assert len(desk.failures) == len(desk.reported) == 1


async def test_a_bug_in_the_telling_stops_the_writer() -> None:
    """The handles can no longer be trusted."""
    desk = Desk()
    desk.breaks = True
    with pytest.raises(InvariantError, match="a bug of ours"):
        await desk.writer.post(beat("a"))


async def test_closing_takes_what_was_posted_and_nothing_more() -> None:
    """Also what is being committed right then."""
    journal = Slow()
    desk = Desk(journal=journal)
    first = desk.writer.post(beat("a"))
    await turns()
    second = desk.writer.post(beat("b"))
    closing = asyncio.create_task(desk.writer.close())
    await turns()
    with pytest.raises(SignalError) as closed:
        desk.writer.post(beat("c"))
    assert closed.value.code == "closed"
    for _ in range(2):
        assert not closing.done()
        journal.gate.set()
        await turns()
    await closing
    assert (await first, await second) == ("a", "b")
    assert desk.clock.next_timer() is None


async def test_closing_can_be_cancelled_and_tried_again() -> None:
    """The commit that it waited for goes on."""
    journal = Slow()
    desk = Desk(journal=journal)
    reply = desk.writer.post(beat("a"))
    await turns()
    closing = asyncio.create_task(desk.writer.close())
    await turns()
    closing.cancel()
    await turns()
    journal.gate.set()
    await desk.writer.close()
    assert await reply == "a"


async def test_closing_stops_the_timer() -> None:
    """Nothing fires any more."""
    desk = Desk()
    desk.core.deadlines.append(5)
    await desk.writer.post(beat("a"))
    await desk.writer.close()
    desk.clock.step(10)
    assert desk.out == [(0, "a")]
