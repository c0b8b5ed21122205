"""What an agent holds under a plan that gives it less room than before."""

from __future__ import annotations

from dataclasses import replace

from agents.model import AgentId, WrapUp
from router.core.names import ChannelId, InteractionId, OfferId
from router.core.plan import Channel, OfferRules, Plan
from router.core.signals import AgentSignedIn, InteractionArrived, OfferAccepted, OfferDeclined, PlanReplaced
from tests.core.builders import DESK, VOICE, a_plan, an_agent, an_engine

ANA = AgentId("ana")
CHAT = ChannelId("chat")


def room_for(capacity: int, version: str) -> Plan:
    """One agent with this capacity; chats (20 units) may interrupt calls (100 units)."""
    plan = a_plan(an_agent("ana", capacity=capacity))
    section = replace(
        plan.sections[0],
        offers=((VOICE, OfferRules()), (CHAT, OfferRules())),
        wrap_up=((VOICE, WrapUp()), (CHAT, WrapUp())),
    )
    channels = (Channel(channel_id=VOICE, interruptible_by=(CHAT,)), Channel(channel_id=CHAT, cost=20))
    return replace(plan, version=version, channels=channels, sections=(section,))


def test_a_smaller_capacity_suspends_when_the_agent_next_lets_go_of_something() -> None:
    """Connected to a call, two chats offered, room shrunk to 100: declining one chat leaves 120 units, too many."""
    engine = an_engine(room_for(200, "v1"))
    engine.handle(AgentSignedIn(ANA), 0)
    engine.handle(InteractionArrived(InteractionId("call"), DESK, VOICE), 1)
    engine.handle(OfferAccepted(OfferId(1), ANA), 2)
    engine.handle(InteractionArrived(InteractionId("chat-1"), DESK, CHAT), 3)
    engine.handle(InteractionArrived(InteractionId("chat-2"), DESK, CHAT), 4)
    assert [type(fact).__name__ for fact in engine.handle(PlanReplaced(room_for(100, "v2")), 5).facts] == [
        "PlanAdopted"
    ]
    facts = engine.handle(OfferDeclined(OfferId(3), ANA), 6).facts
    assert [type(fact).__name__ for fact in facts] == ["OfferEnded", "WorkSuspended"]
