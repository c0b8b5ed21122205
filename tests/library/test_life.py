"""Start, stop, restart, a new plan, and explanations: the router as a whole."""

from __future__ import annotations

import asyncio
import json

import pytest

from router import InteractionEnded, InvariantError, Plan, Router, SignalError
from router.core.names import InteractionId
from router.core.signals import InteractionAbandoned
from router.testing import ManualClock, TestRouter, a_plan, a_section, an_agent


async def test_nothing_can_be_sent_before_the_start(plan: Plan) -> None:
    """The error says what to do."""
    router = Router(plan)
    for early in (router.submit("support"), router.sign_in("ana"), router.replace_plan(plan)):
        with pytest.raises(SignalError, match="async with") as closed:
            await early
        assert closed.value.code == "closed"
    for look in (router.snapshot, lambda: router.explain("call-1"), lambda: router.interaction("call-1")):
        with pytest.raises(SignalError, match="async with"):
            look()
    assert router.plan is plan


async def test_a_router_is_started_once(plan: Plan) -> None:
    """A second start is a bug of the caller."""
    router = TestRouter(plan)
    async with router:
        with pytest.raises(RuntimeError, match="once"):
            await router.__aenter__()


async def test_closing_wakes_everybody_who_waits(plan: Plan) -> None:
    """Waiting calls get `closed`, iterators end, nobody hangs; the open offer is not touched."""
    async with TestRouter(plan) as router:
        ana = await router.sign_in("ana")
        ben = await router.sign_in("ben")
        call = await router.submit("support")
        offer = await ana.next_offer()
        facts = router.subscribe()
        waiting = [
            asyncio.create_task(each)
            for each in (call.answered(), call.ended(), offer.ended(), ana.next_offer(), anext(facts))
        ]
        bot = asyncio.create_task(anext(ben.offers, None))
        await router.settle()
        before = list(router.facts)
    for task in waiting[:4]:
        with pytest.raises(SignalError) as closed:
            await task
        assert closed.value.code == "closed"
    with pytest.raises(StopAsyncIteration):
        await waiting[4]
    assert await bot is None
    assert router.facts == before
    assert offer.state == "open"


async def test_after_closing_everything_says_closed(plan: Plan) -> None:
    """Handles from before included; closing again is harmless, and what happened can still be read."""
    async with TestRouter(plan) as router:
        ana = await router.sign_in("ana")
        call = await router.submit("support")
    for late in (call.cancel(), call.ended(), ana.ready(), ana.next_offer(), router.submit("support")):
        with pytest.raises(SignalError) as closed:
            await late
        assert closed.value.code == "closed"
    assert [fact async for fact in router.subscribe()] == []
    await router.close()
    assert router.explain(call.id).state == "offered"


async def test_what_was_sent_before_closing_is_taken(plan: Plan) -> None:
    """A signal in the mailbox is not lost."""
    async with TestRouter(plan) as router:
        call = await router.submit("support")
        reply = router.post(InteractionAbandoned(call.id))
    assert await reply == "done"
    router.assert_ended(call.id, how="abandoned")


async def test_an_error_in_the_block_closes_the_router(plan: Plan) -> None:
    """It gets out as it is."""
    router = TestRouter(plan)
    with pytest.raises(ZeroDivisionError):
        async with router:
            raise ZeroDivisionError
    assert router.over is not None


async def test_a_broken_engine_stops_the_router_loudly(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits gets the error; so does whoever comes later."""
    reported: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["message"]))
    async with TestRouter(plan) as router:
        call = await router.submit("support")
        waiting = asyncio.create_task(call.answered())
        facts = router.subscribe()
        await router.settle()
        monkeypatch.setattr(router._directory, "read", lambda fact: 1 / 0)
        for broken in (call.abandon(), waiting, anext(facts), router.sign_in("ana"), call.ended()):
            with pytest.raises(InvariantError, match="division by zero"):
                await broken
    assert reported == ["the router has stopped"]


async def test_a_snapshot_goes_on_where_it_was_taken(plan: Plan) -> None:
    """Offers stay open, work stays with its agent, what waits keeps its place; nothing is said twice."""
    clock = ManualClock()
    async with TestRouter(plan, clock=clock) as first:
        ana, ben = await first.sign_in("ana"), await first.sign_in("ben")
        for name, queue in (("a", "support"), ("b", "anything"), ("c", "anything")):
            await first.submit("support", id=name, queue=queue)
        await (await ben.next_offer()).accept()
        gone = await first.submit("support", id="gone")
        await gone.abandon()
        assert (await ana.next_offer()).interaction_id == "a"
        snapshot = json.loads(json.dumps(first.snapshot()))
    async with TestRouter(plan, clock=clock, snapshot=snapshot) as second:
        ana, ben = second.agent("ana"), second.agent("ben")
        assert (ana.presence, ben.presence) == ("ready", "ready")
        assert [str(second.state_of(name)) for name in "abc"] == ["offered", "assigned", "queued"]
        assert list(ben.work) == ["b"]
        assert second.facts == []
        call = second.interaction("b")
        answer = await call.answered()
        assert answer is not None
        assert answer.agent_id == "ben"
        offer = await ana.next_offer()
        assert offer.expires_at == second.now() + 20_000
        await offer.accept()
        await ben.finish("b")
        second.assert_offered("c", to="ben")
        again = await second.submit("support", id="gone")
        assert again.state == "ended"
        with pytest.raises(SignalError) as ended:
            await again.ended()
        assert ended.value.state == "abandoned"


async def test_a_machine_whose_clock_went_back_goes_on(plan: Plan) -> None:
    """Restarted with an earlier clock, the router's time stands still until the clock has caught up."""
    async with TestRouter(plan, clock=ManualClock(1_000_000)) as first:
        await first.sign_in("ana")
        await first.submit("support", id="call-1")
        snapshot = first.snapshot()
    async with TestRouter(plan, clock=ManualClock(990_000), snapshot=snapshot) as second:
        await second.submit("support", id="call-2")
        assert second.facts[-1].at == 1_000_000
        await second.advance("29s")
        second.assert_offered("call-1", to="ana")
        await second.advance("1s")
        second.assert_waiting("call-1")


async def test_a_new_plan_takes_over_at_once(router: TestRouter) -> None:
    """Work that waits is decided under it."""
    call = await router.submit("support")
    await router.sign_in("ben")
    router.assert_waiting(call.id)
    able = a_plan(
        an_agent("ben", skills={"english": 7}),
        sections=[*router.plan.sections],
        version="2",
    )
    await router.replace_plan(able)
    assert router.plan is able
    router.assert_offered(call.id, to="ben")


async def test_an_impossible_plan_changes_nothing(router: TestRouter) -> None:
    """A queue with work in it is gone and has no successor."""
    before = router.plan
    await router.submit("billing")
    with pytest.raises(SignalError) as rejected:
        await router.replace_plan(a_plan(an_agent("ana"), sections=[a_section("support")], version="2"))
    assert rejected.value.code == "plan-rejected"
    assert router.plan is before


async def test_explain_names_each_agents_reason(router: TestRouter) -> None:
    """For waiting work and for work that somebody has."""
    await router.sign_in("ben")
    call = await router.submit("support")
    waits = router.explain(call.id)
    assert waits.state == "queued"
    assert {verdict.agent_id: verdict.code for verdict in waits.verdicts} == {
        "ana": "offline",
        "ben": "requirement",
    }
    await router.sign_in("ana")
    assert router.explain(call.id).chosen == "ana"
    with pytest.raises(SignalError) as unknown:
        router.explain("call-7")
    assert unknown.value.code == "unknown-interaction"


async def test_the_same_signals_at_the_same_times_give_the_same_facts(plan: Plan) -> None:
    """Byte for byte, whatever the tasks' interleaving was made of."""

    async def a_day() -> str:
        async with TestRouter(plan) as router:

            async def bot(name: str) -> None:
                agent = await router.sign_in(name)
                async for offer in agent.offers:
                    await router.sleep(2)
                    work = await offer.accept()
                    await router.sleep(7 if name == "ana" else 11)
                    await agent.finish(work)

            bots = [asyncio.create_task(bot(name)) for name in ("ana", "ben")]
            for n in range(20):
                await router.submit("support" if n % 3 else "billing", id=f"call-{n}", priority=n % 4)
                await router.advance("3s")
            await router.advance("5m")
            for task in bots:
                task.cancel()
            await asyncio.gather(*bots, return_exceptions=True)
            assert sum(isinstance(fact, InteractionEnded) for fact in router.facts) == 20
            return "\n".join(map(repr, router.facts))

    assert await a_day() == await a_day()


async def test_the_router_keeps_no_handle_of_what_ended(router: TestRouter) -> None:
    """Memory follows what is live."""
    ben = await router.sign_in("ben")
    for _ in range(10):
        call = await router.submit("billing")
        await (await ben.next_offer()).accept()
        await ben.finish(call)
        await ben.wrap_up_done(call)
    directory = router._directory
    assert (directory.interactions, directory.offers, ben.offers_open, ben.work) == ({}, {}, {}, {})
    assert InteractionId("i-1") not in directory.interactions
