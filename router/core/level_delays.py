"""Queue levels that open after a wait: the class of waiting work moves on at that instant, and matching is tried.

A class of a queue with such delays speaks for work that has waited at least one of them and not yet the next, so that who is
served at once and who has to wait is the same for all of the class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.queue_levels import level_for

if TYPE_CHECKING:
    from router.core.centre import Centre
    from router.core.demand import QueueState
    from router.core.names import QueueId
    from router.core.plan import Plan
    from router.core.records import Interaction
    from router.core.supply import Profile


def delays_in(plan: Plan, queue_id: QueueId) -> tuple[int, ...]:
    """Return every wait after which the queue may open to somebody of the plan, the shortest first."""
    lists = [agent.queue_levels for agent in plan.agents] + [pool.queue_levels for pool in plan.pools]
    return tuple(
        sorted(
            {
                entry.after_ms
                for entries in lists
                for entry in entries
                if entry.after_ms and entry.queue in (queue_id, None)
            }
        )
    )


def waited(centre: Centre, interaction: Interaction) -> int:
    """Return the longest of the queue's delays that the interaction has waited; 0 for none."""
    waited_ms = centre.now - interaction.queued_at
    return max((delay for delay in interaction.queue.level_delays if delay <= waited_ms), default=0)


def next_opening(centre: Centre, interaction: Interaction) -> int | None:
    """Return the next instant at which the queue may open to somebody."""
    waited_ms = centre.now - interaction.queued_at
    ahead = (delay for delay in interaction.queue.level_delays if delay > waited_ms)
    first = next(ahead, None)
    return None if first is None else interaction.queued_at + first


def opens_after(profile: Profile, queue: QueueState) -> int:
    """Return the wait after which the queue's work is there for the profile; 0 for at once."""
    if not queue.level_delays:
        return 0
    return level_for(profile.queue_levels, queue.queue_id).after_ms


def is_closed(centre: Centre, interaction: Interaction, profile: Profile) -> bool:
    """Say whether the interaction has not waited long enough for the profile."""
    queue = interaction.queue
    return bool(queue.level_delays) and opens_after(profile, queue) > centre.now - interaction.queued_at
