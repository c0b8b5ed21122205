"""Broadcast: several agents are offered one piece of work."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from router.core.effects import Connect, RescindOffer
from router.core.engine import Engine
from router.core.explain import explain
from router.core.facts import InteractionEnded, OfferEnded, OfferExtended, OfferMade
from router.core.names import AgentId, OfferId
from router.core.plan import OfferRules
from router.core.signals import (
    AgentBecameNotReady,
    AgentSignedIn,
    InteractionAbandoned,
    LinkLost,
    LinkRestored,
    OfferAccepted,
    OfferDeclined,
    PlanReplaced,
)
from router.errors import PlanError, SignalError
from router.policies import BUILT_IN
from tests.core.builders import a_call, a_plan, an_agent, an_engine

NAMES = ("ana", "ben", "cid", "dee")
RULES = OfferRules(timeout_ms=20_000, broadcast=3, max_no_answer=1)


def a_centre(rules: OfferRules = RULES) -> Engine:
    """Four agents who are ready, the first name idle for longest, and a call at 10 ms."""
    engine = an_engine(a_plan(*map(an_agent, NAMES), offers=rules))
    for at, name in enumerate(NAMES):
        engine.handle(AgentSignedIn(AgentId(name)), at)
    engine.handle(a_call(), 10)
    return engine


def offers(engine: Engine) -> list[str]:
    """Who has an open offer of the call, in the order of the offers."""
    return [holding.agent.id for holding in engine.centre.interactions[a_call().interaction_id].open_offers()]


def test_the_best_are_offered_at_once() -> None:
    """As many offers as the rules say, to the best agents, each by a decision of its own."""
    engine = a_centre()
    assert offers(engine) == ["ana", "ben", "cid"]
    assert (engine.centre.last_decision, engine.centre.last_offer, engine.centre.waiting) == (3, 3, 0)


def test_the_first_to_accept_has_it() -> None:
    """The others are withdrawn as taken before the agent is connected, and keep their place among the idle."""
    engine = a_centre()
    outcome = engine.handle(OfferAccepted(OfferId(2), AgentId("ben")), 500)
    ended = [(fact.agent_id, fact.how, fact.reason) for fact in outcome.facts if isinstance(fact, OfferEnded)]
    assert ended == [("ben", "accepted", ""), ("ana", "rescinded", "taken"), ("cid", "rescinded", "taken")]
    kinds = [type(effect) for effect in outcome.effects]
    assert [RescindOffer, RescindOffer, Connect] == kinds
    assert engine.centre.agents[AgentId("ana")].idle_since == 0
    with pytest.raises(SignalError) as refused:
        engine.handle(OfferAccepted(OfferId(1), AgentId("ana")), 500)
    assert (refused.value.code, refused.value.state) == ("offer-ended", "rescinded")


def test_a_refusal_is_made_up_for() -> None:
    """Who refuses rests, and the next best has an offer in the same instant; the others' stand."""
    engine = a_centre()
    engine.handle(OfferDeclined(OfferId(1), AgentId("ana"), "busy"), 500)
    assert offers(engine) == ["ben", "cid", "dee"]
    engine.handle(AgentBecameNotReady(AgentId("ben"), "lunch"), 600)
    assert offers(engine) == ["cid", "dee"]


def test_nobody_is_blamed_for_not_answering() -> None:
    """When all run out every agent is ready still, though one unanswered offer would be too many."""
    engine = a_centre()
    facts = engine.advance(20_010).facts
    assert [fact.how for fact in facts if isinstance(fact, OfferEnded)] == ["expired"] * 3
    assert offers(engine) == ["dee"]
    assert {"ready"} == {agent.presence for agent in engine.centre.agents.values()}
    assert {0} == {agent.no_answers for agent in engine.centre.agents.values()}


def test_the_caller_hangs_up_while_it_rings() -> None:
    """Each open offer is cancelled, none is left, and everybody is free."""
    engine = a_centre()
    facts = engine.handle(InteractionAbandoned(a_call().interaction_id), 500).facts
    assert [(f.how, f.reason) for f in facts if isinstance(f, OfferEnded)] == [("cancelled", "abandoned")] * 3
    assert {0} == {agent.units for agent in engine.centre.agents.values()}
    assert (engine.centre.waiting, engine.centre.seeking) == (0, 0)


def test_a_link_that_was_lost_extends_every_offer() -> None:
    """All open offers run on by as long as nobody could answer."""
    engine = a_centre()
    engine.handle(LinkLost(), 1_000)
    facts = engine.handle(LinkRestored(), 5_000).facts
    assert [fact.expires_at for fact in facts if isinstance(fact, OfferExtended)] == [24_010] * 3


def test_a_new_plan_only_adds_offers() -> None:
    """A larger number is filled up at once; a smaller one withdraws nothing, and makes up for nothing."""
    engine = a_centre()

    def reload(version: str, broadcast: int) -> list[str]:
        plan = a_plan(*map(an_agent, NAMES), offers=replace(RULES, broadcast=broadcast))
        facts = engine.handle(PlanReplaced(replace(plan, version=version)), 500).facts
        return [fact.agent_id for fact in facts if isinstance(fact, OfferMade)]

    assert reload("v2", 4) == ["dee"]
    assert reload("v3", 2) == []
    assert len(offers(engine)) == 4
    engine.handle(OfferDeclined(OfferId(1), AgentId("ana"), ""), 600)
    assert offers(engine) == ["ben", "cid", "dee"]


def test_a_snapshot_keeps_every_offer() -> None:
    """A restored engine knows all open offers, and goes on making up for those that end."""
    engine = a_centre()
    engine.handle(AgentBecameNotReady(AgentId("dee"), ""), 100)
    engine.handle(OfferDeclined(OfferId(1), AgentId("ana"), ""), 200)
    snapshot = json.loads(json.dumps(engine.snapshot()))
    again = Engine.restore(engine.plan, BUILT_IN, snapshot)
    assert offers(again) == ["ben", "cid"]
    again.handle(AgentSignedIn(AgentId("dee")), 300)
    assert offers(again) == ["ben", "cid", "dee"]


def test_explain_names_all_who_are_offered() -> None:
    """All who have an open offer are chosen; the next change is when the first of the offers runs out."""
    engine = a_centre()
    explanation = explain(engine, a_call().interaction_id)
    assert (explanation.chosen, explanation.also) == ("ana", ("ben", "cid"))
    codes = {verdict.agent_id: verdict.code for verdict in explanation.verdicts}
    assert codes == {"ana": "chosen", "ben": "chosen", "cid": "chosen", "dee": "can-take"}
    assert explanation.next_change_at == 20_010
    assert "is offered to ana and ben, cid" in explanation.summary


def test_what_connects_by_itself_is_not_broadcast() -> None:
    """Both at once, and fewer than one agent, are problems of the plan."""
    with pytest.raises(PlanError, match="choose auto-answer or broadcast"):
        a_centre(OfferRules(auto_answer=True, broadcast=2))
    with pytest.raises(PlanError, match="broadcast 0 is less than 1"):
        a_centre(OfferRules(broadcast=0))


def test_time_to_live_that_ran_out_is_not_put_off_by_new_offers() -> None:
    """When it runs out while offers are open they are let run, but none is made up for; with the last one the call ends."""
    plan = a_plan(*map(an_agent, NAMES), offers=replace(RULES, timeout_ms=2_000), time_to_live_ms=1_000)
    engine = an_engine(plan)
    for name in NAMES:
        engine.handle(AgentSignedIn(AgentId(name)), 0)
    engine.handle(a_call(), 10)
    engine.handle(OfferDeclined(OfferId(1), AgentId("ana"), ""), 1_500)
    assert offers(engine) == ["ben", "cid"]
    engine.handle(OfferDeclined(OfferId(2), AgentId("ben"), ""), 1_600)
    facts = engine.handle(OfferDeclined(OfferId(3), AgentId("cid"), ""), 1_700).facts
    assert next(fact.reason for fact in facts if isinstance(fact, InteractionEnded)) == "time-to-live"
