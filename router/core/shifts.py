"""Shifts: an agent whose calendar closes finishes what it holds and leaves."""

from __future__ import annotations

from router.core.centre import Centre
from router.core.hours import on_hours_change
from router.core.presence import change

SHIFT_ENDED = "shift-ended"
"""The reason of a presence that the end of a shift has changed."""


def on_calendars_change(centre: Centre) -> None:
    """Some calendars open or close now: queues first, then the agents whose shift has ended, by id."""
    was_open = {name: hours.is_open for name, hours in centre.calendars.items()}
    on_hours_change(centre)
    ended = {name for name, hours in centre.calendars.items() if was_open[name] and not hours.is_open}
    if not ended:
        return
    for agent_id in sorted(centre.agents):
        agent = centre.agents[agent_id]
        if agent.spec.shift in ended and agent.presence in ("ready", "not-ready"):
            change(centre, agent, "draining", SHIFT_ENDED, tell_agent=True)
