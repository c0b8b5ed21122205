"""Snapshots and plain data: complete, exact, and refused where they do not fit."""

from __future__ import annotations

import gc
import json
from dataclasses import replace

import pytest

from agents.model import AgentId
from router.core.encoding import canonical, from_data, to_data
from router.core.engine import Engine
from router.core.names import InteractionId, OfferId, QueueId, SectionId
from router.core.plan import After, DivertTo, MoveTo, Notify, OfferRules, Step, WidenTo
from router.core.requirement import All, Any
from router.core.signals import AgentSignedIn, InteractionAbandoned, OfferAccepted, PlanReplaced, WorkFinished
from router.errors import SignalError
from router.policies import BUILT_IN
from tests.core.builders import a_call, a_plan, an_agent, an_engine, skill, with_queue

ANA = AgentId("ana")


def test_a_restored_engine_goes_on_as_if_nothing_had_happened() -> None:
    """Through JSON and back, with an open offer, a waiting call and a refusal, the same facts follow."""
    plan = a_plan(
        an_agent("ana"),
        an_agent("ben"),
        ladder=(Step(name="s", trigger=After(ms=9_000), operations=(Notify(target="lead"),)),),
    )
    engine = an_engine(plan)
    engine.handle(AgentSignedIn(ANA), 0)
    for number in range(3):
        engine.handle(a_call(f"c{number}"), number)
    engine.handle(OfferAccepted(OfferId(1), ANA), 10)
    twin = Engine.restore(plan, BUILT_IN, json.loads(json.dumps(engine.snapshot())))
    assert engine.snapshot() == twin.snapshot()
    for signal, now in ((AgentSignedIn(AgentId("ben")), 20), (WorkFinished(InteractionId("c0"), ANA), 8_000)):
        assert engine.handle(signal, now) == twin.handle(signal, now)
    assert engine.advance(100_000) == twin.advance(100_000)


def test_ended_work_keeps_the_name_of_a_queue_that_is_gone() -> None:
    """After a plan without its queue, a restored engine's snapshot is the one it was restored from."""
    plan = a_plan(an_agent("ana"))
    engine = an_engine(plan)
    engine.handle(a_call("c1"), 0)
    engine.handle(InteractionAbandoned(InteractionId("c1")), 1)
    section = plan.sections[0]
    renamed = replace(section.queues[0], queue_id=QueueId("other"))
    section = replace(section, queues=(renamed,), default_queue=renamed.queue_id)
    engine.handle(PlanReplaced(replace(plan, version="v2", sections=(section,))), 2)
    twin = Engine.restore(engine.plan, BUILT_IN, engine.snapshot())
    assert canonical(engine.snapshot()) == canonical(twin.snapshot())


def test_a_refused_signal_leaves_no_trace_in_a_snapshot() -> None:
    """Not even by having the engine drop what it remembered long enough: a journal's replay never sees refused signals."""
    plan = replace(a_plan(an_agent("ana")), remember_ms=1_000)
    asked, left_alone = an_engine(plan), an_engine(plan)
    for engine in (asked, left_alone):
        engine.handle(a_call("c1"), 0)
        engine.handle(InteractionAbandoned(InteractionId("c1")), 1)
    with pytest.raises(SignalError):
        asked.handle(a_call("c2")._replace(section=SectionId("nowhere")), 2_000)
    left_alone.advance(2_000)
    assert canonical(left_alone.snapshot()) == canonical(asked.snapshot())


def test_a_snapshot_without_the_newest_columns_is_read() -> None:
    """What an older version wrote has not the fields that arrivals got since; it goes on as if nobody had brought any."""
    plan = a_plan(an_agent("ana"))
    engine = an_engine(plan)
    engine.handle(a_call("c1", customer="c-7"), 0)
    old = json.loads(json.dumps(engine.snapshot()))
    del old["tails"]
    columns = old["columns"]["interactions"]
    for name in ("arrival.expires_at", "arrival.position", "arrival.preferred"):
        place = columns.index(name)
        for row in old["interactions"]:
            del row[place]
        del columns[place]
    twin = Engine.restore(plan, BUILT_IN, old)
    assert engine.snapshot() == twin.snapshot()


def test_a_snapshot_of_another_plan_or_format_or_a_damaged_one_is_refused() -> None:
    """The error says which, and what was expected."""
    plan = a_plan(an_agent("ana"))
    data = an_engine(plan).snapshot()
    with pytest.raises(ValueError, match="taken under plan 'v1', not under 'v2'"):
        Engine.restore(with_queue(plan, priority=1), BUILT_IN, data)
    with pytest.raises(ValueError, match="this version reads 'switchroom.snapshot/2'"):
        Engine.restore(plan, BUILT_IN, {**data, "format": "other/9"})
    columns = {"interactions": [], "holdings": [], "agents": ["id"]}
    with pytest.raises(ValueError, match="damaged: ValueError: the columns of interactions"):
        Engine.restore(plan, BUILT_IN, {**data, "columns": columns})
    with pytest.raises(ValueError, match="damaged: KeyError: 'agents'"):
        Engine.restore(plan, BUILT_IN, {key: value for key, value in data.items() if key != "agents"})


def test_values_survive_being_written_down() -> None:
    """Signals with trees, plans with ladders: the same value again, and one canonical text."""
    tree = All(
        of=(
            Any(of=(skill("a"), skill("b", opens_ms=5))),
            skill("c", weight=500),
        )
    )
    steps = (Step(name="s", trigger=After(ms=1), operations=(WidenTo(pools=()), DivertTo(target="mail"))),)
    plan = a_plan(an_agent("ana", french=3), requirement=tree, ladder=steps)
    for value in (
        a_call(requirement=tree, attributes={"a": 1, "b": "x", "c": True}),
        PlanReplaced(plan),
        MoveTo(queue=QueueId("q")),
    ):
        assert value == from_data(json.loads(json.dumps(to_data(value))))
        assert canonical(value) == canonical(from_data(to_data(value)))


def test_what_is_not_a_value_is_refused() -> None:
    """Neither unknown kinds nor unknown fields come to life."""
    with pytest.raises(ValueError, match="no value type is called 'Popen'"):
        from_data({"$": "Popen", "args": "ls"})
    with pytest.raises(ValueError, match="MoveTo"):
        from_data({"$": "MoveTo", "nowhere": 1})
    with pytest.raises(TypeError, match="object is not a value"):
        to_data(object())


def test_forgotten_work_leaves_no_garbage_behind() -> None:
    """With the collector off, interactions go as soon as they are forgotten: the core leaves no reference cycles."""
    engine = an_engine(a_plan(an_agent("ana"), offers=OfferRules(timeout_ms=1_000)))
    engine.handle(AgentSignedIn(ANA), 0)
    gc.collect()
    gc.disable()
    try:
        engine.handle(a_call(), 0)
        engine.handle(OfferAccepted(OfferId(1), ANA), 1)
        engine.handle(WorkFinished(InteractionId("call-1"), ANA), 2)
        engine.handle(a_call("later"), 200_000_000)
        engine.handle(OfferAccepted(OfferId(2), ANA), 200_000_000)
        assert InteractionId("call-1") not in engine.centre.interactions
        assert OfferId(1) not in engine.centre.offers
        assert gc.collect() == 0
    finally:
        gc.enable()
