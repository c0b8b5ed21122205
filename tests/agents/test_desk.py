"""The desk by itself: messages that come twice, late, or not at all."""

from __future__ import annotations

import pytest

from agents import wire
from agents.desk import Desk, Offer
from agents.errors import ClosedError

NOW = wire.moment(1_000_000)


class Mute:
    """Accepts whatever is said."""

    async def send(self, verb: str, command: wire.AgentCommand) -> wire.Accepted:
        return wire.Accepted(answer="done")


@pytest.fixture
def desk() -> Desk:
    """An empty desk."""
    return Desk(Mute())


def contact(name: str) -> wire.Work:
    return wire.Work(interaction_id=name, section="s", queue="s", channel="voice", priority=0, queued_at=NOW)


def an_offer(number: int, name: str) -> wire.Offer:
    return wire.Offer(offer_id=number, expires_at=NOW, work=contact(name))


def a_state(*offers: wire.Offer, work: list[wire.HeldWork] | None = None) -> wire.AgentState:
    return wire.AgentState(agent_id="ana", presence="ready", offers=list(offers), work=work or [])


def held(name: str, **more: object) -> wire.HeldWork:
    return wire.HeldWork.model_validate({"state": "connected", "work": contact(name), **more})


def unseen(desk: Desk) -> list[tuple[int, str]]:
    found: list[Offer] = []
    while (offer := desk.next_unseen()) is not None:
        found.append(offer)
    return [(offer.id, offer.interaction_id) for offer in found]


def test_an_offer_that_comes_twice_is_shown_once(desk: Desk) -> None:
    """A repeated message, and a state that lists what is open, show nothing again."""
    desk.take(an_offer(1, "call-1"))
    desk.take(an_offer(1, "call-1"))
    desk.take(a_state(an_offer(1, "call-1")))
    assert unseen(desk) == [(1, "call-1")]


def test_an_offer_that_comes_after_its_end_is_not_shown(desk: Desk) -> None:
    """A message that a broker delivers again, late, does not bring back what is over."""
    desk.take(an_offer(1, "call-1"))
    desk.take(wire.Rescind(offer_id=1, interaction_id="call-1", reason="expired"))
    desk.take(an_offer(1, "call-1"))
    assert (unseen(desk), desk.offers_open) == ([], {})


def test_the_same_number_of_another_router_is_another_offer(desk: Desk) -> None:
    """A router that forgot everything counts from 1 again; its offers are of other interactions, and shown."""
    desk.take(an_offer(1, "call-1"))
    desk.take(wire.Rescind(offer_id=1, interaction_id="call-1", reason="expired"))
    desk.take(an_offer(1, "call-2"))
    assert unseen(desk) == [(1, "call-2")]


async def test_a_contact_that_the_reply_tells_first_is_not_shown_again(desk: Desk) -> None:
    """Over HTTP the reply to an accept may overtake the inbox, and a state that is older than both."""
    desk.take(an_offer(1, "call-1"))
    offer = desk.next_unseen()
    assert offer is not None
    work = await offer.accept()
    desk.take(a_state(an_offer(1, "call-1")))
    desk.take(wire.Connect(work=contact("call-1")))
    assert (unseen(desk), desk.work) == ([], {"call-1": work})
    assert (offer.state, work.state) == ("accepted", "connected")


async def test_a_contact_that_no_further_state_has_is_gone(desk: Desk) -> None:
    """What the router never confirmed is believed once, not for ever."""
    desk.take(an_offer(1, "call-1"))
    offer = desk.next_unseen()
    assert offer is not None
    work = await offer.accept()
    desk.take(a_state())
    assert work.is_mine
    desk.take(a_state())
    assert (work.state, desk.work) == ("gone", {})


def test_what_was_held_before_arrives_as_accepted(desk: Desk) -> None:
    """A desktop that has just been started gets its contacts by its loop; wrap-ups lie there, and are not offered."""
    desk.take(
        a_state(an_offer(3, "call-3"), work=[held("call-1"), held("call-2", state="wrap-up", until=NOW)])
    )
    assert unseen(desk) == [(0, "call-1"), (3, "call-3")]
    assert {name: work.state for name, work in desk.work.items()} == {
        "call-1": "connected",
        "call-2": "wrap-up",
    }


def test_what_ended_unseen_is_gone(desk: Desk) -> None:
    """An offer and a contact that a state does not have any more are told to be gone, and not shown."""
    desk.take(an_offer(1, "call-1"))
    desk.take(wire.Connect(work=contact("call-2")))
    offer, work = desk.offers_open[1], desk.work["call-2"]
    desk.take(a_state())
    assert (offer.state, work.state, unseen(desk)) == ("gone", "gone", [])


def test_suspended_work_is_taken_up_again(desk: Desk) -> None:
    """Work that is put aside is still the agent's, and comes back."""
    desk.take(wire.Connect(work=contact("call-1")))
    work = desk.work["call-1"]
    desk.take(wire.Suspend(interaction_id="call-1"))
    assert (work.state, work.is_mine) == ("suspended", True)
    desk.take(wire.Resume(interaction_id="call-1"))
    assert work.state == "connected"


@pytest.mark.parametrize(
    ("reason", "has_left"), [("", True), ("drained", True), ("lease", False), ("connection-lost", False)]
)
def test_only_an_agent_that_wanted_to_has_left(desk: Desk, reason: str, has_left: bool) -> None:
    """The router's own reasons for offline are not the agent's end: its client signs in again."""
    desk.take(wire.PresenceSet(presence="ready", reason=""))
    desk.take(wire.PresenceSet(presence="offline", reason=reason))
    assert desk.has_left is has_left


async def test_whoever_waits_is_told_of_the_end(desk: Desk) -> None:
    """A desk that has ended lets nobody wait, and sends nothing."""
    desk.take(an_offer(1, "call-1"))
    offer = desk.offers_open[1]
    desk.end(ClosedError("over"))
    with pytest.raises(ClosedError):
        await offer.ended()
    with pytest.raises(ClosedError):
        await offer.accept()
