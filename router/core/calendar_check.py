"""What makes calendars and hours impossible, for ``plan_check``: each as a sentence that says where and what would do."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from router.core.calendar import OFFSET_MAX_MS
from router.core.calendar_plan import Calendar, Spans
from router.core.plan import DAY_MS, Plan
from router.errors import did_you_mean


def calendar_problems(plan: Plan) -> Iterator[str]:
    """Yield what is wrong with the plan's calendars, the hours of its queues and the shifts of its agents."""
    for calendar in plan.calendars:
        where = f"calendar {calendar.calendar_id!r}"
        yield from _offsets(where, calendar)
        if len(calendar.week) != 7:
            yield f"{where}: the week has {len(calendar.week)} days; give Monday to Sunday, empty where closed"
        for number, spans in enumerate(calendar.week, start=1):
            yield from _spans(f"{where}: day {number} of the week", spans)
        before: int | None = None
        for day, spans in calendar.dates:
            if before is not None and day <= before:
                yield f"{where}: date {day} stands behind date {before}; put each once, in order"
            before = day
            yield from _spans(f"{where}: date {day}", spans)
    names = [calendar.calendar_id for calendar in plan.calendars]
    for agent in plan.agents:
        if agent.shift is not None and agent.shift not in names:
            hint = did_you_mean(agent.shift, names)
            what = f"agent {agent.agent_id!r}: the calendar of its shift, {agent.shift!r}, is not known"
            yield what + (f" ({hint})" if hint else "")
    for section in plan.sections:
        for queue in section.queues:
            hours = queue.hours
            if hours is None:
                continue
            where = f"queue {queue.queue_id!r}"
            if hours.calendar not in names:
                hint = did_you_mean(hours.calendar, names)
                yield f"{where}: calendar {hours.calendar!r} is not known" + (f" ({hint})" if hint else "")
            if hours.when_closed == "divert" and not hours.target:
                yield f"{where}: what comes while it is closed is diverted, but nothing says where to"


def _offsets(where: str, calendar: Calendar) -> Iterator[str]:
    offsets = calendar.offsets
    if not offsets:
        yield f"{where} has no offset from UTC; give one, such as (0, 0)"
    for at, offset in offsets:
        if abs(offset) > OFFSET_MAX_MS:
            yield f"{where}: the offset {offset} ms at {at} is more than a day"
    changes = [(at, abs(offset - before)) for (_, before), (at, offset) in pairwise(offsets)]
    for (at, change), (later, next_change) in pairwise(changes):
        if later - at <= change + next_change:
            yield f"{where}: the clock changes at {at} and again at {later}, before the first change is over"
    if len(offsets) > 1 and offsets[0][0] >= offsets[1][0]:
        yield f"{where}: the offsets are not in the order of their instants"


def _spans(where: str, spans: Spans) -> Iterator[str]:
    before = 0
    for start, end in spans:
        if not 0 <= start < DAY_MS or not start < end <= start + DAY_MS:
            yield f"{where}: hours from {start} to {end} ms do not start on the day, or are not within 24 hours"
        elif start < before:
            yield f"{where}: hours from {start} ms start before those above end, at {before} ms"
        before = end
