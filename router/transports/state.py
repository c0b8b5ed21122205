"""What agents are shown of the engine's state, as messages of the wire."""

from __future__ import annotations

from agents import wire
from router.core.centre import Centre
from router.core.names import AgentId
from router.core.records import Holding, Interaction


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
        offers=[offer(holding) for holding in holdings if holding.state == "offered"],
        work=[_held(holding) for holding in holdings if holding.state in {"connected", "wrap-up"}],
    )


def _held(holding: Holding) -> wire.HeldWork:
    is_over = holding.state == "wrap-up"
    return wire.HeldWork(
        state="wrap-up" if is_over else "suspended" if holding.suspended else "connected",
        until=wire.moment(holding.until) if is_over else None,
        work=work(holding.interaction),
    )
