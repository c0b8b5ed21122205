"""Cancelling any await leaves everything as it should be: nothing half-done, nothing lost, nobody stuck."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from router import SignalError
from router.testing import TestRouter


async def cancelled(task: asyncio.Task[Any]) -> bool:
    """Wait for a task that was cancelled and say whether it noticed."""
    try:
        await task
    except asyncio.CancelledError:
        return True
    return False


async def test_a_submit_that_is_cancelled_in_time_was_never_made(router: TestRouter) -> None:
    """The router had not taken it: it is withdrawn."""
    submitting = asyncio.create_task(router.submit("support", id="call-1"))
    asyncio.get_running_loop().call_soon(submitting.cancel)
    # The task posts in its first step; the cancellation runs before the writer's turn.
    assert await cancelled(submitting)
    await router.settle()
    assert router.facts == []
    with pytest.raises(SignalError):
        router.interaction("call-1")


async def test_a_submit_that_is_cancelled_too_late_leaves_nothing_nameless_behind(router: TestRouter) -> None:
    """Taken already, and nobody knows its made-up name: it is called off."""
    submitting = asyncio.create_task(router.submit("support"))
    router.on_fact(lambda _: submitting.cancel())
    assert await cancelled(submitting)
    await router.settle()
    router.assert_ended("i-1", how="cancelled", reason="submit-cancelled")


async def test_a_named_submit_that_is_cancelled_too_late_stands(router: TestRouter) -> None:
    """Its sender has the key: asking again gives the same interaction."""
    submitting = asyncio.create_task(router.submit("support", id="call-1"))
    remove = router.on_fact(lambda _: submitting.cancel())
    assert await cancelled(submitting)
    remove()
    call = await router.submit("support", id="call-1")
    assert call.state == "queued"
    assert len(router.facts) == 1


async def test_waiting_for_an_offer_can_be_given_up(router: TestRouter) -> None:
    """The next offer goes to the next waiter, none is lost."""
    ana = await router.sign_in("ana")
    waiting = asyncio.create_task(ana.next_offer())
    await router.settle()
    waiting.cancel()
    assert await cancelled(waiting)
    call = await router.submit("support")
    assert (await ana.next_offer()).interaction is call


async def test_giving_up_in_the_moment_of_an_offer_loses_nothing(router: TestRouter) -> None:
    """The offer stays for the next one who asks."""
    ana = await router.sign_in("ana")
    waiting = asyncio.create_task(ana.next_offer())
    await router.settle()
    router.on_fact(lambda _: waiting.cancel())
    call = await router.submit("support")
    assert await cancelled(waiting)
    assert (await ana.next_offer()).interaction is call


async def test_waiting_for_an_answer_or_end_can_be_given_up(router: TestRouter) -> None:
    """The interaction goes on, and others still hear of it."""
    call = await router.submit("support")
    given_up = [asyncio.create_task(call.answered()), asyncio.create_task(call.ended())]
    other = asyncio.create_task(call.ended())
    await router.settle()
    for task in given_up:
        task.cancel()
        assert await cancelled(task)
    await call.abandon()
    assert (await other).how == "abandoned"


async def test_waiting_for_the_end_of_an_offer_can_be_given_up(router: TestRouter) -> None:
    """The offer stays open."""
    ana = await router.sign_in("ana")
    await router.submit("support")
    offer = await ana.next_offer()
    waiting = asyncio.create_task(offer.ended())
    await router.settle()
    waiting.cancel()
    assert await cancelled(waiting)
    assert offer.state == "open"


async def test_a_sleep_can_be_given_up(router: TestRouter) -> None:
    """Its timer is gone."""
    before = router.clock.next_timer()
    sleeping = asyncio.create_task(router.sleep(5))
    await router.settle()
    sleeping.cancel()
    assert await cancelled(sleeping)
    assert router.clock.next_timer() == before


async def test_reading_facts_can_be_given_up_and_taken_up(router: TestRouter) -> None:
    """A cancelled read loses no fact."""
    facts = router.subscribe()
    reading = asyncio.create_task(anext(facts))
    await router.settle()
    reading.cancel()
    assert await cancelled(reading)
    call = await router.submit("support")
    assert getattr(await anext(facts), "interaction_id", "") == call.id


async def test_every_signal_that_is_cancelled_in_time_was_never_sent(router: TestRouter) -> None:
    """An accept that was withdrawn leaves the offer open."""
    ana = await router.sign_in("ana")
    await router.submit("support")
    offer = await ana.next_offer()
    accepting = asyncio.create_task(offer.accept())
    asyncio.get_running_loop().call_soon(accepting.cancel)
    assert await cancelled(accepting)
    await router.settle()
    assert offer.state == "open"
