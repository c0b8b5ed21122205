"""The ends of agents' shifts, after what opens and closes."""

from __future__ import annotations

from tests.oracle.reference_hours import change_hours, is_open_at
from tests.oracle.reference_state import State
from tests.oracle.reference_work import set_presence


def change_calendars(state: State) -> None:
    """Tell what opens and closes now, and let those leave whose shift has ended."""
    before = state.hours_told_at
    change_hours(state)
    for agent in sorted(state.plan.agents, key=lambda agent: agent.agent_id):
        person = state.people[agent.agent_id]
        for calendar in state.plan.calendars:
            has_ended = is_open_at(calendar, before) and not is_open_at(calendar, state.now)
            if (
                calendar.calendar_id == agent.shift
                and has_ended
                and person.presence in ("ready", "not-ready")
            ):
                set_presence(state, person, "draining", "shift-ended", by_router=True)
