"""What agents and submitters are shown of the engine's state, as messages of the wire."""

from __future__ import annotations

from agents import wire
from router.core.centre import Centre
from router.core.dialling import is_held
from router.core.names import AgentId, InteractionId
from router.core.records import Holding, Interaction
from router.errors import SignalError


def work(interaction: Interaction) -> wire.Work:
    """Return the interaction as its agent sees it."""
    arrival = interaction.arrival
    return wire.Work(
        interaction_id=interaction.id,
        section=interaction.queue.section_id,
        queue=interaction.queue.queue_id,
        channel=arrival.channel,
        priority=interaction.priority,
        attributes=dict(arrival.attributes),
        customer=arrival.customer,
        queued_at=wire.moment(interaction.queued_at),
    )


def offer(holding: Holding) -> wire.Offer:
    """Return an open offer as its agent sees it."""
    return wire.Offer(
        offer_id=holding.offer_id, expires_at=wire.moment(holding.until), work=work(holding.interaction)
    )


def agent_state(centre: Centre, agent_id: str) -> wire.AgentState:
    """Return an agent with all it is offered and all it holds. Raises ``SignalError`` when the centre has no such agent."""
    agent = centre.agent(AgentId(agent_id))
    holdings = sorted(agent.holdings, key=lambda each: each.decision)
    return wire.AgentState(
        agent_id=agent.id,
        presence=agent.presence,
        reason=agent.reason,
        offers=[
            offer(holding) for holding in holdings if holding.state == "offered" and not is_held(holding)
        ],
        work=[_held(holding) for holding in holdings if holding.state in {"connected", "wrap-up"}],
    )


def last_told(centre: Centre, interaction_id: str, submitter: str) -> wire.Assigned | wire.Ended | None:
    """Return what the submitter is to know of its interaction, where it is answered or has ended.

    Raises ``SignalError``: ``unknown-interaction``, or ``not-yours`` where somebody else submitted it.
    """
    interaction = centre.known(InteractionId(interaction_id))
    if interaction.arrival.reply_to != submitter:
        raise SignalError("not-yours", f"interaction {interaction_id!r} was not submitted by {submitter!r}")
    if interaction.state == "ended":
        return wire.Ended(
            interaction_id=interaction.id,
            how=interaction.ended_how or "",
            reason="",
            agent_id=None,
            wait_ms=interaction.waited_ms,
        )
    if interaction.state == "assigned" and interaction.owner is not None:
        return wire.Assigned(
            interaction_id=interaction.id,
            agent_id=interaction.owner.agent.id,
            queue=interaction.queue.queue_id,
            wait_ms=interaction.waited_ms,
        )
    return None


def _held(holding: Holding) -> wire.HeldWork:
    is_over = holding.state == "wrap-up"
    return wire.HeldWork(
        state="wrap-up" if is_over else "suspended" if holding.suspended else "connected",
        until=wire.moment(holding.until) if is_over else None,
        work=work(holding.interaction),
    )
