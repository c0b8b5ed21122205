"""Room for what arrives: which limit turns it away, unless an agent can take it at once, and where it overflows to."""

from __future__ import annotations

from typing import Literal

from router.core.centre import Centre
from router.core.demand import QueueState
from router.core.estimates import expected_wait_ms
from router.core.hours import is_open
from router.core.matching import best_agent
from router.core.names import QueueId
from router.core.plan import Limit
from router.core.queueing import ask_as_queue, class_of
from router.core.records import Interaction


def find_room(
    centre: Centre, interaction: Interaction, moves: list[tuple[QueueState, QueueState]]
) -> tuple[Literal["refused", "diverted"], str] | None:
    """Let the interaction, which does not wait yet, overflow to a queue that is open and has room for it; note the moves.
    Return how it is turned away, and why or where to, when there is none. Nothing but the interaction is changed.
    """
    while True:
        hours = interaction.queue.plan.hours
        if hours is not None and not is_open(interaction.queue):
            if hours.when_closed == "refuse":
                return "refused", "closed"
            if hours.when_closed == "divert":
                return "diverted", hours.target
        full = _first_full(centre, interaction) if interaction.queue.has_limit else None
        if full is None:
            return None
        limit, reason = full
        if limit.when_full == "refuse":
            return "refused", reason
        if limit.when_full == "divert":
            return "diverted", limit.target
        if interaction.hops >= centre.plan.hop_limit:
            return "refused", "hop-limit"
        interaction.hops += 1
        from_queue, interaction.queue = interaction.queue, centre.queues[QueueId(limit.target)]
        if interaction.origin == "queue":
            ask_as_queue(interaction)
        moves.append((from_queue, interaction.queue))


def _first_full(centre: Centre, interaction: Interaction) -> tuple[Limit, str] | None:
    queue = interaction.queue
    section = queue.section
    for limit, what, waiting in (
        (queue.plan.limit, "queue", queue.waiting),
        (section.plan.limit, "section", section.waiting),
        (centre.plan.limit, "centre", centre.waiting),
    ):
        reason = "" if limit is None else _over(centre, interaction, limit, what, waiting)
        if limit is not None and reason:
            return None if _would_be_taken_by_anybody(centre, interaction) else (limit, reason)
    return None


def _over(centre: Centre, interaction: Interaction, limit: Limit, what: str, waiting: int) -> str:
    """Return why the limit turns the interaction away; empty where it does not."""
    if limit.max_waiting is not None and waiting >= limit.max_waiting:
        return "" if _would_be_taken(centre, interaction) else f"{what}-full"
    if limit.max_estimated_ms is not None and not _would_be_taken(centre, interaction):
        expected = expected_wait_ms(centre, interaction)
        if expected is not None and expected > limit.max_estimated_ms:
            return "wait-too-long"
    return ""


def _would_be_taken(centre: Centre, interaction: Interaction) -> bool:
    for agent in centre.freed:
        agent.profile.note(agent)
    klass = interaction.klass = class_of(centre, interaction)
    found = best_agent(centre, interaction, klass)
    interaction.klass = None
    return found is not None


def _would_be_taken_by_anybody(centre: Centre, interaction: Interaction) -> bool:
    """Say whether it would be taken when it favours nobody, as it does from then on: rather anybody than turned away for somebody."""
    favour = interaction.favour
    if favour is None or not favour.held_for:
        return False
    interaction.favour = None
    if _would_be_taken(centre, interaction):
        return True
    interaction.favour = favour
    return False
