"""Interactions leaving and being passed on: abandoned, cancelled, completed, expired, transferred."""

from __future__ import annotations

from router.core.arrivals import queued
from router.core.broadcast import look_no_further
from router.core.centre import Centre
from router.core.checks import check_priority, check_requirement, unknown
from router.core.dialling import stop_dialling
from router.core.effects import EndInteraction, ReleaseWork
from router.core.facts import InteractionPassedOn
from router.core.holdings import end_contact
from router.core.offers import end_offer, rest, rules_of
from router.core.queueing import elapsed, end
from router.core.records import Holding, Interaction
from router.core.signals import InteractionTransferred
from router.core.time_to_live import TIME_TO_LIVE
from router.errors import SignalError

# ── leaving ──────────────────────────────────────────────────────────────────────────────────────────────────────


def abandon(centre: Centre, interaction: Interaction) -> str:
    """The customer left before an answer; returns the answer: ``callback`` where it may, because it is called back."""
    if interaction.state == "assigned":
        raise SignalError(
            "illegal-state",
            f"interaction {interaction.id!r} is assigned: it can be completed or cancelled, not abandoned",
            state="assigned",
        )
    if interaction.callback is not None:
        return "callback"
    _end_open_offers(centre, interaction, "abandoned")
    end(centre, interaction, "abandoned", "", None)
    return "done"


def cancel(centre: Centre, interaction: Interaction, reason: str) -> None:
    """The interaction was called off."""
    owner = interaction.owner if interaction.state == "assigned" else None
    _end_open_offers(centre, interaction, "cancelled")
    end(centre, interaction, "cancelled", reason, None if owner is None else owner.agent.id)
    if owner is not None:
        centre.effect(ReleaseWork(interaction.id, owner.agent.id, "cancelled"))
        end_contact(centre, owner)


def expire(centre: Centre, interaction: Interaction) -> None:
    """Waiting work has waited as long as it may."""
    end(centre, interaction, "expired", TIME_TO_LIVE, None)
    centre.effect(EndInteraction(interaction.id, "expired", TIME_TO_LIVE))


def _end_open_offers(centre: Centre, interaction: Interaction, reason: str) -> None:
    if interaction.state == "offered":
        look_no_further(centre, interaction)
        for holding in interaction.open_offers():
            end_offer(centre, holding, "cancelled", reason)


def owner_of(interaction: Interaction) -> Holding:
    """Return the connected holding of an assigned interaction; raises ``illegal-state``."""
    if interaction.state != "assigned" or interaction.owner is None:
        raise SignalError(
            "illegal-state",
            f"interaction {interaction.id!r} is {interaction.state}, not assigned",
            state=interaction.state,
        )
    return interaction.owner


def complete(centre: Centre, holding: Holding) -> None:
    """The contact ended from the customer's side."""
    interaction = holding.interaction
    end(centre, interaction, "completed", "", holding.agent.id)
    centre.effect(ReleaseWork(interaction.id, holding.agent.id, "completed"))
    end_contact(centre, holding)


# ── passing on ───────────────────────────────────────────────────────────────────────────────────────────────────


def transfer(centre: Centre, holding: Holding, signal: InteractionTransferred) -> None:
    """The owning agent gives the interaction to a queue."""
    interaction, agent = holding.interaction, holding.agent
    to_queue = interaction.queue
    if signal.queue is not None:
        found = centre.queues.get(signal.queue)
        if found is None:
            raise unknown("queue", signal.queue, list(centre.queues))
        to_queue = found
    if signal.priority is not None:
        check_priority(signal.priority)
    if signal.requirement is not None:
        check_requirement(centre, signal.requirement)
    if signal.to_people and agent.spec.kind != "automated":
        raise SignalError(
            "not-automated", f"agent {agent.id!r} is a person: only automated agents hand over to people"
        )

    now = centre.now
    from_queue = interaction.queue.plan.queue_id
    centre.fact(
        InteractionPassedOn(
            now,
            interaction.id,
            agent.id,
            from_queue,
            to_queue.plan.queue_id,
            signal.keep_place,
            signal.to_people,
        )
    )
    if interaction.callback is not None:
        stop_dialling(centre, interaction)
    interaction.owner = None
    end_contact(centre, holding)
    interaction.elapsed_floor = elapsed(centre, interaction)
    interaction.queue = to_queue
    if signal.priority is not None:
        interaction.priority = signal.priority
    if signal.requirement is not None:
        interaction.asked = centre.needs.asked(signal.requirement)
        interaction.origin = "sender"
        interaction.relaxations = ()
        interaction.elapsed_floor = 0
    interaction.people_only = interaction.people_only or signal.to_people
    if not signal.keep_place:
        interaction.queued_at = now
        interaction.tail = None
    interaction.refused = None
    interaction.refused_clear_at = None
    rest(centre, interaction, agent, rules_of(interaction).retry_after_ms)
    queued(centre, interaction, "transferred")
