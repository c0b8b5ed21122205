"""What happened, as numbered CloudEvents."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import get_args

import pytest

from agents import wire
from router.core.facts import Fact
from router.errors import SignalError
from router.testing import TestRouter, a_plan, a_section, an_agent
from router.transports.events import EVENT_TYPES, EventLog


@pytest.fixture
async def router() -> AsyncIterator[TestRouter]:
    plan = a_plan(an_agent("ana"), sections=[a_section("support"), a_section("billing")])
    async with TestRouter(plan) as running:
        yield running


def test_every_kind_of_fact_has_a_type_of_event() -> None:
    """Different ones, dotted, in kebab case."""
    assert set(EVENT_TYPES) == set(get_args(Fact))
    assert len(set(EVENT_TYPES.values())) == len(EVENT_TYPES)
    assert all(name == name.lower() and "_" not in name for name in EVENT_TYPES.values())


async def test_a_fact_becomes_an_event(router: TestRouter) -> None:
    """With its number, what it is about, its section, and all its fields."""
    log = EventLog(router, centre_id="acme")
    at = router.now()
    await router.submit("billing", id="i-1")
    assert log.after(0) == [
        wire.Event(
            id="1",
            source="/centres/acme",
            type="switchroom.interaction.queued",
            subject="i-1",
            time=wire.moment(at),
            sequence=1,
            section="billing",
            data={
                "at": at,
                "interaction_id": "i-1",
                "section": "billing",
                "queue": "billing",
                "channel": "voice",
                "priority": 0,
                "queued_at": at,
                "expedited": False,
                "cause": "arrived",
                "rule": "",
            },
        )
    ]


async def test_events_about_agents_belong_to_no_section(router: TestRouter) -> None:
    """Those about an offer belong to the section of its interaction."""
    log = EventLog(router, centre_id="acme")
    await router.sign_in("ana")
    await router.submit("billing", id="i-1")
    assert [(event.type, event.subject, event.section) for event in log.after(0)] == [
        ("switchroom.presence.changed", "ana", None),
        ("switchroom.interaction.queued", "i-1", "billing"),
        ("switchroom.offer.made", "i-1", "billing"),
    ]


async def test_listeners_hear_what_can_be_read_later(router: TestRouter) -> None:
    """The same events, numbered from where the log began; one that fails does not hurt the others."""
    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context["message"]))
    log = EventLog(router, centre_id="acme", next_sequence=41)
    heard: list[wire.Event] = []
    log.on_event(lambda event: 1 // 0)
    end = log.on_event(heard.append)
    await router.sign_in("ana")
    await router.submit("support", id="i-1")
    end()
    await router.submit("support", id="i-2")
    assert [event.sequence for event in heard] == [41, 42, 43]
    assert log.after(40)[:3] == heard
    assert log.next_sequence == 45
    assert failures == ["a listener failed on an event"] * 4


async def test_a_reader_goes_on_where_it_was(router: TestRouter) -> None:
    """Nothing is read twice, and a limit ends a reading early."""
    log = EventLog(router, centre_id="acme")
    for number in range(4):
        await router.submit("support", id=f"i-{number}")
    assert [event.subject for event in log.after(1)] == ["i-1", "i-2", "i-3"]
    assert [event.subject for event in log.after(1, limit=2)] == ["i-1", "i-2"]
    assert log.after(4) == []


async def test_what_is_not_kept_is_said_to_be_gone(router: TestRouter) -> None:
    """With the oldest there is; a reader that needs nothing older goes on."""
    log = EventLog(router, centre_id="acme", capacity=2)
    for number in range(4):
        await router.submit("support", id=f"i-{number}")
    assert [event.sequence for event in log.after(2)] == [3, 4]
    with pytest.raises(SignalError, match="the oldest is 3") as gone:
        log.after(1)
    assert gone.value.code == "events-gone"


async def test_what_has_not_happened_yet_cannot_be_gone_on_from(router: TestRouter) -> None:
    """A number from before a restart that lost events, say."""
    log = EventLog(router, centre_id="acme")
    with pytest.raises(SignalError, match="the next one is 1") as ahead:
        log.after(1)
    assert ahead.value.code == "events-ahead"


async def test_a_waiting_reader_is_woken(router: TestRouter) -> None:
    """By the next event, and by the end of the log; at once where there is something to read."""
    log = EventLog(router, centre_id="acme")
    reading = asyncio.create_task(log.wait_after(0))
    await router.settle()
    assert not reading.done()
    await router.submit("support", id="i-1")
    assert await reading
    assert await log.wait_after(0)
    reading = asyncio.create_task(log.wait_after(1))
    await router.settle()
    log.close()
    assert not await reading
    assert not await log.wait_after(1)


async def test_a_log_without_room_makes_no_sense(router: TestRouter) -> None:
    """The bound is at least one."""
    with pytest.raises(ValueError, match="at least 1"):
        EventLog(router, centre_id="acme", capacity=0)
