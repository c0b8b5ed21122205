"""What agents and submitters can rely on, the same over every transport."""

from __future__ import annotations

import asyncio
from typing import TypeVar

import pytest

from agents import wire
from agents.client import AgentClient
from agents.desk import Offer, Work
from agents.errors import ClosedError, CommandRefused, UnreachableError
from agents.repeating import DONE_ALREADY
from agents.submitter import SubmitterClient
from tests.agents.stand import PATIENCE_S, Stand, eventually

MessageT = TypeVar("MessageT", bound=wire.Message)


async def next_offer(me: AgentClient) -> Offer:
    async with asyncio.timeout(PATIENCE_S):
        return await me.next_offer()


async def connected(me: AgentClient) -> Work:
    return await (await next_offer(me)).accept()


async def left(work: Work) -> str:
    async with asyncio.timeout(PATIENCE_S):
        return await work.left()


async def test_a_whole_interaction(stand: Stand) -> None:
    """Submitted, offered, accepted, finished, wrapped up: both sides hear each step."""
    async with stand.submitter() as shop, stand.agent("ana") as me:
        call = await shop.submit("billing", id="call-1", attributes={"topic": "refund"}, customer="c-1")
        assert call.answer == "queued"
        offer = await next_offer(me)
        assert (offer.interaction_id, offer.details.attributes) == ("call-1", {"topic": "refund"})
        work = await offer.accept()
        assigned = await call.answered()
        assert assigned is not None
        assert assigned.agent_id == "ana"
        await work.finish()
        assert (await call.ended()).how == "completed"
        assert await left(work) in {"finished", "wrap-up"}
        await eventually(lambda: work.state == "wrap-up", "the wrap-up begins")
        assert list(me.work) == ["call-1"]
        await work.wrap_up_done()
        await eventually(lambda: work.state == "closed", "the wrap-up is over")
        assert dict(me.work) == {}
    stand.router.assert_presence("ana", "offline")


async def test_the_inbox_tells_the_whole_story(stand: Stand) -> None:
    """A submitter that iterates over its inbox reads the answer, the transfer, the next answer and the end, in order."""
    async with stand.submitter() as shop, stand.agent("ana") as me:
        await shop.submit("support", id="call-1")
        work = await connected(me)
        async with stand.agent("ben") as ben:
            await work.transfer("billing")
            await (await connected(ben)).finish()
        told: list[str] = []
        async for message in shop.inbox:
            told.append(getattr(message, "type"))  # noqa: B009 - every message of an inbox has one
            if told[-1] == "ended":
                break
        assert told == ["assigned", "requeued", "assigned", "ended"]


async def heard(shop: SubmitterClient, kind: type[MessageT]) -> MessageT:
    """Read the inbox up to a message of that kind."""
    async with asyncio.timeout(PATIENCE_S):
        async for message in shop.inbox:
            if isinstance(message, kind):
                return message
    raise AssertionError("the inbox ended")


async def test_a_waiting_customer_is_told_something(stand: Stand) -> None:
    """What a ladder says to it, and the offer to call it back, come to its submitter."""
    async with stand.submitter() as shop:
        await shop.submit("recall", id="call-1")
        await stand.router.advance("5s")
        said = await heard(shop, wire.Announcement)
        assert (said.interaction_id, said.target, said.text) == ("call-1", "customer", "soon")
        offered = await heard(shop, wire.CallbackOffer)
        assert (offered.interaction_id, offered.text) == ("call-1", "press 1")


async def test_a_customer_is_called_back(stand: Stand) -> None:
    """Booked while it waits, kept when it hangs up, dialled once an agent has it, tried again when nobody is there, and reached; what is
    said twice is refused as what a repeat takes for done.
    """
    async with stand.submitter() as shop:
        call = await shop.submit("recall", id="call-1")
        await call.call_back("+41 44 000 00 00")
        hung_up = await shop.send("abandon", wire.Abandon(interaction_id="call-1"))
        assert hung_up.answer == "callback"
        async with stand.agent("ana") as ana:
            await connected(ana)
            dial = await heard(shop, wire.Dial)
            assert (dial.interaction_id, dial.number, dial.agent_id) == (
                "call-1",
                "+41 44 000 00 00",
                "ana",
            )
            assert dial.attempt == 1
            await call.not_reached("busy")
            with pytest.raises(CommandRefused) as again:
                await call.not_reached("busy")
            assert (again.value.code, again.value.state) in DONE_ALREADY["not-reached"]
        await stand.router.advance("5m")
        async with stand.agent("ben") as ben:
            work = await connected(ben)
            dial = await heard(shop, wire.Dial)
            assert (dial.agent_id, dial.attempt) == ("ben", 2)
            await call.reached()
            with pytest.raises(CommandRefused) as again:
                await call.reached()
            assert (again.value.code, again.value.state) in DONE_ALREADY["reached"]
            await work.finish()
            assert (await call.ended()).how == "completed"


async def test_a_broadcast_is_withdrawn_from_who_was_slower(stand: Stand) -> None:
    """Two agents have it offered; the first to accept has it, and the other's offer is rescinded."""
    async with stand.submitter() as shop, stand.agent("ana") as ana, stand.agent("ben") as ben:
        await shop.submit("rush", id="call-1")
        hers, his = await next_offer(ana), await next_offer(ben)
        work = await his.accept()
        async with asyncio.timeout(PATIENCE_S):
            assert await hers.ended() == "rescinded"
        assert (hers.reason, ana.work, list(ben.work)) == ("taken", {}, ["call-1"])
        with pytest.raises(CommandRefused) as refused:
            await hers.accept()
        assert refused.value.code == "offer-ended"
        await work.finish()


async def test_a_declined_offer_goes_to_the_next_agent(stand: Stand) -> None:
    """What ana declines is offered to ben, and ana's offer says how it ended."""
    async with stand.submitter() as shop, stand.agent("ana") as ana:
        await shop.submit("support", id="call-1")
        offer = await next_offer(ana)
        async with stand.agent("ben") as ben:
            await offer.decline("not now")
            assert (offer.state, ana.offers_open) == ("declined", {})
            assert (await next_offer(ben)).interaction_id == "call-1"


async def test_a_failed_offer_is_nobodys_fault(stand: Stand) -> None:
    """An offer that could not reach the agent ends as failed and the agent stays ready."""
    async with stand.submitter() as shop, stand.agent("ana") as ana:
        await shop.submit("support", id="call-1")
        offer = await next_offer(ana)
        await offer.fail("busy")
        assert (offer.state, ana.presence) == ("failed", "ready")


async def test_an_expired_offer_is_taken_back(stand: Stand) -> None:
    """An offer that nobody answers is rescinded, and the agent hears that it was set not-ready for it."""
    async with stand.submitter() as shop, stand.agent("ana") as ana:
        await shop.submit("support", id="call-1")
        offer = await next_offer(ana)
        await stand.router.advance("5s")
        await beaten(stand, "ana")
        await stand.router.advance("9s")
        await beaten(stand, "ana")
        await stand.router.advance("7s")
        async with asyncio.timeout(PATIENCE_S):
            assert await offer.ended() == "rescinded"
        assert offer.reason == "expired"
        await eventually(lambda: ana.presence == "not-ready", "it is told")
        assert ana.reason == "no-answer"
        with pytest.raises(CommandRefused, match="expired") as refused:
            await offer.accept()
        assert (refused.value.code, refused.value.state) == ("offer-ended", "expired")
        await ana.ready()
        await eventually(lambda: ana.presence == "ready", "it is back")


async def beaten(stand: Stand, agent: str) -> None:
    """Wait until the router has heard from the agent at the present moment."""
    state = stand.router.centre.agents[stand.router.agent(agent).id]
    await eventually(lambda: state.last_heard == stand.router.now(), f"{agent} is heard")


async def test_heartbeats_keep_the_lease(stand: Stand) -> None:
    """While the client is there the lease of 10 s never runs out; without it, it does."""
    async with stand.agent("ana") as ana:
        for _ in range(4):
            await stand.router.advance("9s")
            await beaten(stand, "ana")
        assert ana.presence == "ready"
    async with stand.agent("ben", heartbeat_s=3600):
        await stand.router.advance("11s")
        stand.router.assert_presence("ben", "offline")


async def test_an_agent_that_was_taken_for_lost_comes_back(stand: Stand) -> None:
    """After its lease ran out the client signs in again by itself, as it was before."""
    async with stand.agent("ana") as ana:
        await ana.not_ready("lunch")
        await eventually(lambda: ana.reason == "lunch", "it is told")
        await stand.router.advance("11s")
        await eventually(lambda: stand.router.agent("ana").presence == "not-ready", "it came back")
        await eventually(lambda: (ana.presence, ana.reason) == ("not-ready", "lunch"), "it is told again")


async def test_the_customer_leaves_while_the_agent_accepts(stand: Stand) -> None:
    """Of an abandon and an accept that meet, one wins, and the other is refused with what happened."""
    async with stand.submitter() as shop, stand.agent("ana") as ana:
        for number in range(5):
            call = await shop.submit("support", id=f"call-{number}")
            offer = await next_offer(ana)
            work, gone = await asyncio.gather(offer.accept(), call.abandon(), return_exceptions=True)
            if isinstance(work, Work):
                assert isinstance(gone, CommandRefused)
                assert (gone.code, gone.state) == ("illegal-state", "assigned")
                await work.finish()
            else:
                assert isinstance(work, CommandRefused)
                assert (work.code, work.state) == ("offer-ended", "cancelled")
                assert gone is None
            await call.ended()


async def test_a_cancelled_contact_is_taken_from_the_agent(stand: Stand) -> None:
    """Cancelled while connected: the agent's work is released, and finishing it then is refused."""
    async with stand.submitter() as shop, stand.agent("ana") as ana:
        call = await shop.submit("support", id="call-1")
        work = await connected(ana)
        await call.cancel("spam")
        assert (await call.ended()).how == "cancelled"
        assert await left(work) in {"closed", "released"}
        await eventually(lambda: (work.state, work.reason) == ("released", "cancelled"), "it is told why")
        with pytest.raises(CommandRefused) as refused:
            await work.finish()
        assert (refused.value.code, refused.value.state) == ("interaction-ended", "cancelled")


async def test_the_customer_hangs_up(stand: Stand) -> None:
    """A contact that is completed from the customer's side is released at the agent and ended at the submitter."""
    async with stand.submitter() as shop, stand.agent("ana") as ana:
        call = await shop.submit("support", id="call-1")
        work = await connected(ana)
        await call.complete()
        assert (await call.ended()).how == "completed"
        assert await left(work) in {"released", "closed"}


async def test_the_same_submission_twice_is_one(stand: Stand) -> None:
    """The same id with the same content is one interaction; with other content it is a conflict."""
    async with stand.submitter() as shop:
        first = await shop.submit("support", id="call-1")
        assert await shop.submit("support", id="call-1") is first
        with pytest.raises(CommandRefused) as refused:
            await shop.submit("billing", id="call-1")
        assert refused.value.code == "conflict"


async def test_an_unknown_agent_is_told_so(stand: Stand) -> None:
    """Entering as an agent that the centre does not have raises what the router says."""
    with pytest.raises(CommandRefused) as refused:
        async with stand.agent("hugo"):
            pass
    assert refused.value.code == "unknown-agent"


async def test_leaving_ends_the_offers(stand: Stand) -> None:
    """An agent that drains goes offline when it is done, and the loop over its offers ends."""
    async with stand.submitter() as shop, stand.agent("ana") as ana:
        await shop.submit("support", id="call-1")
        async with asyncio.timeout(PATIENCE_S):
            async for offer in ana.offers:
                work = await offer.accept()
                await ana.drain()
                await work.finish()
        assert (ana.presence, ana.reason) == ("offline", "drained")
        with pytest.raises(ClosedError):
            await ana.next_offer()
        await ana.sign_in()
        await shop.submit("support", id="call-2")
        assert (await next_offer(ana)).interaction_id == "call-2"


async def test_signing_out_with_work_is_refused(stand: Stand) -> None:
    """An agent that is connected to somebody cannot sign out, and goes on."""
    async with stand.submitter() as shop, stand.agent("ana") as ana:
        await shop.submit("support", id="call-1")
        work = await connected(ana)
        with pytest.raises(CommandRefused) as refused:
            await ana.sign_out()
        assert refused.value.code == "holds-work"
        await work.finish()
        await ana.sign_out()
        stand.router.assert_presence("ana", "offline")


async def test_work_goes_on_over_a_restart_of_the_router(stand: Stand) -> None:
    """Another router goes on from the snapshot: an offer and a contact are where they were, and nothing is shown twice."""
    async with stand.submitter() as shop, stand.agent("ana") as ana, stand.agent("ben") as ben:
        first = await shop.submit("support", id="call-1")
        work = await connected(ana)
        second = await shop.submit("support", id="call-2")
        offer = await next_offer(ben)
        snapshot = await stand.stop()
        await eventually(lambda: not ana.is_connected and not ben.is_connected, "the link is gone")
        await stand.start(snapshot)
        await work.finish()
        assert (await first.ended()).how == "completed"
        later = await offer.accept()
        await eventually(lambda: ana.is_connected and ben.is_connected, "the link is back")
        await later.finish()
        assert (await second.ended()).how == "completed"
        third = await shop.submit("support", id="call-3")
        getting = [asyncio.create_task(next_offer(each)) for each in (ana, ben)]
        await asyncio.wait(getting, return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE_S)
        taken = [task.result().interaction_id for task in getting if task.done()]
        for task in getting:
            task.cancel()
        assert taken == ["call-3"]
        await third.cancel()


async def test_what_ended_while_the_router_was_away_is_told(stand: Stand) -> None:
    """Offers and contacts that the router does not have any more when it is back are gone from the desk."""
    async with stand.submitter() as shop, stand.agent("ana") as ana, stand.agent("ben") as ben:
        await shop.submit("support", id="call-1")
        work = await connected(ana)
        await shop.submit("support", id="call-2")
        offer = await next_offer(ben)
        await stand.stop()
        await stand.start(None)
        assert await left(work) == "gone"
        async with asyncio.timeout(PATIENCE_S):
            assert await offer.ended() == "gone"
        await eventually(lambda: stand.router.agent("ana").presence == "ready", "it signs in again")
        assert (ana.work, ben.offers_open) == ({}, {})


async def test_a_command_waits_for_the_router(stand: Stand) -> None:
    """What is submitted while the router is away is repeated until it is back, and taken once."""
    async with stand.submitter() as shop:
        snapshot = await stand.stop()
        submitting = asyncio.create_task(shop.submit("support", id="call-1"))
        await eventually(lambda: not shop.is_connected, "the link is gone")
        await stand.start(snapshot)
        assert (await submitting).answer == "queued"
        assert len(stand.router.centre.interactions) == 1


async def test_a_broken_link_loses_nothing(stand: Stand) -> None:
    """Offers made while the link is broken are there when it is back; those that were there are not shown again."""
    async with stand.submitter() as shop, stand.agent("ana") as ana:
        call = await shop.submit("support", id="call-1")
        offer = await next_offer(ana)
        await stand.break_link()
        work = await offer.accept()
        await stand.break_link()
        await work.finish()
        assert (await call.ended()).how == "completed"
        await stand.break_link()
        await shop.submit("support", id="call-2")
        assert (await next_offer(ana)).interaction_id == "call-2"
        assert ana.offers_open.keys() == {2}


async def test_nobody_at_the_address() -> None:
    """An address where nobody listens is unreachable after the time that was given, and the error says where and who."""
    with pytest.raises(UnreachableError, match=r"http://127\.0\.0\.1:9 for agent 'ana' in 0\.2 s"):
        async with AgentClient("http://127.0.0.1:9", agent="ana", give_up_s=0.2):
            pass


async def test_what_ended_behind_the_agents_back_is_told(stand: Stand) -> None:
    """A router that comes back with the agent signed in, but without one of its contacts, tells it so."""
    async with stand.submitter() as shop, stand.agent("ana", heartbeat_s=3600) as ana:
        await shop.submit("support", id="call-1")
        work = await connected(ana)
        await stand.start(await stand.cancelled_meanwhile(await stand.stop(), "call-1"))
        assert await left(work) == "gone"
        assert ana.work == {}
