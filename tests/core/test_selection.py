"""What a freed agent takes: impossible plans, exact comparison, running handle times, and states of before there were any."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents.model import AgentId
from agents.queue_levels import QueueLevel, level_for, merged
from router.core.encoding import from_data, to_data
from router.core.engine import Engine
from router.core.names import InteractionId, QueueId
from router.core.plan import OfferRules, Plan
from router.core.ratio import Ratio, first_largest
from router.core.selection_plan import QueueSelection
from router.core.signals import AgentSignedIn, PlanReplaced, WorkFinished
from router.errors import PlanError
from router.policies import BUILT_IN
from tests.core.builders import a_call, a_plan, an_agent, an_engine, with_queue

DESK = QueueId("desk")


@pytest.mark.parametrize(
    ("selection", "said"),
    [
        (QueueSelection(weight=0), "weight 0 is not in 1..1000000"),
        (QueueSelection(share=1_000_001), "share 1000001 is not in 1..1000000"),
        (QueueSelection(cost_slope=0), "cost slope 0 is not in 1..1000000"),
        (QueueSelection(handle_ms=0), "handle time 0 is not in 1..34560000000"),
    ],
)
def test_numbers_out_of_range_make_a_plan_impossible(selection: QueueSelection, said: str) -> None:
    """The queue is named with the number that was found."""
    with pytest.raises(PlanError, match=f"queue 'desk': {said}"):
        an_engine(a_plan(an_agent("ana"), selection=selection))


@pytest.mark.parametrize(
    ("levels", "said"),
    [
        ((QueueLevel(queue="desc"),), "level of a queue 'desc' that is not known .did you mean 'desk'"),
        ((QueueLevel(queue="desk", level=0),), "level of queue 'desk': 0 is not in 1..100"),
        ((QueueLevel(queue=None, level=101),), "level of other queues: 101 is not in 1..100"),
        ((QueueLevel(queue="desk", after_ms=-1),), "level of queue 'desk': -1 ms is not in 0..34560000000"),
        ((QueueLevel(queue=None), QueueLevel(queue=None, level=2)), "level of other queues is there twice"),
    ],
)
def test_queue_levels_that_cannot_be(levels: tuple[QueueLevel, ...], said: str) -> None:
    """The agent is named, and the queue with what was found."""
    with pytest.raises(PlanError, match=f"agent 'ana': {said}"):
        an_engine(a_plan(replace(an_agent("ana"), queue_levels=levels)))


def test_queues_that_are_not_named_come_last() -> None:
    """Behind the largest level that counts, whatever a list that is overruled says; first where nobody says anything."""
    own = (QueueLevel(queue="a", level=2),)
    of_pool = (QueueLevel(queue="a", level=9), QueueLevel(queue="b", after_ms=5))
    levels = merged((own, of_pool))
    assert [level_for(levels, name).level for name in ("a", "b", "c")] == [2, 1, 3]
    assert level_for(merged(()), "c") == QueueLevel(queue=None)


@pytest.mark.parametrize(
    ("ratios", "first"),
    [
        ([(1, 3), (2, 6), (3, 9)], 0),
        ([(10**18, 10**18 + 1), (10**18 - 1, 10**18)], 0),
        ([(10**18 - 1, 10**18), (10**18, 10**18 + 1)], 1),
        ([(-5, 1), (-4, 1)], 1),
        ([(10**9, 1), (1, 0), (2, 0)], 1),
    ],
)
def test_ratios_are_compared_exactly(ratios: list[Ratio], first: int) -> None:
    """Equal ones keep their order, floats could not tell some of these apart, and endless ones are larger and equal."""
    assert first_largest(ratios) == first


def finished_after(engine: Engine, *spans: int) -> None:
    """Let ana handle calls that last so long."""
    engine.handle(AgentSignedIn(AgentId("ana")), engine.now)
    for span in spans:
        name = f"call-{engine.now}-{span}"
        engine.handle(a_call(name), engine.now)
        engine.handle(WorkFinished(InteractionId(name), AgentId("ana")), engine.now + span)


def gcmu_plan(handle_ms: int = 1_600) -> Plan:
    """A centre under ``gcmu`` whose agent is connected at once."""
    plan = a_plan(
        an_agent("ana"), offers=OfferRules(auto_answer=True), selection=QueueSelection(handle_ms=handle_ms)
    )
    return replace(plan, selection="gcmu")


def test_handle_times_move_by_a_sixteenth() -> None:
    """Of the difference, rounded down; 1,600 and a contact of 3,199 ms give 1,699."""
    engine = an_engine(gcmu_plan())
    finished_after(engine, 3_199)
    assert engine.centre.handle_times == {DESK: 1_699}
    finished_after(engine, 0)
    assert engine.centre.handle_times == {DESK: 1_592}


def test_handle_times_go_on_under_a_plan_that_begins_with_the_same() -> None:
    """Another beginning, or a selection that does not read them in between, starts them anew."""
    engine = an_engine(gcmu_plan())
    finished_after(engine, 3_200)
    engine.handle(PlanReplaced(with_queue(gcmu_plan(), priority=1)), engine.now)
    assert engine.centre.handle_times == {DESK: 1_700}
    engine.handle(PlanReplaced(replace(gcmu_plan(handle_ms=500), version="v3")), engine.now)
    assert engine.centre.handle_times == {DESK: 500}
    engine.handle(PlanReplaced(replace(gcmu_plan(), version="v4", selection="oldest")), engine.now)
    assert engine.centre.handle_times == {}


def test_snapshots_keep_handle_times_and_may_lack_them() -> None:
    """A snapshot of before there were any begins with the plan's."""
    engine = an_engine(gcmu_plan())
    finished_after(engine, 3_200)
    snapshot = engine.snapshot()
    assert Engine.restore(gcmu_plan(), BUILT_IN, snapshot).centre.handle_times == {DESK: 1_700}
    del snapshot["handle_times"]
    assert Engine.restore(gcmu_plan(), BUILT_IN, snapshot).centre.handle_times == {DESK: 1_600}


def test_plans_of_before_still_load() -> None:
    """A plan written down without selection or queue levels is one that says nothing about them."""
    plan = a_plan(an_agent("ana"))
    data = to_data(plan)
    del data["sections"][0]["queues"][0]["selection"]
    del data["agents"][0]["queue_levels"]
    assert from_data(data) == plan
    told = replace(gcmu_plan(), agents=(replace(an_agent("ana"), queue_levels=(QueueLevel(queue="desk"),)),))
    assert from_data(to_data(told)) == told
