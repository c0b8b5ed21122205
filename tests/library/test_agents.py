"""Agents' desktops: presence, offers, work."""

from __future__ import annotations

import asyncio

import pytest

from router import Offer, SignalError
from router.core.facts import AgentPaused, AssignmentClosed, WrapUpStarted
from router.core.plan import OfferRules, Plan
from router.testing import TestRouter, a_plan, a_section, an_agent


async def test_presence_follows_what_the_agent_says(router: TestRouter) -> None:
    """Each move of presence arrives at the handle."""
    ana = await router.sign_in("ana", ready=False, reason="coffee")
    router.assert_presence("ana", "not-ready")
    await ana.ready()
    router.assert_presence("ana", "ready")
    await ana.not_ready("lunch")
    router.assert_presence("ana", "not-ready")
    await ana.ready()
    await ana.drain()
    router.assert_presence("ana", "offline")
    assert await router.sign_in("ana") is ana
    await ana.sign_out()
    router.assert_presence("ana", "offline")
    assert repr(ana) == "<Agent ana offline>"
    with pytest.raises(SignalError) as illegal:
        await ana.ready()
    assert illegal.value.code == "illegal-state"


async def test_an_unknown_agent_is_refused(router: TestRouter) -> None:
    """Both by name and at sign-in."""
    with pytest.raises(SignalError, match="eve"):
        router.agent("eve")
    with pytest.raises(SignalError) as unknown:
        await router.sign_in("eve")
    assert unknown.value.code == "unknown-agent"


async def test_an_agent_can_be_looked_at_before_it_signs_in(router: TestRouter) -> None:
    """The handle is the same one."""
    ana = router.agent("ana")
    router.assert_presence("ana", "offline")
    assert await router.sign_in("ana") is ana


async def test_signing_in_twice_changes_nothing(router: TestRouter) -> None:
    """A second desktop gets the same handle."""
    ana = await router.sign_in("ana")
    assert await router.sign_in("ana") is ana
    router.assert_presence("ana", "ready")


async def test_a_declined_offer_goes_back_to_the_queue(router: TestRouter) -> None:
    """The pair rests, the interaction waits on."""
    ana = await router.sign_in("ana")
    call = await router.submit("support")
    offer = await ana.next_offer()
    assert (offer.interaction_id, offer.agent_id, offer.state) == (call.id, "ana", "open")
    assert offer.expires_at == router.now() + 20_000
    await offer.decline("busy")
    assert (offer.state, offer.ended_by and offer.ended_by.reason) == ("declined", "busy")
    router.assert_waiting(call.id)
    assert ana.offers_open == {}


async def test_an_offer_that_cannot_reach_the_agent_fails(router: TestRouter) -> None:
    """It is no penalty for the agent."""
    ana = await router.sign_in("ana")
    call = await router.submit("support")
    await (await ana.next_offer()).fail("busy line")
    router.assert_waiting(call.id)
    router.assert_presence("ana", "ready")


async def test_a_late_accept_names_what_became_of_the_offer(router: TestRouter) -> None:
    """The offer ran out; nothing changes."""
    ana = await router.sign_in("ana")
    call = await router.submit("support")
    offer = await ana.next_offer()
    await router.advance("20s")
    assert await offer.ended() == "expired"
    with pytest.raises(SignalError) as late:
        await offer.accept()
    assert (late.value.code, late.value.state) == ("offer-ended", "expired")
    router.assert_presence("ana", "not-ready")
    router.assert_waiting(call.id)


async def test_accepting_after_the_customer_left_names_that(router: TestRouter) -> None:
    """The offer was cancelled."""
    ana = await router.sign_in("ana")
    call = await router.submit("support")
    offer = await ana.next_offer()
    ended = asyncio.create_task(offer.ended())
    await call.abandon()
    assert await ended == "cancelled"
    with pytest.raises(SignalError) as late:
        await offer.accept()
    assert (late.value.code, late.value.state) == ("offer-ended", "cancelled")


async def test_accepting_twice_is_harmless(router: TestRouter) -> None:
    """Two devices of one agent may both answer."""
    ana = await router.sign_in("ana")
    await router.submit("support")
    offer = await ana.next_offer()
    first, second = await asyncio.gather(offer.accept(), offer.accept())
    assert first is second
    assert list(ana.work) == [first.id]


async def test_offers_that_ended_unseen_are_left_out(router: TestRouter) -> None:
    """An agent that looks late sees only what is still open."""
    ana = await router.sign_in("ana")
    gone = await router.submit("support")
    await gone.abandon()
    call = await router.submit("support")
    assert (await ana.next_offer()).interaction_id == call.id


async def test_each_offer_goes_to_one_waiter(router: TestRouter) -> None:
    """Two that wait at one agent do not get the same offer."""
    waiting = [asyncio.create_task((await router.sign_in("ana")).next_offer()) for _ in range(2)]
    await router.submit("support")
    await router.settle()
    assert [task.done() for task in waiting] == [True, False]
    waiting[1].cancel()
    await router.settle()


async def test_offers_is_an_iterator_that_ends_when_the_agent_leaves(router: TestRouter) -> None:
    """A bot is a loop over its offers."""
    ana = await router.sign_in("ana")
    taken: list[str] = []

    async def bot() -> None:
        async for offer in ana.offers:
            work = await offer.accept()
            taken.append(work.id)
            await router.sleep(10)
            await ana.finish(work)

    running = asyncio.create_task(bot())
    for n in range(3):
        await router.submit("support", id=f"call-{n}")
    await router.advance("31s")
    assert taken == ["call-0", "call-1", "call-2"]
    await ana.sign_out()
    await running


async def test_nothing_is_offered_to_one_that_is_offline(router: TestRouter) -> None:
    """Waiting for offers without having signed in is an error, not a hang."""
    with pytest.raises(SignalError) as offline:
        await router.agent("ana").next_offer()
    assert offline.value.code == "offline"


async def test_wrap_up_runs_until_the_agent_says_so_or_its_limit(router: TestRouter) -> None:
    """Both ends of after-contact work."""
    ben = await router.sign_in("ben")
    for expected in (5_000, 30_000):
        call = await router.submit("billing")
        await (await ben.next_offer()).accept()
        await ben.finish(call.id)
        assert call.id not in ben.work
        assert isinstance(router.facts_of(call.id)[-1], WrapUpStarted)
        if expected < 30_000:
            await router.advance("5s")
            await ben.wrap_up_done(call)
        else:
            await router.advance("30s")
        closed = router.facts_of(call.id)[-1]
        assert isinstance(closed, AssignmentClosed)
        assert closed.wrap_up_ms == expected


async def test_an_agent_that_holds_work_cannot_leave(router: TestRouter) -> None:
    """It may drain: then it leaves when it is done."""
    ana = await router.sign_in("ana")
    call = await router.submit("support")
    await (await ana.next_offer()).accept()
    with pytest.raises(SignalError) as holds:
        await ana.sign_out()
    assert holds.value.code == "holds-work"
    await ana.drain()
    router.assert_presence("ana", "draining")
    await ana.finish(call)
    router.assert_presence("ana", "offline")


async def test_a_lost_agent_gets_its_work_back_or_loses_it(router: TestRouter) -> None:
    """Its work is held for a minute, then queued again."""
    ana = await router.sign_in("ana")
    call = await router.submit("support")
    await (await ana.next_offer()).accept()
    await ana.lost()
    router.assert_presence("ana", "offline")
    await router.advance("59s")
    router.assert_assigned(call.id, to="ana")
    await router.advance("1s")
    router.assert_waiting(call.id)
    assert (call.agent_id, ana.work) == (None, {})


async def test_heartbeats_keep_the_lease(plan: Plan) -> None:
    """One that is not heard from is offline."""
    async with TestRouter(a_plan(an_agent("ana"), presence_ttl_ms=30_000)) as router:
        ana = await router.sign_in("ana")
        for _ in range(4):
            await router.advance("20s")
            await ana.heartbeat()
        router.assert_presence("ana", "ready")
        await router.advance("30s")
        router.assert_presence("ana", "offline")


async def test_work_without_an_offer_arrives_as_one_that_is_accepted() -> None:
    """A bot's loop is the same with `auto_answer`."""
    rules = OfferRules(auto_answer=True)
    plan = a_plan(an_agent("ana"), sections=[a_section(offers={"voice": rules})])
    async with TestRouter(plan) as router:
        ana = await router.sign_in("ana")
        call = await router.submit("support")
        offer = await ana.next_offer()
        assert (offer.id, offer.state, offer.expires_at) == (0, "accepted", None)
        assert await offer.accept() is call
        assert await offer.ended() == "accepted"
        await ana.finish(call)
        unseen = await router.submit("support")
        await unseen.complete()
        later = await router.submit("support")
        assert (await ana.next_offer()).interaction is later


async def test_an_agent_that_does_not_answer_is_paused_where_the_rule_says_so() -> None:
    """Paused is not a presence: the handle says ready, and offers come again by themselves."""
    rules = OfferRules(on_no_answer="pause", pause_ms=30_000, retry_after_ms=1_000)
    plan = a_plan(an_agent("ana"), sections=[a_section(offers={"voice": rules})])
    async with TestRouter(plan) as router:
        ana = await router.sign_in("ana")
        await router.submit("support")
        await ana.next_offer()
        await router.advance("20s")
        assert any(isinstance(fact, AgentPaused) for fact in router.facts)
        router.assert_presence("ana", "ready")
        await router.advance("30s")
        assert isinstance(await ana.next_offer(), Offer)


async def test_an_automated_agent_hands_over_to_people() -> None:
    """`to_people` keeps bots away for good."""
    plan = a_plan(an_agent("bot", kind="automated"), an_agent("ana"))
    async with TestRouter(plan) as router:
        bot = await router.sign_in("bot")
        call = await router.submit("support")
        await (await bot.next_offer()).accept()
        await bot.transfer(call, to_people=True)
        router.assert_waiting(call.id)
        await router.sign_in("ana")
        router.assert_offered(call.id, to="ana")
