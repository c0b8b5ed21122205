"""Why this work and not another: what else an agent could have taken at the moment of a decision, and what was compared."""

from __future__ import annotations

from typing import Final

from agents.queue_levels import level_for
from router.core.centre import Centre
from router.core.eligibility import LEVEL_SHIFT, precedence
from router.core.explanation import LeftWaiting, Taken
from router.core.heads import firsts, head_of
from router.core.queueing import class_of
from router.core.records import AgentState, Interaction
from router.core.spans import span

SHOWN_MAX: Final = 20
"""How many queues' heads a record names."""


def taken(centre: Centre, interaction: Interaction, agent: AgentState) -> Taken:
    """Return why the agent takes the interaction, which is about to be handed over and waits no more, or has not begun to.

    Heads of other queues come in the order in which the agent's levels, and the key, put them.
    """
    had_class = interaction.klass
    if had_class is None:
        interaction.klass = class_of(centre, interaction)
    try:
        others = [
            first.interaction
            for first in firsts(centre, agent, all_levels=True)
            if first.interaction.queue is not interaction.queue
        ]
        return Taken(
            selection=centre.plan.selection,
            level=_level(agent, interaction),
            compared=_compared(centre, agent, interaction, interaction),
            instead_of=tuple(
                LeftWaiting(
                    interaction_id=other.id,
                    queue=other.queue.queue_id,
                    level=_level(agent, other),
                    compared=_compared(centre, agent, other, interaction),
                )
                for other in others[:SHOWN_MAX]
            ),
        )
    finally:
        interaction.klass = had_class


def _level(agent: AgentState, interaction: Interaction) -> int:
    return level_for(agent.profile.queue_levels, interaction.queue.queue_id).level


def _compared(centre: Centre, agent: AgentState, interaction: Interaction, taken_one: Interaction) -> str:
    selection = centre.by_heads
    if selection is not None:
        return selection.compared(head_of(centre, agent, interaction, selection, leaving=taken_one))
    placed = f"placed {span(max(0, centre.now - interaction.queued_at))} ago, priority {interaction.priority}"
    if interaction.expedited:
        placed += ", expedited"
    need = interaction.need
    if need is None or centre.selection is None or centre.selection.uniform:
        return placed
    before = precedence(centre, agent.profile, interaction.queue, need.wanted)
    return f"place {before & ((1 << LEVEL_SHIFT) - 1)} of the agent's skills, {placed}"
