"""The public kit for tests: its assertions say what happened instead."""

from __future__ import annotations

import asyncio

import pytest

from agents.model import ChannelId, WrapUp
from router import Plan, SignalError
from router.core.facts import InteractionQueued, OfferEnded, OfferMade, RefusalsCleared
from router.core.plan import Channel, OfferRules
from router.core.plan_check import plan_problems
from router.policies import BUILT_IN
from router.testing import EngineDriver, TestRouter, a_plan, a_queue, a_section, an_agent, needs
from tests.oracle.reference import ReferenceRouter


async def test_assertions_pass_where_they_hold(router: TestRouter) -> None:
    """One after the other, along the life of a call."""
    router.assert_presence("ana", "offline")
    await router.submit("support", id="call-1")
    router.assert_waiting("call-1")
    router.assert_waiting("call-1", queue="support")
    ana = await router.sign_in("ana")
    router.assert_presence("ana", "ready")
    router.assert_offered("call-1")
    router.assert_offered("call-1", to="ana")
    await (await ana.next_offer()).accept()
    router.assert_assigned("call-1")
    router.assert_assigned("call-1", to="ana")
    await ana.finish("call-1")
    router.assert_ended("call-1")
    router.assert_ended("call-1", how="completed", reason="")


async def test_a_failed_assertion_tells_the_story(router: TestRouter) -> None:
    """What was expected, what is, what happened when, and why."""
    await router.sign_in("ben")
    await router.submit("support", id="call-1")
    await router.advance("2m30s")
    with pytest.raises(AssertionError) as failed:
        router.assert_offered("call-1", to="ben")
    lines = str(failed.value).splitlines()
    assert lines[0] == "expected call-1 to be offered to ben, but it is queued"
    assert lines[1].startswith("     +0.000s InteractionQueued(section=support, queue=support,")
    assert "  ben: requirement: english 2 < 3" in lines


@pytest.mark.parametrize(
    ("check", "says"),
    [
        (
            lambda router: router.assert_offered("call-1", to="ben"),
            "offered to ben, but it is offered to ana",
        ),
        (lambda router: router.assert_assigned("call-1"), "assigned, but it is offered"),
        (lambda router: router.assert_waiting("call-1"), "waiting, but it is offered"),
        (
            lambda router: router.assert_waiting("call-2", queue="anything"),
            "in anything, but it is waiting in support",
        ),
        (lambda router: router.assert_ended("call-1", how="expired"), "ended as expired, but it is offered"),
        (
            lambda router: router.assert_ended("gone", how="expired"),
            r"expired, but it is ended as cancelled \(no\)",
        ),
        (
            lambda router: router.assert_ended("gone", reason="yes"),
            r"ended \(yes\), but it is ended as cancelled",
        ),
        (lambda router: router.assert_assigned("call-9"), "it is unknown; there is call-1, call-2, gone"),
        (lambda router: router.assert_presence("ana", "offline"), "ana to be offline, but it is ready"),
    ],
)
async def test_every_failure_names_what_is(router: TestRouter, check: object, says: str) -> None:
    """Wrong agent, state, queue, end, reason, id, presence."""
    await router.sign_in("ana")
    for name in ("call-1", "call-2", "gone"):
        await router.submit("support", id=name)
    await router.interaction("gone").cancel("no")
    assert callable(check)
    with pytest.raises(AssertionError, match=says):
        check(router)


async def test_a_failure_about_the_wrong_agent_after_the_answer(router: TestRouter) -> None:
    """It names who has it."""
    ana = await router.sign_in("ana")
    await router.submit("support", id="call-1")
    await (await ana.next_offer()).accept()
    with pytest.raises(AssertionError, match="assigned to ben, but it is assigned to ana"):
        router.assert_assigned("call-1", to="ben")


async def test_time_passes_from_deadline_to_deadline(router: TestRouter) -> None:
    """Tasks that wake act at their moment, not at the end of the jump."""
    ana = await router.sign_in("ana")

    async def answer() -> None:
        offer = await ana.next_offer()
        await router.sleep(19)
        await offer.accept()

    answering = asyncio.create_task(answer())
    await router.submit("support", id="call-1")
    await router.advance("1h")
    await answering
    ended = next(fact for fact in router.facts_of("call-1") if isinstance(fact, OfferEnded))
    assert (ended.how, ended.at - router.started_at) == ("accepted", 19_000)


async def test_a_sleep_of_nothing_takes_no_time(router: TestRouter) -> None:
    """It lets others run."""
    await router.sleep(0)
    assert router.now() == router.started_at


def test_the_driver_needs_no_event_loop(plan: Plan) -> None:
    """Sends signals, lets time pass, and knows who has what."""
    driver = EngineDriver(plan)
    driver.sign_in("ana", "ben")
    call = driver.arrive("support")
    assert driver.offered_to(call) == "ana"
    assert driver.open_offer(driver.offers[call].offer_id) == driver.offers[call]
    assert driver.decline(call) == "ana"
    assert driver.offered_to(call) is None
    facts = driver.advance("6s")
    assert [type(fact) for fact in facts] == [RefusalsCleared, OfferMade]
    assert driver.accept(call) == "ana"
    assert driver.finish(call) == "ana"
    assert driver.ends[call].how == "completed"
    bill = driver.arrive("billing", id="bill")
    assert driver.accept(bill) == driver.finish(bill) == driver.wrap_up_done(bill)
    left, off = driver.arrive("support"), driver.arrive("support")
    driver.abandon(left)
    driver.cancel(off, "wrong number")
    assert (driver.ends[left].how, driver.ends[off].reason) == ("abandoned", "wrong number")


def test_the_driver_says_what_is_not_there(plan: Plan) -> None:
    """Accepting what is not offered is a mistake of the test."""
    driver = EngineDriver(plan)
    call = driver.arrive("support")
    with pytest.raises(AssertionError, match="not offered"):
        driver.accept(call)
    with pytest.raises(AssertionError, match="nobody was connected"):
        driver.finish(call)
    with pytest.raises(SignalError):
        driver.arrive("support", queue="nowhere")
    assert driver.open_offer(driver.offers[call].offer_id if call in driver.offers else 7) is None  # type: ignore[arg-type]


def test_the_driver_drives_whatever_has_the_engines_interface(plan: Plan) -> None:
    """The reference router, say; both give the same facts."""
    drivers = EngineDriver(plan), EngineDriver(plan, core=ReferenceRouter(plan, now=EngineDriver(plan).now))
    for driver in drivers:
        driver.sign_in("ana")
        driver.arrive("support")
        driver.advance("2m")
    assert drivers[0].facts == drivers[1].facts
    assert len(drivers[0].facts) > 3


def test_builders_make_plans_that_hold_together() -> None:
    """With nothing said, and with everything said."""
    assert plan_problems(a_plan(), BUILT_IN) == []
    plan = a_plan(
        an_agent("ana", skills={"english": 5}, tags={"team": "a"}, channels=["chat"], capacity=50),
        channels=[Channel(channel_id=ChannelId("chat"), cost=25)],
        sections=[
            a_section(
                "support",
                a_queue("gold", requirement=needs(english=4), priority=2),
                offers={"chat": OfferRules(timeout_ms=5_000)},
                wrap_up={"chat": WrapUp(kind="timed", limit_ms=1_000)},
            )
        ],
    )
    assert plan_problems(plan, BUILT_IN) == []
    driver = EngineDriver(plan)
    call = driver.arrive("support")
    queued = driver.facts[0]
    assert isinstance(queued, InteractionQueued)
    assert (queued.queue, queued.channel, queued.priority) == ("gold", "chat", 2)
    driver.sign_in("ana")
    assert driver.offered_to(call) == "ana"


def test_the_test_router_is_not_a_test() -> None:
    """Pytest leaves it alone where it is imported."""
    assert TestRouter.__test__ is False
