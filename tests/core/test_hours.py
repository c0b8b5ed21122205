"""What hours mean for arrivals, for what waits, for explanations, snapshots and new plans."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.core.calendar_plan import Calendar, Closed, Hours, Spans, WhenClosed
from router.core.encoding import canonical, from_data, to_data
from router.core.engine import Engine
from router.core.explain import explain
from router.core.facts import (
    InteractionAssigned,
    InteractionEnded,
    SectionClosed,
    SectionOpened,
    StepTaken,
)
from router.core.names import AgentId, InteractionId
from router.core.plan import After, DivertTo, Notify, OfferRules, Plan, QueueLength, Step
from router.core.plan_check import plan_problems
from router.core.preview import preview
from router.core.signals import AgentSignedIn, PlanReplaced
from router.policies import BUILT_IN
from tests.core.builders import a_call, a_plan, an_agent

NIGHT: Spans = ((10_000, 20_000), (30_000, 40_000))
CALENDAR = Calendar(calendar_id="c", week=((), (), (), NIGHT, (), (), ()))


def a_closed_plan(when_closed: WhenClosed = "queue", *steps: Step) -> Plan:
    """Return a plan whose queue opens from 10 s to 20 s and from 30 s to 40 s."""
    target = "voicemail" if when_closed == "divert" else ""
    hours = Hours(calendar="c", when_closed=when_closed, target=target)
    plan = a_plan(an_agent("ana"), hours=hours, ladder=steps, offers=OfferRules(auto_answer=True))
    return replace(plan, calendars=(CALENDAR,))


def facts(engine: Engine, until: int, *kinds: type) -> list[object]:
    """Let time pass and return the facts of these kinds."""
    return [fact for fact in engine.advance(until).facts if isinstance(fact, kinds)]


def test_sections_open_and_close_at_the_instants_of_their_calendar() -> None:
    """Each change is a fact at its very instant."""
    engine = Engine(a_closed_plan(), BUILT_IN)
    told = [(type(fact), fact.at) for fact in engine.advance(60_000).facts if hasattr(fact, "queues")]
    pairs = [
        (SectionOpened, 10_000),
        (SectionClosed, 20_000),
        (SectionOpened, 30_000),
        (SectionClosed, 40_000),
    ]
    assert pairs == told


@pytest.mark.parametrize(("when_closed", "how"), [("refuse", "refused"), ("divert", "diverted")])
def test_an_arrival_while_closed_is_turned_away(when_closed: WhenClosed, how: str) -> None:
    """It ends with the reason closed, or goes where the queue says; at the instant of opening it is taken."""
    engine = Engine(a_closed_plan(when_closed), BUILT_IN)
    said = preview(engine.centre, a_call("a"), 0)
    outcome = engine.handle(a_call("a"), 9_999)
    (end,) = [fact for fact in outcome.facts if isinstance(fact, InteractionEnded)]
    reason = "closed" if how == "refused" else "voicemail"
    assert (outcome.answer, end.how, end.reason) == (how, how, reason)
    assert (said.answer, said.reason) == (how, reason)
    assert engine.handle(a_call("b"), 10_000).answer == "queued"
    assert engine.handle(a_call("c"), 20_000).answer == how


def test_clocks_start_at_the_opening() -> None:
    """Work that came while the queue was closed has waited nothing at the opening, and its ladder starts there."""
    step = Step(name="s", trigger=After(ms=3_000), operations=(Notify(target="lead"),))
    engine = Engine(a_closed_plan("queue", step), BUILT_IN)
    assert engine.handle(a_call("a"), 2_000).answer == "queued"
    taken = facts(engine, 13_000, StepTaken)
    assert [getattr(fact, "at", None) for fact in taken] == [13_000]
    outcome = engine.handle(AgentSignedIn(AgentId("ana")), 14_000)
    assert [fact.wait_ms for fact in outcome.facts if isinstance(fact, InteractionAssigned)] == [4_000] or (
        engine.centre.interactions[InteractionId("a")].waiting_since == 10_000
    )


def test_who_is_ready_takes_what_waits_while_closed_and_nobody_has_waited() -> None:
    """Hours hold nothing back from an agent that is there; the wait is 0 then."""
    engine = Engine(a_closed_plan(), BUILT_IN)
    engine.handle(AgentSignedIn(AgentId("ana")), 0)
    outcome = engine.handle(a_call("a"), 1_000)
    assert [fact.wait_ms for fact in outcome.facts if isinstance(fact, InteractionAssigned)] == [0]


def test_the_trigger_closed_reacts_when_a_queue_closes_and_others_wait_for_the_opening() -> None:
    """What waits at closing time is taken by the step; a queue length is read only for work whose ladder has started."""
    away = Step(name="away", trigger=Closed(), operations=(DivertTo(target="voicemail"),))
    engine = Engine(a_closed_plan("queue", away), BUILT_IN)
    engine.handle(a_call("a"), 15_000)
    (end,) = facts(engine, 25_000, InteractionEnded)
    assert (getattr(end, "at", None), getattr(end, "how", None)) == (20_000, "diverted")

    long = Step(name="long", trigger=QueueLength(above=0), operations=(Notify(target="lead"),))
    engine = Engine(a_closed_plan("queue", long), BUILT_IN)
    engine.handle(a_call("a"), 1_000)
    assert [getattr(fact, "at", None) for fact in facts(engine, 12_000, StepTaken)] == [10_000]


def test_explain_says_that_it_is_closed_and_when_it_opens() -> None:
    """The answer names the hours, and its next change is the opening."""
    engine = Engine(a_closed_plan(), BUILT_IN)
    engine.handle(a_call("a"), 1_000)
    told = explain(engine, InteractionId("a"))
    assert (told.is_closed, told.opens_at, told.next_change_at) == (True, 10_000, 10_000)
    assert "closed for another 9 s" in told.summary
    engine.advance(41_000)
    told = explain(engine, InteractionId("a"))
    assert (told.is_closed, told.opens_at) == (True, 7 * 86_400_000 + 10_000)
    engine.advance(told.opens_at or 0)
    assert not explain(engine, InteractionId("a")).is_closed


def test_a_new_plan_sets_clocks_that_have_not_started() -> None:
    """Longer hours start the clocks at once and are told behind the plan; a snapshot in between changes nothing."""
    plan = a_closed_plan()
    engine = Engine(plan, BUILT_IN)
    engine.handle(a_call("a"), 1_000)
    engine = Engine.restore(plan, BUILT_IN, engine.snapshot())
    longer = replace(plan, version="v2", calendars=(replace(CALENDAR, week=(((0, 86_400_000),),) * 7),))
    outcome = engine.handle(PlanReplaced(longer), 2_000)
    assert [SectionOpened] == [type(fact) for fact in outcome.facts if hasattr(fact, "queues")]
    assert engine.centre.interactions[InteractionId("a")].waiting_since == 2_000


def test_plans_with_calendars_survive_the_journal_and_older_plans_have_none() -> None:
    """The canonical text of a plan is read as the same plan; one from before calendars reads too."""
    plan = a_closed_plan("queue", Step(name="s", trigger=Closed(), operations=(Notify(target="x"),)))
    assert from_data(to_data(plan)) == plan
    assert canonical(from_data(to_data(plan))) == canonical(plan)
    old = to_data(a_plan(an_agent("ana")))
    del old["calendars"]
    for section in old["sections"]:
        for queue in section["queues"]:
            del queue["hours"]
    assert from_data(old) == a_plan(an_agent("ana"))


@pytest.mark.parametrize(
    ("calendar", "said"),
    [
        (replace(CALENDAR, week=((),) * 6), "the week has 6 days"),
        (replace(CALENDAR, offsets=()), "no offset from UTC"),
        (replace(CALENDAR, offsets=((0, 10**9),)), "more than a day"),
        (replace(CALENDAR, offsets=((5, 0), (5, 0))), "not in the order"),
        (replace(CALENDAR, offsets=((0, 0), (9, 60_000), (99, 0))), "before the first change is over"),
        (replace(CALENDAR, dates=((4, ()), (4, ()))), "date 4 stands behind date 4"),
        (replace(CALENDAR, dates=((4, ((5, 5),)),)), "hours from 5 to 5 ms"),
        (replace(CALENDAR, dates=((4, ((5, 9), (8, 10))),)), "start before those above end"),
        (replace(CALENDAR, calendar_id="d"), "calendar 'c' is not known"),
    ],
)
def test_impossible_calendars_are_refused(calendar: Calendar, said: str) -> None:
    """Each problem is a sentence that says where."""
    found = plan_problems(replace(a_closed_plan(), calendars=(calendar,)), BUILT_IN)
    assert len(found) == 1
    assert said in found[0]
