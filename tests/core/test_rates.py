"""Rate limits of automated agents."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from agents.model import AgentKind, Rate
from router.core.engine import Engine
from router.core.explain import explain
from router.core.facts import InteractionAssigned
from router.core.names import AgentId
from router.core.plan import OfferRules, Plan
from router.core.signals import AgentSignedIn, PlanReplaced
from router.errors import PlanError
from router.policies import BUILT_IN
from tests.core.builders import a_call, a_plan, an_agent, an_engine

BOT = AgentId("bot")


def a_limited_plan(rate: Rate | None) -> Plan:
    """One bot that could hold anything, but for its limit."""
    bot = replace(an_agent("bot"), kind="automated", capacity=100_000, rate=rate)
    return a_plan(bot, offers=OfferRules(auto_answer=True))


def started(engine: Engine, now: int) -> list[str]:
    """Let time pass; return what the bot was connected to."""
    facts = engine.advance(now).facts
    return [fact.interaction_id for fact in facts if isinstance(fact, InteractionAssigned)]


def test_no_span_sees_more_than_the_limit() -> None:
    """Ten pieces of work that wait are started two a second, each as soon as an earlier start is a second old."""
    engine = an_engine(a_limited_plan(Rate(starts=2, per_ms=1000)))
    for number in range(10):
        engine.handle(a_call(f"i{number}"), 0)
    engine.handle(AgentSignedIn(BOT), 300)
    assert started(engine, 1300) == ["i2", "i3"]
    assert started(engine, 2299) == []
    assert started(engine, 2300) == ["i4", "i5"]


def test_the_deadline_is_known_beforehand() -> None:
    """While the limit is used up the next deadline, and what explain says, is when it makes room."""
    engine = an_engine(a_limited_plan(Rate(starts=1, per_ms=5000)))
    engine.handle(AgentSignedIn(BOT), 0)
    engine.handle(a_call("a"), 100)
    engine.handle(a_call("b"), 200)
    assert engine.next_deadline() == 5100
    explanation = explain(engine, a_call("b").interaction_id)
    (verdict,) = explanation.verdicts
    assert (verdict.code, verdict.until, verdict.fits) == ("rate", 5100, True)
    assert explanation.next_change_at == 5100


def test_a_snapshot_without_accounts_is_read() -> None:
    """A snapshot of before there were rate limits has no account of any; it is taken up with nothing counted."""
    plan = a_limited_plan(Rate(starts=1, per_ms=5000))
    engine = an_engine(plan)
    engine.handle(AgentSignedIn(BOT), 0)
    engine.handle(a_call("a"), 100)
    snapshot = json.loads(json.dumps(engine.snapshot()))
    assert snapshot.pop("rates") == {"bot": [100]}
    old = Engine.restore(plan, BUILT_IN, snapshot)
    assert not old.centre.agents[BOT].is_spent


def test_a_plan_without_a_limit_lets_everything_in() -> None:
    """A plan that takes the limit away is followed by what waited for it; one that brings it back counts from then."""
    engine = an_engine(a_limited_plan(Rate(starts=1, per_ms=5000)))
    engine.handle(AgentSignedIn(BOT), 0)
    for name in ("a", "b", "c"):
        engine.handle(a_call(name), 0)
    facts = engine.handle(PlanReplaced(replace(a_limited_plan(None), version="v2")), 10).facts
    assert [fact.interaction_id for fact in facts if isinstance(fact, InteractionAssigned)] == ["b", "c"]
    limited = replace(a_limited_plan(Rate(starts=1, per_ms=5000)), version="v3")
    engine.handle(PlanReplaced(limited), 20)
    engine.handle(a_call("d"), 30)
    engine.handle(a_call("e"), 40)
    (verdict,) = explain(engine, a_call("e").interaction_id).verdicts
    assert verdict.until == 5030


@pytest.mark.parametrize(
    ("rate", "kind", "words"),
    [
        (Rate(starts=1), "human", "automated agents only"),
        (Rate(starts=0), "automated", "rate limit 0 is less than 1"),
        (Rate(starts=1, per_ms=0), "automated", "span of 0 ms"),
    ],
)
def test_impossible_limits_are_named(rate: Rate, kind: AgentKind, words: str) -> None:
    """A limit of a person, of nothing, or of no time is a problem of the plan."""
    agent = replace(an_agent("ana"), kind=kind, rate=rate)
    with pytest.raises(PlanError, match=words):
        an_engine(a_plan(agent))
