"""Firing deadlines: what each kind does when it is due, unless its subject says that it is not due any more.

What follows from it is a rule of another module.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop
from typing import Final, cast

from router.core.arrivals import start
from router.core.broadcast import look_no_further
from router.core.callbacks import not_reached, resume
from router.core.centre import (
    CALLBACK_DUE,
    DIAL_END,
    HOLD_END,
    HOURS,
    LADDER_STEP,
    LEASE_END,
    LEVEL_CHECK,
    LEVEL_OPENS,
    NEED_CHANGE,
    OFFER_EXPIRY,
    PAUSE_END,
    RATE_END,
    REFUSAL_END,
    REFUSALS_CLEAR,
    START,
    TIME_TO_LIVE_END,
    WINDOW_END,
    WRAP_UP_END,
    Centre,
)
from router.core.demand import QueueState
from router.core.departures import expire
from router.core.dialling import is_held
from router.core.facts import RequirementRelaxed
from router.core.holdings import close
from router.core.ladder import on_step_due
from router.core.names import AgentId
from router.core.offers import clear_refusals, end_rest
from router.core.presence import expire_offer, on_hold_end, on_lease_due, on_pause_end, on_rate_end
from router.core.queueing import on_level_opens, on_window_end, reclassify, schedule_need_change
from router.core.records import AgentState, Holding, Interaction
from router.core.shifts import on_calendars_change


def fire_due(centre: Centre, now: int) -> None:
    """Fire the deadlines that are due at ``now``, in their order, those too that are set meanwhile."""
    deadlines = centre.deadlines
    while deadlines and deadlines[0][0] <= now:
        due, kind, _, agent_id, _, subject = heappop(deadlines)
        _FIRE[kind](centre, due, agent_id, subject)


def _fire_hours(centre: Centre, due: int, agent_id: str, subject: Centre) -> None:
    if centre.hours_due == due:
        on_calendars_change(centre)


def _fire_start(centre: Centre, due: int, agent_id: str, interaction: Interaction) -> None:
    if interaction.state == "scheduled":
        start(centre, interaction, "due")


def _fire_wrap_up_end(centre: Centre, due: int, agent_id: str, holding: Holding) -> None:
    if holding.state == "wrap-up":
        close(centre, holding)


def _fire_offer_expiry(centre: Centre, due: int, agent_id: str, holding: Holding) -> None:
    if holding.state == "offered" and holding.until == due and centre.link_lost_at is None:
        if is_held(holding):
            not_reached(centre, holding.interaction, "no-answer")
        else:
            expire_offer(centre, holding)


def _fire_pause_end(centre: Centre, due: int, agent_id: str, agent: AgentState) -> None:
    if agent.paused_until == due:
        on_pause_end(centre, agent)


def _fire_lease_end(centre: Centre, due: int, agent_id: str, agent: AgentState) -> None:
    if agent.lease_due == due:
        if centre.link_lost_at is None:
            on_lease_due(centre, agent)
        else:
            agent.lease_due = None


def _fire_hold_end(centre: Centre, due: int, agent_id: str, holding: Holding) -> None:
    if holding.held_until == due:
        on_hold_end(centre, holding)


def _fire_refusal_end(centre: Centre, due: int, agent_id: str, interaction: Interaction) -> None:
    end_rest(centre, interaction, AgentId(agent_id), due)


def _fire_refusals_clear(centre: Centre, due: int, agent_id: str, interaction: Interaction) -> None:
    if interaction.refused_clear_at == due:
        clear_refusals(centre, interaction)


def _fire_need_change(centre: Centre, due: int, agent_id: str, interaction: Interaction) -> None:
    if interaction.need_due == due and interaction.state in ("queued", "offered"):
        what = interaction.asked.changes_at(due - interaction.queued_at)
        centre.fact(RequirementRelaxed(centre.now, interaction.id, "time", what))
        schedule_need_change(centre, interaction)
        if interaction.klass is not None:
            reclassify(centre, interaction)


def _fire_ladder_step(centre: Centre, due: int, agent_id: str, interaction: Interaction) -> None:
    if interaction.ladder_due == due and interaction.state in ("queued", "offered"):
        on_step_due(centre, interaction)


def _fire_dial_end(centre: Centre, due: int, agent_id: str, interaction: Interaction) -> None:
    if interaction.callback is not None and interaction.callback.dial_due == due:
        not_reached(centre, interaction, "no-answer")


def _fire_callback_due(centre: Centre, due: int, agent_id: str, interaction: Interaction) -> None:
    if interaction.callback is not None and interaction.callback.resume_at == due:
        resume(centre, interaction)


def _fire_level_check(centre: Centre, due: int, agent_id: str, queue: QueueState) -> None:
    if queue.tick_at == due:
        centre.touched.add(queue)


def _fire_rate_end(centre: Centre, due: int, agent_id: str, agent: AgentState) -> None:
    if agent.starts is not None and agent.starts.until == due:
        on_rate_end(centre, agent)


def _fire_time_to_live(centre: Centre, due: int, agent_id: str, interaction: Interaction) -> None:
    if interaction.expires_due == due:
        if interaction.state == "queued":
            expire(centre, interaction)
        elif interaction.state == "offered":
            look_no_further(centre, interaction)


def _fire_level_opens(centre: Centre, due: int, agent_id: str, interaction: Interaction) -> None:
    if interaction.opens_due == due:
        on_level_opens(centre, interaction)


def _fire_window_end(centre: Centre, due: int, agent_id: str, interaction: Interaction) -> None:
    on_window_end(centre, interaction, due)


_FIRE: Final = cast(
    "dict[int, Callable[[Centre, int, str, object], None]]",
    {
        HOURS: _fire_hours,
        START: _fire_start,
        WRAP_UP_END: _fire_wrap_up_end,
        OFFER_EXPIRY: _fire_offer_expiry,
        PAUSE_END: _fire_pause_end,
        LEASE_END: _fire_lease_end,
        HOLD_END: _fire_hold_end,
        REFUSAL_END: _fire_refusal_end,
        REFUSALS_CLEAR: _fire_refusals_clear,
        NEED_CHANGE: _fire_need_change,
        LADDER_STEP: _fire_ladder_step,
        LEVEL_CHECK: _fire_level_check,
        DIAL_END: _fire_dial_end,
        CALLBACK_DUE: _fire_callback_due,
        WINDOW_END: _fire_window_end,
        RATE_END: _fire_rate_end,
        TIME_TO_LIVE_END: _fire_time_to_live,
        LEVEL_OPENS: _fire_level_opens,
    },
)
