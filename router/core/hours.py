"""Hours of queues: what is open, the facts when that changes, and when the clocks of work start that came while it was closed."""

from __future__ import annotations

from collections.abc import Iterable

from router.core.calendar import OpenHours
from router.core.centre import HOURS, Centre
from router.core.demand import QueueState
from router.core.facts import SectionClosed, SectionOpened
from router.core.names import QueueId
from router.core.records import Interaction


def adopt_hours(centre: Centre) -> None:
    """Look up what is open under the plan in force, and watch for the next change."""
    known = {calendar.calendar_id: calendar for calendar in centre.plan.calendars}
    used = {queue.plan.hours.calendar for queue in centre.queues.values() if queue.plan.hours is not None}
    used |= {agent.shift for agent in centre.plan.agents if agent.shift is not None}
    centre.calendars = {
        name: OpenHours(calendar, centre.now) for name, calendar in known.items() if name in used
    }
    for queue in centre.queues.values():
        if queue.plan.hours is not None:
            queue.hours = centre.calendars[queue.plan.hours.calendar]
    _watch(centre)


def _watch(centre: Centre) -> None:
    due = min(
        (hours.changes_at for hours in centre.calendars.values() if hours.changes_at is not None),
        default=None,
    )
    centre.hours_due = due
    if due is not None:
        centre.deadline(due, HOURS, 0, "", centre)


def on_hours_change(centre: Centre) -> None:
    """Some queues open or close now."""
    was_open = open_queues(centre.queues.values())
    for hours in centre.calendars.values():
        if hours.changes_at is not None and hours.changes_at <= centre.now:
            hours.look(centre.now)
    tell_changes(centre, was_open)
    _watch(centre)


def is_open(queue: QueueState) -> bool:
    """Say whether the queue takes arrivals; one without hours always does."""
    return queue.hours is None or queue.hours.is_open


def open_queues(queues: Iterable[QueueState]) -> dict[QueueId, bool]:
    """Return which of the queues are open."""
    return {queue.queue_id: is_open(queue) for queue in queues}


def tell_changes(centre: Centre, was_open: dict[QueueId, bool]) -> None:
    """Tell of the queues that are open now and were not, or the other way round, section by section; they count as touched."""
    for section in centre.plan.sections:
        opened: list[QueueId] = []
        closed: list[QueueId] = []
        for plan in section.queues:
            queue = centre.queues[plan.queue_id]
            is_now = is_open(queue)
            if was_open.get(plan.queue_id, is_now) != is_now:
                (opened if is_now else closed).append(plan.queue_id)
                if queue.level_steps:
                    centre.touched.add(queue)
        if closed:
            centre.fact(SectionClosed(centre.now, section.section_id, tuple(closed)))
        if opened:
            centre.fact(SectionOpened(centre.now, section.section_id, tuple(opened)))


def clocks_start_at(centre: Centre, queue: QueueState) -> int:
    """Return when the clocks of work start that arrives in the queue now: at its opening, at once where it is open or never opens."""
    return centre.now if queue.hours is None else queue.hours.opens_at(centre.now)


def have_started(centre: Centre, interaction: Interaction) -> bool:
    """Say whether the clocks of ladder and service level run: not before the opening, for work that came while it was closed."""
    since = interaction.waiting_since
    return since is None or since <= centre.now


def set_clocks(centre: Centre, interaction: Interaction) -> None:
    """Start the ladder's clock on entering a queue, and anew the clocks that have not started."""
    if have_started(centre, interaction):
        interaction.ladder_at = centre.now
    else:
        interaction.waiting_since = interaction.ladder_at = clocks_start_at(centre, interaction.queue)
