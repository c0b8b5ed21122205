"""Why this work and not another: what an agent could have taken instead, and what was compared, at the very moment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents.model import AgentId
from agents.queue_levels import QueueLevel
from router.core.explain import explain_decision
from router.core.explanation import Explanation, LeftWaiting, Taken
from router.core.names import InteractionId, QueueId
from router.core.plan import Plan, Queue
from router.core.preview import preview
from router.core.selection_plan import QueueSelection
from router.core.signals import AgentSignedIn, InteractionArrived, Signal
from tests.core.builders import DESK, a_call, a_plan, an_agent, an_engine, skill

ORDERS, REPAIRS = QueueId("orders"), QueueId("repairs")


def two_queues(selection: str, *, levels: tuple[QueueLevel, ...] = ()) -> Plan:
    """Orders within 20 s, repairs within 60 s, and Eva, who repairs first."""
    eva = replace(an_agent("eva", repairs=5, orders=5), queue_levels=levels)
    ana = an_agent("ana", orders=5)
    plan = a_plan(eva, ana)
    queues = (
        Queue(
            queue_id=ORDERS,
            section_id=DESK,
            requirement=skill("orders"),
            selection=QueueSelection(share=2, weight=3),
        ),
        Queue(queue_id=REPAIRS, section_id=DESK, requirement=skill("repairs"), answer_within_ms=60_000),
    )
    section = replace(plan.sections[0], queues=queues, default_queue=ORDERS)
    return replace(plan, sections=(section,), selection=selection)


def order(number: int) -> InteractionArrived:
    """An order."""
    return a_call(f"order-{number}", queue=ORDERS)


HISTORY: list[tuple[Signal, int]] = [
    (a_call("repair-1", queue=REPAIRS), 0),
    (order(1), 25_000),
    (order(2), 25_000),
    (AgentSignedIn(AgentId("eva")), 37_000),
]


def first_decision(selection: str, levels: tuple[QueueLevel, ...] = ()) -> Explanation:
    """What Eva takes, and why."""
    return explain_decision(an_engine(two_queues(selection, levels=levels)), HISTORY, 1)


@pytest.mark.parametrize(
    ("selection", "takes", "compared", "left"),
    [
        ("oldest", "repair-1", "placed 37 s ago, priority 0", "placed 12 s ago, priority 0"),
        (
            "own-first",
            "repair-1",
            "place 1 of the agent's skills, placed 37 s ago, priority 0",
            "place 2 of the agent's skills, placed 12 s ago, priority 0",
        ),
        ("delay-ratio", "repair-1", "waited 37000 ms of 60000 ms", "waited 12000 ms of 20000 ms"),
        ("slack", "order-1", "waited 12000 ms of 20000 ms", "waited 37000 ms of 60000 ms"),
        ("queue-ratio", "repair-1", "1 of 3 waiting, share 1 of 3", "2 of 3 waiting, share 2 of 3"),
        (
            "gcmu",
            "repair-1",
            "cost slope 1, waited 37000 ms, handled in 180000 ms",
            "cost slope 1, waited 12000 ms, handled in 180000 ms",
        ),
        (
            "predicted-wait",
            "repair-1",
            "waited 37000 ms, nobody else here could serve it",
            "waited 12000 ms, nobody else here could serve it",
        ),
    ],
)
def test_the_record_tells_what_was_compared(selection: str, takes: str, compared: str, left: str) -> None:
    """The values are those before the decision: what is taken counts as waiting still."""
    found = first_decision(selection)
    other, queue = ("order-1", ORDERS) if takes == "repair-1" else ("repair-1", REPAIRS)
    assert found.interaction_id == takes
    assert found.taken == Taken(
        selection=selection,
        level=1,
        compared=compared,
        instead_of=(LeftWaiting(interaction_id=InteractionId(other), queue=queue, level=1, compared=left),),
    )


def test_the_lot_names_the_weights() -> None:
    """Whichever it falls on."""
    taken = first_decision("weighted").taken
    assert taken is not None
    assert {taken.compared, taken.instead_of[0].compared} == {"weight 3", "weight 1"}


def test_others_who_could_serve_it_are_counted() -> None:
    """Ana, who is here, could serve orders too, so they need Eva less."""
    history = [(AgentSignedIn(AgentId("ana"), ready=False), 0), *HISTORY]
    found = explain_decision(an_engine(two_queues("predicted-wait")), history, 1)
    assert found.interaction_id == "repair-1"
    assert found.taken is not None
    assert (
        found.taken.instead_of[0].compared == "waited 12000 ms, 1 other could serve it, handled in 180000 ms"
    )


def test_others_count_before_their_level_has_opened() -> None:
    """Ana could serve the order, only later: whom a level keeps away for now is no less somebody else."""
    plan = two_queues("predicted-wait")
    later = replace(plan.agents[1], queue_levels=(QueueLevel(queue="orders", after_ms=60_000),))
    history = [(AgentSignedIn(AgentId("ana")), 0), *HISTORY]
    found = explain_decision(an_engine(replace(plan, agents=(plan.agents[0], later))), history, 1)
    assert (found.interaction_id, found.chosen) == ("repair-1", "eva")
    assert found.taken is not None
    assert (
        found.taken.instead_of[0].compared == "waited 12000 ms, 1 other could serve it, handled in 180000 ms"
    )


def test_levels_go_before_what_is_compared() -> None:
    """Orders are Eva's first level; the text says at which level each is."""
    levels = (QueueLevel(queue="orders"), QueueLevel(queue="repairs", level=2))
    found = first_decision("delay-ratio", levels)
    assert found.interaction_id == "order-1"
    assert str(found).split("\n")[2:4] == [
        "  taken by delay-ratio at level 1: waited 12000 ms of 20000 ms",
        "    not repair-1 of repairs at level 2: waited 37000 ms of 60000 ms",
    ]


def test_a_preview_tells_the_same() -> None:
    """Nothing else waits that the agent could take, or it would have it."""
    engine = an_engine(two_queues("queue-ratio"))
    engine.handle(AgentSignedIn(AgentId("eva")), 0)
    before = engine.snapshot()
    told = preview(engine.centre, order(1), 0).explanation
    assert told is not None
    assert told.taken == Taken(selection="queue-ratio", level=1, compared="1 of 1 waiting, share 2 of 3")
    assert engine.snapshot() == before
