"""Hearing what happens: subscriptions and sinks."""

from __future__ import annotations

import asyncio

import pytest

from router import InteractionEnded, LagError, OfferMade, PresenceChanged
from router.core.effects import Effect, SendOffer
from router.core.facts import Fact
from router.core.signals import OfferAccepted
from router.testing import TestRouter


async def test_a_subscriber_reads_all_facts_in_order(router: TestRouter) -> None:
    """From the moment of subscribing on."""
    await router.sign_in("ben")
    facts = router.subscribe()
    await router.sign_in("ana")
    await router.submit("support")
    assert [await anext(facts) for _ in range(3)] == router.facts[1:]


async def test_a_subscriber_may_choose_kinds(router: TestRouter) -> None:
    """Others do not fill its buffer."""
    facts = router.subscribe(OfferMade, InteractionEnded, capacity=1)
    await router.sign_in("ana")
    await router.submit("support")
    assert isinstance(await anext(facts), OfferMade)


async def test_a_waiting_subscriber_is_woken(router: TestRouter) -> None:
    """Reading before anything happened."""
    reading = asyncio.create_task(anext(router.subscribe(PresenceChanged)))
    await router.settle()
    await router.sign_in("ana")
    assert isinstance(await reading, PresenceChanged)


async def test_a_slow_subscriber_is_told_that_it_lost_facts(router: TestRouter) -> None:
    """It gets what was buffered, then the error, then the end; the router goes on."""
    slow = router.subscribe(capacity=2)
    keen = router.subscribe()
    for agent in ("ana", "ben"):
        await router.sign_in(agent)
        await router.agent(agent).not_ready()
    assert [await anext(slow), await anext(slow)] == router.facts[:2]
    with pytest.raises(LagError, match="buffer of 2") as lag:
        await anext(slow)
    assert lag.value.capacity == 2
    with pytest.raises(StopAsyncIteration):
        await anext(slow)
    assert [await anext(keen) for _ in range(4)] == router.facts


async def test_a_subscription_without_room_makes_no_sense(router: TestRouter) -> None:
    """The bound is at least one."""
    with pytest.raises(ValueError, match="at least 1"):
        router.subscribe(capacity=0)


async def test_a_closed_subscription_ends(router: TestRouter) -> None:
    """Leaving the block closes it; what was buffered can still be read."""
    async with router.subscribe() as facts:
        await router.sign_in("ana")
    await router.sign_in("ben")
    assert [fact async for fact in facts] == router.facts[:1]


async def test_sinks_hear_facts_and_effects_until_they_are_removed(router: TestRouter) -> None:
    """What the world is asked to do goes to whoever can do it."""
    facts: list[Fact] = []
    effects: list[Effect] = []
    remove = [router.on_fact(facts.append), router.on_effect(effects.append)]
    await router.sign_in("ana")
    await router.submit("support")
    assert facts == router.facts
    assert [type(effect) for effect in effects] == [SendOffer]
    for each in remove:
        each()
        each()
    await router.sign_in("ben")
    assert len(facts) == len(router.facts) - 1


async def test_a_sink_that_raises_stops_nothing(router: TestRouter) -> None:
    """It is reported to the event loop, and everybody else hears what happened."""
    reported: list[tuple[str, BaseException]] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: reported.append((context["message"], context["exception"]))
    )

    def broken(value: object) -> None:
        raise KeyError(type(value).__name__)

    router.on_fact(broken)
    router.on_effect(broken)
    facts = router.subscribe(OfferMade)
    await router.sign_in("ana")
    call = await router.submit("support")
    router.assert_offered(call.id, to="ana")
    assert isinstance(await anext(facts), OfferMade)
    assert [message for message, _ in reported] == [
        "a sink failed on PresenceChanged",
        "a sink failed on InteractionQueued",
        "a sink failed on OfferMade",
        "a sink failed on SendOffer",
    ]
    assert all(isinstance(error, KeyError) for _, error in reported)


async def test_a_sink_may_send_signals(router: TestRouter) -> None:
    """They are taken after what is being told."""
    ana = await router.sign_in("ana")
    taken: list[str] = []

    def take(fact: Fact) -> None:
        if isinstance(fact, OfferMade):
            reply = router.post(OfferAccepted(fact.offer_id, fact.agent_id))
            reply.add_done_callback(lambda done: taken.append(done.result()))

    router.on_fact(take)
    call = await router.submit("support")
    await router.settle()
    assert taken == ["accepted"]
    router.assert_assigned(call.id, to="ana")
    assert list(ana.work) == [call.id]
