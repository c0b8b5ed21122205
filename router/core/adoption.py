"""What a new plan would do to the work of a running centre, tried on a copy of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from router.core.engine import Engine
from router.core.facts import (
    InteractionAssigned,
    InteractionEnded,
    InteractionMoved,
    OfferEnded,
    OfferMade,
    PresenceChanged,
    StepTaken,
)
from router.core.names import AgentId, QueueId
from router.core.plan import Plan
from router.core.policy import Policies
from router.core.signals import PlanReplaced
from router.errors import SignalError


class Adoption(NamedTuple):
    """What would happen at the instant of the change. ``refused``: why the plan would not be taken; then nothing happens."""

    refused: str = ""
    waiting: int = 0
    offered: int = 0
    connected: int = 0
    rescinded: int = 0
    moved: tuple[tuple[QueueId, QueueId, int], ...] = ()
    ended: tuple[tuple[str, int], ...] = ()
    steps: int = 0
    leaving: tuple[AgentId, ...] = ()


def adoption(engine: Engine, plan: Plan, policies: Policies) -> Adoption:
    """Return what taking the plan now would do; the engine itself is left as it is."""
    return tried(Engine.restore(engine.plan, policies, engine.snapshot()), plan)


def tried(copy: Engine, plan: Plan) -> Adoption:
    """Return what taking the plan does to this engine, which has taken it then."""
    waiting = sum(1 for each in copy.centre.interactions.values() if each.state == "queued")
    try:
        facts = copy.handle(PlanReplaced(plan), copy.now).facts
    except SignalError as error:
        return Adoption(refused=str(error))
    moves = Counter((fact.from_queue, fact.to_queue) for fact in facts if isinstance(fact, InteractionMoved))
    ends = Counter(
        f"{fact.how} ({fact.reason})" if fact.reason else fact.how
        for fact in facts
        if isinstance(fact, InteractionEnded)
    )
    return Adoption(
        waiting=waiting,
        offered=sum(isinstance(fact, OfferMade) for fact in facts),
        connected=sum(isinstance(fact, InteractionAssigned) for fact in facts),
        rescinded=sum(isinstance(fact, OfferEnded) for fact in facts),
        moved=tuple((old, new, count) for (old, new), count in sorted(moves.items())),
        ended=tuple(sorted(ends.items())),
        steps=sum(isinstance(fact, StepTaken) for fact in facts),
        leaving=tuple(
            fact.agent_id for fact in facts if isinstance(fact, PresenceChanged) and fact.reason == "removed"
        ),
    )


def in_words(found: Adoption) -> Iterator[str]:
    """Yield what would happen, a sentence a line; where nothing would, one that says so."""
    if found.refused:
        yield f"it would be refused: {found.refused}"
        return
    yield f"{_many(found.waiting, 'interaction')} waiting now"
    for count, what in (
        (found.offered, "would be offered at once"),
        (found.connected, "would be connected at once"),
        (found.rescinded, "would lose the offer"),
    ):
        if count:
            yield f"{_many(count, 'interaction')} {what}"
    for old, new, count in found.moved:
        yield f"{_many(count, 'interaction')} would move from {old} to {new}"
    for how, count in found.ended:
        yield f"{_many(count, 'interaction')} would end: {how}"
    if found.steps:
        yield f"{_many(found.steps, 'ladder step')} would be taken at once"
    for agent in found.leaving:
        yield f"agent {agent} would leave the roster, and finish what is in hand"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
