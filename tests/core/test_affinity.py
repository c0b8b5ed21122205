"""Work that is kept for certain agents: over restarts and new plans, and in the engine's lists."""

from __future__ import annotations

import json

from agents.model import AgentId
from router.core.affinity_plan import AgentWindow
from router.core.encoding import canonical
from router.core.engine import Engine
from router.core.facts import OfferMade
from router.core.names import InteractionId, OfferId
from router.core.signals import AgentSignedIn, OfferAccepted, PlanReplaced, WorkFinished
from router.policies import BUILT_IN
from tests.core.builders import a_call, a_plan, an_agent, an_engine, with_queue

ANA, BEN = AgentId("ana"), AgentId("ben")


def a_waiting_engine() -> Engine:
    """Ana holds a call of the customer; another is kept for her, and Ben is free."""
    engine = an_engine(a_plan(an_agent("ana"), an_agent("ben"), last_agent=AgentWindow(ms=60_000)))
    engine.handle(AgentSignedIn(ANA), 0)
    engine.handle(a_call("c1", customer="c"), 1)
    engine.handle(OfferAccepted(OfferId(1), ANA), 2)
    engine.handle(AgentSignedIn(BEN), 3)
    assert not [
        fact for fact in engine.handle(a_call("c2", customer="c"), 4).facts if isinstance(fact, OfferMade)
    ]
    return engine


def test_work_is_kept_after_a_restart() -> None:
    """For the same agent, until the same instant; and who knows which customer is known still."""
    engine = a_waiting_engine()
    twin = Engine.restore(engine.plan, BUILT_IN, json.loads(json.dumps(engine.snapshot())))
    assert canonical(engine.snapshot()) == canonical(twin.snapshot())
    assert not twin.advance(60_003).facts
    (made,) = (fact for fact in twin.advance(60_004).facts if isinstance(fact, OfferMade))
    assert made.agent_id == BEN
    twin.handle(WorkFinished(InteractionId("c1"), ANA), 60_005)
    (made,) = (
        fact for fact in twin.handle(a_call("c3", customer="c"), 60_006).facts if isinstance(fact, OfferMade)
    )
    assert (made.agent_id, made.choice) == (ANA, "last-agent")


def test_a_new_plan_has_its_own_windows() -> None:
    """Without one nobody is held off from the moment it is adopted."""
    engine = a_waiting_engine()
    plan = with_queue(engine.plan, last_agent=AgentWindow())
    (made,) = (fact for fact in engine.handle(PlanReplaced(plan), 5).facts if isinstance(fact, OfferMade))
    assert (made.agent_id, made.choice) == (BEN, "longest-idle")


def test_what_is_offered_is_noted_nowhere() -> None:
    """The lists of what favours somebody hold what waits, and nothing else."""
    engine = a_waiting_engine()
    assert [work.id for work in engine.centre.favouring.values()] == ["c2"]
    engine.advance(60_004)
    assert not engine.centre.favouring
    assert not engine.centre.agents[ANA].favoured_by
