"""What would become of an interaction if it arrived now is what becomes of it when it does."""

from __future__ import annotations

from random import Random

import pytest

from router.core import plan as rules
from router.core.engine import Engine
from router.core.facts import (
    InteractionAssigned,
    InteractionEnded,
    InteractionMoved,
    InteractionQueued,
    OfferMade,
    StepTaken,
)
from router.core.ladder_plan import Holds
from router.core.names import AgentId
from router.core.outcome import Outcome
from router.core.plan import TIMED_TRIGGERS, EndWith, Match, Notify, Plan, QueueLength
from router.core.preview import Preview, preview
from router.core.signals import AgentSignedIn, InteractionArrived
from router.errors import SignalError
from router.policies import BUILT_IN
from tests.core.builders import a_call, a_plan, an_agent, an_engine
from tests.oracle.cramped import cramped
from tests.oracle.duel import Duel, Step, engine_makers
from tests.oracle.fuzz import random_step
from tests.oracle.plans import random_plan
from tests.oracle.signals import arrival, bad_arrival, edge_arrival, repeated_arrival

HISTORIES = 160
STEPS = 60


def _check_as_it_came(
    plan: Plan, said: Preview, outcome: Outcome, signal: InteractionArrived, *, was_known: bool
) -> None:
    """Compare what was said with what happened."""
    levels = {
        (queue.queue_id, step.name)
        for section in plan.sections
        for queue in section.queues
        for step in queue.ladder
        if not isinstance(step.trigger, TIMED_TRIGGERS)
    }
    mine = [fact for fact in outcome.facts if getattr(fact, "interaction_id", None) == signal.interaction_id]
    assert said.answer == outcome.answer
    if was_known:
        assert said.explanation is None
        return
    steps = [fact for fact in outcome.facts if isinstance(fact, StepTaken) and not fact.caught_up]
    queued = [fact for fact in mine if isinstance(fact, InteractionQueued)]
    if said.answer == "queued":
        assert queued[0].section == said.section
        assert queued[0].queue == said.queue
        assert queued[0].rule == said.rule
    if said.answer in {"refused", "diverted"}:
        (end,) = [fact for fact in mine if isinstance(fact, InteractionEnded)]
        assert (end.how, end.reason, end.queue) == (said.answer, said.reason, said.queue)
    overflows = [
        fact.from_queue for fact in mine if isinstance(fact, InteractionMoved) and fact.cause == "overflow"
    ]
    assert overflows == list(said.overflowed)
    if said.explanation is None and said.answer == "queued" and said.reason:
        (end,) = [fact for fact in mine if isinstance(fact, InteractionEnded)]
        assert (end.how, end.reason) == ("expired", said.reason)
        return
    if said.explanation is None:
        assert bool(queued) == bool(said.step)
        assert said.step in {"", *(fact.step for fact in steps)}
        return
    decisions = [
        fact
        for fact in outcome.facts
        if isinstance(fact, OfferMade) or (isinstance(fact, InteractionAssigned) and not fact.offer_id)
    ]
    if said.explanation.chosen is not None:
        first = decisions[0]
        winner = next(each for each in said.explanation.verdicts if each.code == "chosen")
        assert first.interaction_id == signal.interaction_id
        assert (first.agent_id, first.decision) == (said.explanation.chosen, said.explanation.decision)
        assert (first.tier, first.score, first.choice) == (
            winner.tier,
            winner.score,
            said.explanation.choice,
        )
        assert isinstance(first, InteractionAssigned) == said.connects
        assert not said.step
        return
    assert said.step in {"", *(fact.step for fact in steps)}
    if not said.step:
        assert not any((fact.queue, fact.step) in levels for fact in steps if fact in mine)
        assert all(fact.interaction_id != signal.interaction_id for fact in decisions)


@pytest.mark.parametrize("part", range(4))
def test_a_preview_is_what_then_happens(part: int, seed: int) -> None:
    """On random histories: the answer, the queue, the agent, tier, score and decision; or the same refusal."""
    makers = engine_makers()
    compared = chosen = 0
    for number in range(part, HISTORIES, 4):
        rng = Random(seed + number)
        with cramped(on=part % 2 == 1):
            duel = Duel(random_plan(rng), makers)
            for _ in range(STEPS):
                step = random_step(rng, duel)
                signal = step.signal
                if not isinstance(signal, InteractionArrived):
                    duel.take(step)
                    continue
                if duel.take(Step(step.now, None, step.restore)) is None:
                    continue  # the clock would go back
                engine = duel.subject
                assert isinstance(engine, Engine)
                was_known = signal.interaction_id in engine.centre.interactions
                said: Preview | str
                try:
                    said = preview(engine.centre, signal, step.now)
                except SignalError as error:
                    said = error.code
                outcome = duel.take(Step(step.now, signal))
                compared += 1
                try:
                    if outcome is None:
                        assert said == duel.refused_with
                    else:
                        assert isinstance(said, Preview), said
                        was_known = was_known and not any(
                            isinstance(fact, InteractionQueued)
                            and fact.interaction_id == signal.interaction_id
                            for fact in outcome.facts
                        )
                        _check_as_it_came(engine.plan, said, outcome, signal, was_known=was_known)
                        if said.explanation is not None and said.explanation.chosen is not None:
                            chosen += 1
                except AssertionError as error:
                    raise AssertionError(f"seed {seed + number}: {signal}\n{said}\n{outcome}") from error
    assert compared > 200
    assert chosen > 20


def test_a_preview_changes_nothing(seed: int) -> None:
    """The state is the same to the letter, and what is decided afterwards is what the reference decides that never looked."""
    makers = engine_makers()
    for number in range(40):
        rng = Random(seed + number)
        duel = Duel(random_plan(rng), makers)
        for _ in range(STEPS):
            duel.take(random_step(rng, duel))
            engine = duel.subject
            assert isinstance(engine, Engine)
            before = engine.snapshot()
            for draw in (arrival, edge_arrival, bad_arrival, repeated_arrival):
                signal = draw(rng, duel.reference.state)
                if signal is None:
                    continue
                try:
                    preview(engine.centre, signal, engine.now)
                except SignalError:
                    continue
            assert engine.snapshot() == before


def test_a_preview_does_not_look_beyond_what_is_due() -> None:
    """Where the clock is late, what has run out meanwhile has not ended yet: it is told as of the next deadline, not as of later."""
    plan = a_plan(an_agent("ana"))
    engine = Engine(plan, BUILT_IN)
    engine.handle(AgentSignedIn(AgentId("ana")), 0)
    engine.handle(a_call("i1"), 0)
    due = engine.next_deadline()
    assert due is not None
    said = preview(engine.centre, a_call("i2"), due + 60_000)
    assert said.explanation is not None
    assert said.explanation.at == due
    assert engine.now == 0


def test_a_step_that_the_arrival_sets_off_for_others_goes_first() -> None:
    """An arrival has the levels of its queue read: what ends those who wait there already goes before what their number sets off."""
    late = rules.Step(
        name="late",
        trigger=Holds(),
        guard=Match(field="waiting", op=">=", value=1_000),
        operations=(EndWith(reason="late"),),
    )
    crowded = rules.Step(name="crowded", trigger=QueueLength(above=1), operations=(Notify(target="lead"),))
    engine = an_engine(a_plan(an_agent("ana"), ladder=(late, crowded)))
    engine.handle(a_call("call-1"), 0)
    said = preview(engine.centre, a_call("call-2"), 2_000)
    assert said.step == "late"
    facts = engine.handle(a_call("call-2"), 2_000).facts
    assert [(fact.interaction_id, fact.step) for fact in facts if isinstance(fact, StepTaken)] == [
        ("call-1", "late")
    ]
