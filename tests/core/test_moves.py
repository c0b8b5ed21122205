"""Moves along a ladder that wait for an offer while the plan changes under them."""

from __future__ import annotations

from dataclasses import replace

from agents.model import AgentId
from router.core.facts import HopLimitReached
from router.core.names import InteractionId, OfferId, QueueId
from router.core.plan import After, MoveTo, Plan, Queue, Step
from router.core.signals import AgentSignedIn, ConnectFailed, PlanReplaced
from tests.core.builders import DESK, a_call, a_plan, an_agent, an_engine

DESK_QUEUE, OLD, NEW = QueueId("desk"), QueueId("old"), QueueId("new")


def a_moving_plan(*others: QueueId) -> Plan:
    """A call that is not answered within 1 s would move from the desk to `old`, but may not move at all."""
    step = Step(name="on", trigger=After(ms=1_000), operations=(MoveTo(queue=OLD),))
    plan = a_plan(an_agent("ana"), ladder=(step,) if OLD in others else ())
    section = plan.sections[0]
    queues = (*section.queues, *(Queue(queue_id=name, section_id=DESK) for name in others))
    return replace(plan, hop_limit=0, sections=(replace(section, queues=queues),))


def test_the_hop_limit_names_the_queue_that_it_would_have_gone_to() -> None:
    """A move that waited, to a queue that a new plan has no more, would go to its successor."""
    engine = an_engine(a_moving_plan(OLD))
    engine.handle(AgentSignedIn(AgentId("ana")), 0)
    engine.handle(a_call(), 0)
    engine.advance(2_000)
    engine.handle(PlanReplaced(replace(a_moving_plan(NEW), version="v2", successors=((OLD, NEW),))), 3_000)
    facts = engine.handle(ConnectFailed(OfferId(1), AgentId("ana")), 4_000).facts
    assert [fact for fact in facts if isinstance(fact, HopLimitReached)] == [
        HopLimitReached(4_000, InteractionId("call-1"), DESK_QUEUE, NEW)
    ]
